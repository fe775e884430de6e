// Pools of a home: how many steps of `pool="name"` may run at once, in all its runs and processes together.
#pragma once

#include <treadle/app/home.h>

#include <map>
#include <optional>
#include <set>
#include <string>

namespace treadle::app {

struct Pool {
  int limit = 0;              // 0: paused, its steps wait until there are places again
  int running = 0;            // steps that hold a place now
  bool from_default = false;  // it has no limit of its own
};

// Those with a limit; and, where there is a default, those whose steps were ever run under it.
Result<std::map<std::string, Pool>> pools(Home& home);
// Limits by pool: those set, and for those of `names` that have none the default.
Result<std::map<std::string, int>> pool_limits(Home& home, const std::set<std::string>& names);
// What `default_pool_limit` in the settings of the current folder's project says.
Result<std::optional<int>> default_pool_limit();
// No limit: the default holds again, or steps of the pool run as they like. kInvalidArgument for a limit below
// 0 or above 1000.
Result<void> set_pool(Home& home, const std::string& name, std::optional<int> limit);

}  // namespace treadle::app
