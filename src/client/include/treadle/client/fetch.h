// One public document of the web, asked for without a key.
#pragma once

#include <treadle/base/result.h>

#include <chrono>
#include <string>

namespace treadle::client {

// The body of a GET. kBusy: not reached; kNotFound, kPermissionDenied: as the server says.
// kInvalidArgument: larger than 1 MiB.
Result<std::string> fetch_text(const std::string& url,
                               std::chrono::milliseconds patience = std::chrono::seconds(10));

}  // namespace treadle::client
