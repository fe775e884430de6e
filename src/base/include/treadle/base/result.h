// Results: how a failure that may happen travels in Treadle.
//
// Three kinds of failure, one rule each:
//  - an *outcome* (a step failed, a key is absent) is an ordinary value of its own type;
//  - an *operation* that can fail (disk, database, network, bad input) returns `Result<T>`; nobody
//  can overlook it;
//  - *misuse* of a definition throws `DefinitionError` (room define).
#pragma once

#include <tl/expected.hpp>

#include <string>
#include <string_view>
#include <utility>

namespace treadle {

// The closed list of what can go wrong in an operation. Callers branch on the code, people read the
// message.
enum class Errc {
  kInvalidArgument,   // the caller gave something that cannot be right; the message names the rule
  kNotFound,          // no such run, artifact, file, asset
  kAlreadyExists,     // the name is taken, or an immutable thing would change
  kPermissionDenied,  // the operating system or a policy says no
  kReadOnly,          // the home or file system cannot be written
  kDiskFull,          // no space or quota left
  kBusy,              // somebody else holds it, or it is away, and waiting did not help
  kCorrupt,           // stored bytes are not what was stored
  kCancelled,         // asked to stop
  kUnsupported,       // valid, but this build or version cannot do it
  kIo,                // any other failure of the operating system
  kInternal,          // a bug in Treadle
};

std::string_view to_string(Errc code);

// `message` is one or more full sentences for a person: what failed, where, and what to do about
// it.
struct [[nodiscard]] Error {
  Errc code = Errc::kInternal;
  std::string message;

  // The same error with what was being attempted in front: "cannot open /x: ...".
  Error with_context(std::string_view what) &&;
};

template <class T>
using Result = tl::expected<T, Error>;

inline tl::unexpected<Error> fail(Errc code, std::string message) {
  return tl::unexpected<Error>(Error{code, std::move(message)});
}
inline tl::unexpected<Error> fail(Error error) {
  return tl::unexpected<Error>(std::move(error));
}

// The error for the current `errno`: code chosen from it, message "<what>: <strerror>".
Error errno_error(std::string_view what, int error_number);

}  // namespace treadle

#define TREADLE_CONCAT_INNER(a, b) a##b
#define TREADLE_CONCAT(a, b) TREADLE_CONCAT_INNER(a, b)

// TREADLE_TRY(auto x, f());  declares x with the value of f(), or returns f()'s error from this
// function.
#define TREADLE_TRY(decl, expr) TREADLE_TRY_IMPL(TREADLE_CONCAT(treadle_try_, __LINE__), decl, expr)
#define TREADLE_TRY_IMPL(tmp, decl, expr)                         \
  auto tmp = (expr);                                              \
  if (!tmp) return ::tl::make_unexpected(std::move(tmp).error()); \
  decl = std::move(*tmp)

// TREADLE_CHECK(f());  for Result<void>: returns f()'s error from this function.
#define TREADLE_CHECK(expr)                                            \
  do {                                                                 \
    if (auto treadle_check_ = (expr); !treadle_check_)                 \
      return ::tl::make_unexpected(std::move(treadle_check_).error()); \
  } while (false)
