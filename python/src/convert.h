// Plain values between Python and C++: what the package hands over as tuples, and errors in both
// directions. All of it needs the interpreter lock.
#pragma once

#include "object.h"
#include <treadle/base/result.h>
#include <treadle/define/definitions.h>
#include <treadle/define/step.h>
#include <treadle/model/event.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace treadle::python {

// Reads the items of a tuple (or list) by position; a wrong type is a bug of the package and raises
// TypeError.
class Items {
 public:
  explicit Items(nb::handle sequence);
  std::size_t size() const { return size_; }
  nb::handle at(std::size_t index) const { return items_[index]; }
  std::string text(std::size_t index) const;
  bool flag(std::size_t index) const { return PyObject_IsTrue(items_[index]) == 1; }
  std::int64_t integer(std::size_t index) const;
  double number(std::size_t index) const;
  bool is_none(std::size_t index) const { return items_[index] == Py_None; }

 private:
  nb::object fast_;
  PyObject** items_ = nullptr;
  std::size_t size_ = 0;
};

std::string text_of(nb::handle object);
nb::str to_text(std::string_view text);
AssetKey key_of(nb::handle parts);
std::vector<std::string> texts_of(nb::handle sequence);
Tags tags_of(nb::handle pairs);
// [(name, kind, plain value)], see treadle/_metadata.py.
Metadata metadata_of(nb::handle entries);
std::optional<RetryPolicy> retry_policy_of(nb::handle policy);
// (fail, warn, deadline, lower bound, zone), see treadle/_automation/freshness.py.
Result<FreshnessPolicy> freshness_policy_of(nb::handle policy);

// (id, run, type, level, time, step, asset, partition, message, payload), see
// treadle/_dagster_event.py.
nb::tuple to_tuple(const Event& event);

// What the exception says, as an outcome. `exception` stays set as StepFailure::origin.
StepFailure failure_of(nb::handle exception);
StepFailure failure_of(nb::python_error& error);

// Raises treadle.TreadleError.
[[noreturn]] void raise(const Error& error);
// The error that a Python exception stands for: of a TreadleError its own, else one that tells
// class and message.
Error error_of(nb::python_error& error, std::string_view doing);
// Raises treadle.<name>(message).
[[noreturn]] void raise(const char* name, const std::string& message);
template <class T>
T value_or_raise(Result<T> result) {
  if (!result) raise(result.error());
  if constexpr (!std::is_void_v<T>) return std::move(*result);
}

}  // namespace treadle::python
