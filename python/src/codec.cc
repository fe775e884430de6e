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
