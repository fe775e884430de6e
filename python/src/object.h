// Python objects held by C++: references that may be dropped on any thread, and what the
// interpreter lock needs.
#pragma once

#include <treadle/define/value.h>

#include <nanobind/nanobind.h>

#include <memory>

namespace treadle::python {

namespace nb = nanobind;

// A strong reference. Copies share it; the last one drops it under the interpreter lock, which it
// takes itself. Making one needs the lock. Once the interpreter is gone nothing is dropped any
// more.
class Object {
 public:
  Object() = default;
  explicit Object(nb::object object);
  // Borrowed; needs the lock.
  nb::handle get() const { return held_ ? held_->ptr : nullptr; }
  explicit operator bool() const { return held_ != nullptr; }

 private:
  struct Held {
    PyObject* ptr;
    explicit Held(PyObject* p) : ptr(p) {}
    Held(const Held&) = delete;
    ~Held();
  };
  std::shared_ptr<const Held> held_;
};

// The Python object in a value; None for an empty value. Throws nb::type_error for a C++ object.
nb::object object_in(const Value& value);
inline Value value_of(nb::object object) {
  return Value::of(Object(std::move(object)));
}

// Functions of the package that C++ calls, imported when first needed and kept for ever. Needs the
// lock.
struct Package {
  nb::handle run_step;
  nb::handle describe;
  nb::handle encode;
  nb::handle decode;
  nb::handle derive_code_version;
};
const Package& package();
// An attribute of a module of the package, for rare calls. Needs the lock.
nb::object from_package(const char* module, const char* name);

// Calls without the interpreter lock, so that other Python threads may go on.
template <class Call>
auto without_lock(Call&& call) {
  const nb::gil_scoped_release release;
  return call();
}

// True when Python code must stay on the thread that called the engine: not on a free-threaded
// build.
constexpr bool needs_calling_thread() {
#ifdef Py_GIL_DISABLED
  return false;
#else
  return true;
#endif
}

}  // namespace treadle::python
