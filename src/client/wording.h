// What went wrong, for a person.
#pragma once

#include <treadle/base/result.h>

#include <string>
#include <string_view>

namespace treadle::client {

// The scheme, host and port of a URL; no path, no query: those may authorize.
std::string origin_of(std::string_view url);
// For an answer of 400 or more; `body` may be anything.
Error status_error(std::string_view method, std::string_view url, int status,
                   std::string_view body);
// For no answer; `why` as curl says it.
Error unreached_error(std::string_view url, std::string_view why, int tries);
// The messages of {"errors":[{"message":...}]}, {"error":...}; "" when there are none.
std::string server_messages(std::string_view body);

}  // namespace treadle::client
