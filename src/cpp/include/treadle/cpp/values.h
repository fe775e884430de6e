// Plain types of user code: what a function may return beside values of its own types. Values.
#pragma once

#include <treadle/base/result.h>
#include <treadle/define/step.h>
#include <treadle/model/metadata.h>

#include <cstdint>
#include <exception>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace treadle {

// Bytes that mean nothing to Treadle; Python's bytes.
struct Bytes {
  std::string data;
  bool operator==(const Bytes&) const = default;
};

// A file on disk as a value. Returned from a function, its content is kept under its own name (the
// file itself may go away afterwards); handed to a function, `path` is a read-only copy in the
// home's cache. Python's treadle.File.
struct File {
  std::string path;
  bool operator==(const File&) const = default;
};

// A folder with everything below it, in the same way. Python's treadle.Folder.
struct Folder {
  std::string path;
  bool operator==(const Folder&) const = default;
};

// What the function of an observable source saw.
struct Observed {
  std::string version = {};  // of the data; "" = unknown
  Metadata metadata = {};
};

enum class Severity : std::uint8_t { kWarn, kError };

// What a check found. A plain bool does as well.
struct CheckResult {
  bool passed = false;
  Metadata metadata = {};
  std::string description = {};
  Severity severity = Severity::kError;  // of a check that did not pass
};

// A value with facts about it, for a function that has more to say than its value:
//   return td::Output{table, {{"rows", table.size()}}};
template <class T>
struct Output {
  T value{};
  Metadata metadata = {};
  std::string data_version = {};  // "" = the digest of what was stored
  std::vector<std::pair<std::string, std::string>> tags = {};
  // Results of the checks that the asset's options name (AssetOptions::checks), by name.
  std::vector<std::pair<std::string, CheckResult>> checks = {};
};
// Facts about an asset that keeps no value.
template <>
struct Output<void> {
  Metadata metadata = {};
  std::string data_version = {};
  std::vector<std::pair<std::string, std::string>> tags = {};
  std::vector<std::pair<std::string, CheckResult>> checks = {};
};

// A failure on purpose, with more than a message: thrown, or returned as the error of a
// tl::expected<T, td::Failure>.
struct Failure : std::runtime_error {
  explicit Failure(const std::string& message, Metadata facts = {}, bool retries_allowed = true)
      : std::runtime_error(message), metadata(std::move(facts)), allow_retries(retries_allowed) {}
  Metadata metadata;
  bool allow_retries;  // false: the retry policy does not apply
};

// Thrown: run this step again, whatever its retry policy says.
struct RetryRequested : std::runtime_error {
  explicit RetryRequested(const std::string& why, int retries = 1, double seconds = 0)
      : std::runtime_error(why), max_retries(retries), seconds_to_wait(seconds) {}
  int max_retries;
  double seconds_to_wait;
};

// The error of a td::Result, when a message is all there is to say: return td::fail("iris.csv has
// no rows");
inline tl::unexpected<Error> fail(std::string message) {
  return tl::unexpected<Error>(Error{Errc::kInvalidArgument, std::move(message)});
}

namespace cpp {

// How any error a function may return, and any exception, becomes the record's failure.
StepFailure to_failure(Error error);
StepFailure to_failure(const Failure& failure);
StepFailure to_failure(const RetryRequested& request);
StepFailure to_failure(const std::exception& exception);
StepFailure to_failure(std::string message);
inline StepFailure to_failure(StepFailure failure) {
  return failure;
}
// Of the exception being handled; rethrows what must not be swallowed (thread cancellation).
StepFailure current_exception_failure();

}  // namespace cpp
}  // namespace treadle
