#include <treadle/base/suggest.h>

#include <algorithm>
#include <cctype>

namespace treadle {
namespace {

// Optimal string alignment distance, case folded; gives up above `limit`.
std::size_t distance(std::string_view a, std::string_view b, std::size_t limit) {
  if (a.size() > b.size()) std::swap(a, b);
  if (b.size() - a.size() > limit) return limit + 1;
  const auto same = [](char x, char y) {
    return std::tolower(static_cast<unsigned char>(x)) ==
           std::tolower(static_cast<unsigned char>(y));
  };
  std::vector<std::size_t> before(b.size() + 1), last(b.size() + 1), row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) last[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    std::size_t best = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t cost = same(a[i - 1], b[j - 1]) ? 0 : 1;
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + cost});
      if (i > 1 && j > 1 && same(a[i - 1], b[j - 2]) && same(a[i - 2], b[j - 1])) {
        row[j] = std::min(row[j], before[j - 2] + 1);
      }
      best = std::min(best, row[j]);
    }
    if (best > limit) return limit + 1;
    std::swap(before, last);
    std::swap(last, row);
  }
  return last[b.size()];
}

}  // namespace

std::string nearest_name(std::string_view mistyped, const std::vector<std::string>& candidates) {
  // Hostile input must not make a message expensive.
  if (mistyped.empty() || mistyped.size() > 200) return {};
  const std::size_t limit = std::max<std::size_t>(1, mistyped.size() / 3);
  std::size_t best = limit + 1;
  std::string name;
  for (const std::string& candidate : candidates) {
    const std::size_t d = distance(mistyped, candidate, std::min(limit, best));
    if (d < best) {
      best = d;
      name = candidate;
    }
  }
  return name;
}

std::string did_you_mean(std::string_view mistyped, const std::vector<std::string>& candidates) {
  const std::string name = nearest_name(mistyped, candidates);
  return name.empty() ? "" : " Did you mean '" + name + "'?";
}

}  // namespace treadle
