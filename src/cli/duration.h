// Times to live as people write them.
#pragma once

#include <treadle/artifact/service.h>
#include <treadle/base/result.h>

#include <cstdint>
#include <string>
#include <string_view>

namespace treadle::cli {

// "30d", "12h", "45m", "90s", "3600" (seconds), "none", "inherit".
Result<std::int64_t> parse_ttl(std::string_view text);
// "is kept for 30 days", "is kept until somebody deletes it".
std::string ttl_text(const artifact::Version& version);

}  // namespace treadle::cli
