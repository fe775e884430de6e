// treadle._core.ConfigType: config schemas as treadle/_config declares them.
#include "bindings.h"
#include "config.h"
#include "convert.h"
#include <treadle/define/config_schema.h>

namespace treadle::python {
namespace {

ConfigType plain_type(nb::handle kind) {
  const std::string name = text_of(kind);
  if (name == "Any") return config::any();
  if (name == "Bool") return config::boolean();
  if (name == "Int") return config::integer();
  if (name == "Float") return config::floating();
  if (name == "String") return config::string();
  if (name == "StringSource") return config::string_source();
  if (name == "IntSource") return config::int_source();
  if (name == "BoolSource") return config::bool_source();
  throw nb::value_error(("no plain config type is called " + name).c_str());
}

// [(name, type, required, has default, default, description, secret, alias)]
std::vector<ConfigField> fields_of(nb::handle told) {
  const Items items(told);
  std::vector<ConfigField> fields;
  fields.reserve(items.size());
  for (std::size_t i = 0; i < items.size(); ++i) {
    const Items field(items.at(i));
    fields.push_back({.name = field.text(0),
                      .type = nb::cast<ConfigType>(field.at(1)),
                      .required = field.flag(2),
                      .default_value = field.flag(3) ? std::optional(config_value_of(field.at(4)))
                                                     : std::nullopt,
                      .description = field.text(5),
                      .secret = field.flag(6),
                      .alias = field.text(7)});
  }
  return fields;
}

ConfigType type_with_fields(nb::handle kind, nb::handle fields, nb::handle description) {
  const std::string name = text_of(kind);
  if (name == "Selector") return config::selector(fields_of(fields), text_of(description));
  if (name == "Permissive") return config::permissive(fields_of(fields), text_of(description));
  return config::shape(fields_of(fields), text_of(description));
}

// [(name, value or the name itself, description)]
ConfigType enum_type(nb::handle name, nb::handle members) {
  const Items items(members);
  std::vector<ConfigType::Member> made;
  for (std::size_t i = 0; i < items.size(); ++i) {
    const Items member(items.at(i));
    made.push_back({.name = member.text(0),
                    .value = config_value_of(member.at(1)),
                    .description = member.text(2)});
  }
  return config::enumeration(text_of(name), std::move(made));
}

// What the field of a type is, given what was said: (errors, required, has default, default).
nb::tuple resolve_field(const ConfigType& type, bool has_default, nb::handle default_value,
                        nb::handle required) {
  ConfigField field{.type = type};
  if (has_default) field.default_value = config_value_of(default_value);
  const auto errors = config::make_field(
      field,
      required.is_none() ? std::nullopt : std::optional(PyObject_IsTrue(required.ptr()) == 1));
  return nb::make_tuple(to_python(errors), field.required, field.default_value.has_value(),
                        field.default_value ? to_python(*field.default_value) : nb::none());
}

// (errors, value); the value is None when there are errors.
nb::tuple process(const ConfigType& type, nb::handle value) {
  const ConfigOutcome outcome = process_config(type, config_value_of(value));
  return nb::make_tuple(to_python(outcome.errors),
                        outcome.value ? to_python(*outcome.value) : nb::none());
}

}  // namespace

void bind_config(nb::module_& module) {
  nb::class_<ConfigType>(module, "ConfigType")
      .def_static("plain", &plain_type)
      .def_static("fields", &type_with_fields)
      .def_static("array", &config::array)
      .def_static("noneable", &config::noneable)
      .def_static("map", [](const ConfigType& key, const ConfigType& inner,
                            nb::handle label) { return config::map(key, inner, text_of(label)); })
      .def_static("union", &config::scalar_union)
      .def_static("enum", &enum_type)
      .def("resolve_field", &resolve_field, nb::arg(), nb::arg().none(), nb::arg().none())
      .def("process", &process, nb::arg().none())
      .def(
          "validate",
          [](const ConfigType& type, nb::handle value) {
            return to_python(validate_config(type, config_value_of(value)));
          },
          nb::arg().none())
      .def(
          "defaults",
          [](const ConfigType& type, nb::handle value) {
            return to_python(resolve_defaults(type, config_value_of(value)));
          },
          nb::arg().none())
      .def("text", [](const ConfigType& type) { return to_text(type.text()); })
      .def("sample_yaml", [](const ConfigType& type) { return to_text(sample_yaml(type)); })
      .def("json", [](const ConfigType& type) { return to_text(schema_json(type)); });
}

}  // namespace treadle::python
