// "Did you mean": the nearest of a list of names to a mistyped one.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace treadle {

// The candidate at the smallest edit distance (transpositions count one), or "" when none is near
// enough to be a typo.
std::string nearest_name(std::string_view mistyped, const std::vector<std::string>& candidates);
// " Did you mean 'x'?" or "": to be appended to a message.
std::string did_you_mean(std::string_view mistyped, const std::vector<std::string>& candidates);

}  // namespace treadle
