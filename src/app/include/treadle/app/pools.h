// Pools of a home: how many steps of `pool="name"` may run at once, in all its runs and processes together.
#pragma once

#include <treadle/app/home.h>

#include <map>
#include <optional>
#include <string>

namespace treadle::app {

struct Pool {
  int limit = 0;
  int running = 0;  // steps that hold a place now
};

Result<std::map<std::string, Pool>> pools(Home& home);
// No limit: steps of the pool run as they like again. kInvalidArgument for a limit below 1 or above 1000.
Result<void> set_pool(Home& home, const std::string& name, std::optional<int> limit);

}  // namespace treadle::app
