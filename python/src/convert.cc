#include "convert.h"

namespace treadle::python {
namespace {

MetadataValue::Data plain_of(nb::handle value) {
  PyObject* object = value.ptr();
  if (object == Py_None) return std::monostate{};
  if (PyBool_Check(object)) return object == Py_True;
  if (PyLong_Check(object)) {
    const long long number = PyLong_AsLongLong(object);
    if (number == -1 && PyErr_Occurred() != nullptr) throw nb::python_error();
    return static_cast<std::int64_t>(number);
  }
  if (PyFloat_Check(object)) return PyFloat_AS_DOUBLE(object);
  return text_of(value);
}

constexpr std::pair<Errc, std::string_view> kCodes[] = {
    {Errc::kInvalidArgument, "invalid_argument"},
    {Errc::kNotFound, "not_found"},
    {Errc::kAlreadyExists, "already_exists"},
    {Errc::kPermissionDenied, "permission_denied"},
    {Errc::kReadOnly, "read_only"},
    {Errc::kDiskFull, "disk_full"},
    {Errc::kBusy, "busy"},
    {Errc::kCorrupt, "corrupt"},
    {Errc::kCancelled, "cancelled"},
    {Errc::kUnsupported, "unsupported"},
    {Errc::kIo, "io"},
    {Errc::kInternal, "internal"},
};

std::string_view code_name(Errc code) {
  for (const auto& [known, name] : kCodes) {
    if (known == code) return name;
  }
  return "internal";
}

StepFailure failure_from(nb::handle told) {
  const Items items(told);
  StepFailure failure;
  failure.message = items.text(0);
  failure.error_class = items.text(1);
  failure.stack = items.text(2);
  if (!items.is_none(3)) failure.cause.push_back(failure_from(items.at(3)));
  failure.metadata = metadata_of(items.at(4));
  failure.allow_retries = items.flag(5);
  if (!items.is_none(6)) {
    const Items retry(items.at(6));
    failure.retry = StepFailure::RetryRequest{.max_retries = static_cast<int>(retry.integer(0)),
                                              .seconds_to_wait = retry.number(1)};
  }
  failure.interrupted = items.flag(7);
  return failure;
}

}  // namespace

Items::Items(nb::handle sequence)
    : fast_(nb::steal(PySequence_Fast(sequence.ptr(), "expected a tuple or a list"))) {
  if (!fast_.is_valid()) throw nb::python_error();
  items_ = PySequence_Fast_ITEMS(fast_.ptr());
  size_ = static_cast<std::size_t>(PySequence_Fast_GET_SIZE(fast_.ptr()));
}

std::string Items::text(std::size_t index) const {
  return text_of(items_[index]);
}

std::int64_t Items::integer(std::size_t index) const {
  const long long value = PyLong_AsLongLong(items_[index]);
  if (value == -1 && PyErr_Occurred() != nullptr) throw nb::python_error();
  return value;
}

double Items::number(std::size_t index) const {
  const double value = PyFloat_AsDouble(items_[index]);
  if (value == -1.0 && PyErr_Occurred() != nullptr) throw nb::python_error();
  return value;
}

std::string text_of(nb::handle object) {
  Py_ssize_t size = 0;
  if (!PyUnicode_Check(object.ptr())) {
    PyErr_Format(PyExc_TypeError, "expected a str, not %R", object.ptr());
    throw nb::python_error();
  }
  if (const char* text = PyUnicode_AsUTF8AndSize(object.ptr(), &size)) {
    return std::string(text, static_cast<std::size_t>(size));
  }
  // Lone surrogates have no UTF-8: told as escapes rather than refused.
  PyErr_Clear();
  const nb::object escaped =
      nb::steal(PyUnicode_AsEncodedString(object.ptr(), "utf-8", "backslashreplace"));
  if (!escaped.is_valid()) throw nb::python_error();
  return std::string(PyBytes_AS_STRING(escaped.ptr()),
                     static_cast<std::size_t>(PyBytes_GET_SIZE(escaped.ptr())));
}

nb::str to_text(std::string_view text) {
  PyObject* decoded =
      PyUnicode_DecodeUTF8(text.data(), static_cast<Py_ssize_t>(text.size()), "replace");
  if (decoded == nullptr) throw nb::python_error();
  return nb::steal<nb::str>(decoded);
}

AssetKey key_of(nb::handle parts) {
  return AssetKey(texts_of(parts));
}

std::vector<std::string> texts_of(nb::handle sequence) {
  const Items items(sequence);
  std::vector<std::string> texts;
  texts.reserve(items.size());
  for (std::size_t i = 0; i < items.size(); ++i) texts.push_back(items.text(i));
  return texts;
}

Tags tags_of(nb::handle pairs) {
  const Items items(pairs);
  Tags tags;
  tags.reserve(items.size());
  for (std::size_t i = 0; i < items.size(); ++i) {
    const Items pair(items.at(i));
    tags.emplace_back(pair.text(0), pair.text(1));
  }
  return tags;
}

Metadata metadata_of(nb::handle entries) {
  if (entries.is_none()) return {};
  const Items items(entries);
  Metadata metadata;
  metadata.reserve(items.size());
  for (std::size_t i = 0; i < items.size(); ++i) {
    const Items entry(items.at(i));
    set_metadata(metadata, entry.text(0),
                 MetadataValue(metadata_kind_from(entry.text(1)), plain_of(entry.at(2))));
  }
  return metadata;
}

Result<FreshnessPolicy> freshness_policy_of(nb::handle policy) {
  const Items items(policy);
  if (items.text(2).empty())
    return FreshnessPolicy::time_window(items.integer(0), items.integer(1));
  return FreshnessPolicy::cron(items.text(2), items.integer(3), items.text(4));
}

std::optional<RetryPolicy> retry_policy_of(nb::handle policy) {
  if (policy.is_none()) return std::nullopt;
  const Items items(policy);
  return RetryPolicy{.max_retries = static_cast<int>(items.integer(0)),
                     .delay = items.number(1),
                     .backoff = static_cast<Backoff>(items.integer(2)),
                     .jitter = static_cast<Jitter>(items.integer(3))};
}

nb::tuple to_tuple(const Event& event) {
  return nb::make_tuple(event.id, to_text(event.run_id), to_text(to_string(event.type)),
                        static_cast<int>(event.level), event.time, to_text(event.step_key),
                        to_text(event.asset_key), to_text(event.partition), to_text(event.message),
                        to_text(event.payload));
}

StepFailure failure_of(nb::handle exception) {
  StepFailure failure;
  try {
    failure = failure_from(package().describe(exception));
  } catch (nb::python_error& e) {
    failure.message = "The exception could not be described.";
    failure.error_class = text_of(nb::handle(exception.type()).attr("__qualname__"));
  }
  failure.origin = Object(nb::borrow(exception));
  return failure;
}

StepFailure failure_of(nb::python_error& error) {
  return failure_of(error.value());
}

void raise(const Error& error) {
  const nb::object type = from_package("treadle._errors", "TreadleError");
  const nb::object exception = type(to_text(code_name(error.code)), to_text(error.message));
  PyErr_SetObject(type.ptr(), exception.ptr());
  throw nb::python_error();
}

void raise(const char* name, const std::string& message) {
  const nb::object type = from_package("treadle._errors", name);
  PyErr_SetObject(type.ptr(), to_text(message).ptr());
  throw nb::python_error();
}

Error error_of(nb::python_error& error, std::string_view doing) {
  const nb::object type = from_package("treadle._errors", "TreadleError");
  const nb::handle exception = error.value();
  if (PyObject_IsInstance(exception.ptr(), type.ptr()) == 1) {
    const std::string name = text_of(exception.attr("code"));
    for (const auto& [code, known] : kCodes) {
      if (known == name) return {code, text_of(nb::str(exception))};
    }
  }
  return {Errc::kInvalidArgument, std::string(doing) + " raised " +
                                      text_of(nb::handle(exception.type()).attr("__qualname__")) +
                                      ": " + text_of(nb::str(exception))};
}

}  // namespace treadle::python
