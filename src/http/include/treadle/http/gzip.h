// gzip as HTTP uses it, with a bound on what comes out.
#pragma once

#include <treadle/base/result.h>

#include <cstddef>
#include <string>
#include <string_view>

namespace treadle::http {

// kInvalidArgument: not gzip, or cut off. kUnsupported: more than `limit` bytes come out.
Result<std::string> gunzip(std::string_view packed, std::size_t limit);
std::string gzip(std::string_view plain, int level = 1);

}  // namespace treadle::http
