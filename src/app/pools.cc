#include <treadle/app/pools.h>
#include <treadle/app/settings.h>
#include <treadle/base/files.h>
#include <treadle/events/record.h>
#include <treadle/execute/run.h>

#include <fmt/format.h>

#include <charconv>

namespace treadle::app {
namespace {

constexpr std::string_view kPrefix = "pool/";
constexpr int kMostPlaces = 1000;

Result<std::map<std::string, int>> own_limits(Home& home) {
  TREADLE_TRY(const auto values, home.record().values_below(std::string(kPrefix)));
  std::map<std::string, int> limits;
  for (const auto& [key, text] : values) {
    int limit = 0;
    const auto read = std::from_chars(text.data(), text.data() + text.size(), limit);
    if (read.ec == std::errc()) limits.emplace(key.substr(kPrefix.size()), limit);  // "": removed
  }
  return limits;
}

}  // namespace

Result<std::optional<int>> default_pool_limit() {
  TREADLE_TRY(const Settings settings, read_settings(absolute_path(".")));
  return settings.default_pool_limit;
}

Result<std::map<std::string, int>> pool_limits(Home& home, const std::set<std::string>& names) {
  TREADLE_TRY(auto limits, own_limits(home));
  if (names.empty()) return limits;
  TREADLE_TRY(const auto otherwise, default_pool_limit());
  for (const std::string& name : names)
    if (otherwise) limits.emplace(name, *otherwise);
  return limits;
}

Result<std::map<std::string, Pool>> pools(Home& home) {
  TREADLE_TRY(const auto limits, own_limits(home));
  TREADLE_TRY(const auto otherwise, default_pool_limit());
  std::map<std::string, Pool> found;
  for (const auto& [name, limit] : limits) found[name].limit = limit;
  if (otherwise) {
    for (const std::string& name : execute::used_pools(home.pools_folder()))
      if (limits.count(name) == 0) found[name] = {.limit = *otherwise, .from_default = true};
  }
  // Steps may hold places beyond a limit that was lowered.
  for (auto& [name, pool] : found)
    pool.running = execute::taken_pool_places(home.pools_folder(), name, kMostPlaces);
  return found;
}

Result<void> set_pool(Home& home, const std::string& name, std::optional<int> limit) {
  if (name.empty()) return fail(Errc::kInvalidArgument, "A pool needs a name.");
  if (limit && (*limit < 0 || *limit > kMostPlaces))
    return fail(
        Errc::kInvalidArgument,
        fmt::format(
            "The limit of pool '{}' is {}: a pool has room for 0 to {} steps; with 0 it is paused.",
            name, *limit, kMostPlaces));
  return home.record().set_values(
      {{std::string(kPrefix) + name, limit ? std::to_string(*limit) : ""}});
}

}  // namespace treadle::app
