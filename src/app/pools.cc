#include <treadle/app/pools.h>
#include <treadle/base/files.h>
#include <treadle/events/record.h>
#include <treadle/execute/run.h>

#include <fmt/format.h>

#include <charconv>

namespace treadle::app {
namespace {

constexpr std::string_view kPrefix = "pool/";
constexpr int kMostPlaces = 1000;

}  // namespace

Result<std::map<std::string, Pool>> pools(Home& home) {
  TREADLE_TRY(const auto values, home.record().values_below(std::string(kPrefix)));
  std::map<std::string, Pool> found;
  for (const auto& [key, text] : values) {
    Pool pool;
    std::from_chars(text.data(), text.data() + text.size(), pool.limit);
    if (pool.limit <= 0) continue;
    const std::string name = key.substr(kPrefix.size());
    pool.running = execute::taken_pool_places(home.pools_folder(), name, pool.limit);
    found.emplace(name, pool);
  }
  return found;
}

Result<void> set_pool(Home& home, const std::string& name, std::optional<int> limit) {
  if (name.empty()) return fail(Errc::kInvalidArgument, "A pool needs a name.");
  if (limit && (*limit < 1 || *limit > kMostPlaces))
    return fail(Errc::kInvalidArgument,
                fmt::format("The limit of pool '{}' is {}: a pool has room for 1 to {} steps.",
                            name, *limit, kMostPlaces));
  return home.record().set_values(
      {{std::string(kPrefix) + name, limit ? std::to_string(*limit) : ""}});
}

}  // namespace treadle::app
