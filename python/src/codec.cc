#include "codec.h"

#include "convert.h"

namespace treadle::python {
namespace {

class PythonCodec final : public Codec {
 public:
  Result<Encoded> encode(const Value& value) const override {
    const nb::gil_scoped_acquire gil;
    try {
      const nb::object told = package().encode(object_in(value));
      const Items items(told);
      Encoded encoded;
      encoded.format = items.text(0);
      encoded.file_name = items.text(1);
      char* bytes = nullptr;
      Py_ssize_t size = 0;
      if (PyBytes_AsStringAndSize(items.at(2).ptr(), &bytes, &size) != 0) throw nb::python_error();
      encoded.bytes.assign(bytes, static_cast<std::size_t>(size));
      encoded.path = items.text(3);
      encoded.type_name = items.text(4);
      encoded.must_sign = items.flag(5);
      encoded.says_nothing = items.flag(6);
      return encoded;
    } catch (nb::python_error& error) {
      return fail(error_of(error, "writing the value"));
    }
  }

  Result<std::vector<Value>> split(const Value& value,
                                   const std::vector<std::string>& keys) const override {
    const nb::gil_scoped_acquire gil;
    const nb::object object = object_in(value);
    // A function that returns nothing has nothing to tell apart.
    if (object.is_none()) return std::vector<Value>(keys.size(), value);
    if (!nb::isinstance<nb::dict>(object)) return Codec::split(value, keys);
    const auto dict = nb::cast<nb::dict>(object);
    std::vector<Value> parts;
    for (const std::string& key : keys) {
      const nb::object name = to_text(key);
      if (!dict.contains(name)) {
        return fail(Errc::kInvalidArgument,
                    "The dict that was returned for " + std::to_string(keys.size()) +
                        " partitions has no '" + key + "'. Return a value for each partition key.");
      }
      parts.push_back(value_of(nb::borrow(dict[name])));
    }
    if (dict.size() != keys.size()) {
      return fail(Errc::kInvalidArgument,
                  "The dict that was returned for " + std::to_string(keys.size()) +
                      " partitions has " + std::to_string(dict.size()) +
                      " keys: return exactly one value for each partition key.");
    }
    return parts;
  }

  Result<Value> decode_all(
      const std::vector<std::pair<std::string, Stored*>>& partitions) const override {
    std::vector<Value> values;
    for (const auto& [key, stored] : partitions) {
      TREADLE_TRY(Value value, decode(*stored));
      values.push_back(std::move(value));
    }
    const nb::gil_scoped_acquire gil;
    nb::dict all;
    for (std::size_t i = 0; i < values.size(); ++i) {
      all[to_text(partitions[i].first)] = object_in(values[i]);
    }
    return value_of(std::move(all));
  }

  Result<Value> decode(Stored& stored) const override {
    const nb::gil_scoped_acquire gil;
    auto* view = new StoredView{&stored};
    const nb::object object = nb::cast(view, nb::rv_policy::take_ownership);
    Result<Value> value;
    try {
      value = value_of(package().decode(object));
    } catch (nb::python_error& error) {
      value = fail(error_of(error, "reading the value"));
    }
    view->stored = nullptr;
    return value;
  }
};

}  // namespace

std::shared_ptr<const Codec> python_codec() {
  static const auto codec = std::make_shared<const PythonCodec>();
  return codec;
}

}  // namespace treadle::python
