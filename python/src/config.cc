#include "config.h"

#include "convert.h"

#include <string_view>

namespace treadle::python {
namespace {

// Deeper than this a value is handed through as it is: nobody writes such a schema.
constexpr int kDeepest = 128;

// What Python makes of an object; a sentence about the failure when that raises.
std::string told(PyObject* text) {
  const nb::object held = nb::steal(text);
  if (!held.is_valid()) {
    PyErr_Clear();
    return "(it has no text)";
  }
  return text_of(held);
}

class PythonObject final : public ConfigObject {
 public:
  PythonObject(nb::handle object, ConfigValue::Kind counts_as)
      : object_(nb::borrow(object)), counts_as_(counts_as) {}

  nb::handle get() const { return object_.get(); }
  std::string text() const override {
    const nb::gil_scoped_acquire gil;
    // A subclass of str is its content, whatever its __str__ says.
    if (PyUnicode_Check(get().ptr())) return text_of(get());
    return told(PyObject_Str(get().ptr()));
  }
  std::string repr() const override {
    const nb::gil_scoped_acquire gil;
    return told(PyObject_Repr(get().ptr()));
  }
  std::string type_name() const override {
    const nb::gil_scoped_acquire gil;
    return told(PyObject_Str(reinterpret_cast<PyObject*>(Py_TYPE(get().ptr()))));
  }
  ConfigValue::Kind counts_as() const override { return counts_as_; }
  std::string env_var() const override {
    if (counts_as_ == ConfigValue::Kind::kObject) return {};
    const nb::gil_scoped_acquire gil;
    const nb::object name = nb::steal(PyObject_GetAttrString(get().ptr(), "_treadle_env_var"));
    if (!name.is_valid()) {
      PyErr_Clear();
      return {};
    }
    return PyUnicode_Check(name.ptr()) ? text_of(name) : std::string();
  }
  bool equals(const ConfigObject& other) const override {
    const auto* theirs = dynamic_cast<const PythonObject*>(&other);
    if (theirs == nullptr) return false;
    const nb::gil_scoped_acquire gil;
    return get().is(theirs->get());
  }

 private:
  Object object_;
  ConfigValue::Kind counts_as_;
};

ConfigValue object_value(nb::handle object, ConfigValue::Kind counts_as) {
  return std::make_shared<const PythonObject>(object, counts_as);
}

ConfigValue config_at(nb::handle object, int depth) {
  PyObject* p = object.ptr();
  if (p == Py_None) return {};
  if (PyBool_Check(p)) return p == Py_True;
  if (PyUnicode_CheckExact(p)) return text_of(object);
  if (PyLong_CheckExact(p)) {
    int overflow = 0;
    const long long number = PyLong_AsLongLongAndOverflow(p, &overflow);
    return overflow == 0 ? ConfigValue(number) : object_value(object, ConfigValue::Kind::kInt);
  }
  if (PyFloat_Check(p)) return PyFloat_AS_DOUBLE(p);
  if (PyUnicode_Check(p)) return object_value(object, ConfigValue::Kind::kString);
  if (PyLong_Check(p)) return object_value(object, ConfigValue::Kind::kInt);
  if (depth < kDeepest && PyList_Check(p)) {
    ConfigValue::List items;
    items.reserve(static_cast<std::size_t>(PyList_GET_SIZE(p)));
    for (const nb::handle item : nb::borrow<nb::list>(object))
      items.push_back(config_at(item, depth + 1));
    return items;
  }
  if (depth < kDeepest && PyDict_Check(p)) {
    ConfigValue::Dict entries;
    entries.reserve(static_cast<std::size_t>(PyDict_Size(p)));
    for (const auto [key, value] : nb::borrow<nb::dict>(object)) {
      // Names of fields are names, even when the text is an enum's member.
      ConfigValue name =
          PyUnicode_Check(key.ptr()) ? ConfigValue(text_of(key)) : config_at(key, kDeepest);
      entries.push_back({std::move(name), config_at(value, depth + 1)});
    }
    return entries;
  }
  return object_value(object, ConfigValue::Kind::kObject);
}

const char* reason_name(ConfigError::Reason reason) {
  switch (reason) {
    case ConfigError::Reason::kTypeMismatch:
      return "RUNTIME_TYPE_MISMATCH";
    case ConfigError::Reason::kMissingField:
      return "MISSING_REQUIRED_FIELD";
    case ConfigError::Reason::kMissingFields:
      return "MISSING_REQUIRED_FIELDS";
    case ConfigError::Reason::kUndefinedField:
      return "FIELD_NOT_DEFINED";
    case ConfigError::Reason::kUndefinedFields:
      return "FIELDS_NOT_DEFINED";
    case ConfigError::Reason::kSelector:
      return "SELECTOR_FIELD_ERROR";
    case ConfigError::Reason::kPostProcessing:
      return "FAILED_POST_PROCESSING";
    case ConfigError::Reason::kAliasCollision:
      return "FIELD_ALIAS_COLLISION";
  }
  return "RUNTIME_TYPE_MISMATCH";
}

}  // namespace

ConfigValue config_value_of(nb::handle object) {
  return config_at(object, 0);
}

nb::object to_python(const ConfigValue& value) {
  switch (value.kind()) {
    case ConfigValue::Kind::kNull:
      return nb::none();
    case ConfigValue::Kind::kBool:
      return nb::bool_(*value.as_bool());
    case ConfigValue::Kind::kInt:
      return nb::int_(*value.as_int());
    case ConfigValue::Kind::kFloat:
      return nb::float_(*value.as_double());
    case ConfigValue::Kind::kString:
      return to_text(*value.as_string());
    case ConfigValue::Kind::kList: {
      nb::list items;
      for (const ConfigValue& item : *value.as_list()) items.append(to_python(item));
      return items;
    }
    case ConfigValue::Kind::kDict: {
      nb::dict entries;
      for (const auto& entry : *value.as_dict())
        entries[to_python(entry.key)] = to_python(entry.value);
      return entries;
    }
    case ConfigValue::Kind::kObject:
      break;
  }
  const auto* object = dynamic_cast<const PythonObject*>(value.as_object());
  if (object != nullptr) return nb::borrow(object->get());
  return nb::module_::import_("builtins").attr("int")(to_text(value.text()));
}

nb::list to_python(const std::vector<ConfigError>& errors) {
  nb::list told;
  for (const ConfigError& error : errors) {
    nb::list names;
    for (const std::string& name : error.names) names.append(to_text(name));
    told.append(nb::make_tuple(reason_name(error.reason), to_text(error.path),
                               to_text(error.message), names));
  }
  return told;
}

}  // namespace treadle::python
