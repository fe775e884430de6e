#include "object.h"

namespace treadle::python {

Object::Object(nb::object object) : held_(std::make_shared<const Held>(object.release().ptr())) {}

Object::Held::~Held() {
  if (ptr == nullptr || Py_IsInitialized() == 0) return;
#if PY_VERSION_HEX >= 0x030d0000
  if (Py_IsFinalizing() != 0) return;
#endif
  const PyGILState_STATE state = PyGILState_Ensure();
  Py_DECREF(ptr);
  PyGILState_Release(state);
}

nb::object object_in(const Value& value) {
  if (!value) return nb::none();
  if (const auto* object = value.get<Object>()) return nb::borrow(object->get());
  throw nb::type_error("The value is a C++ object that Python cannot take.");
}

const Package& package() {
  static const Package* loaded = [] {
    const auto function = [](const char* module, const char* name) {
      return from_package(module, name).release();
    };
    return new Package{.run_step = function("treadle._run.steps", "run_step"),
                       .describe = function("treadle._run.failures", "describe"),
                       .encode = function("treadle._types.codec", "encode"),
                       .decode = function("treadle._types.codec", "decode"),
                       .derive_code_version = function("treadle._assets.code_version", "derive")};
  }();
  return *loaded;
}

nb::object from_package(const char* module, const char* name) {
  return nb::module_::import_(module).attr(name);
}

}  // namespace treadle::python
