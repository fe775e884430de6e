// Hooks: functions called when a step has ended. What they do changes nothing about the step.
//
//   auto tell = td::failure_hook("tell", [](td::HookContext& c) {
//     c.log(td::LogLevel::kError, c.op_name() + ": " + c.failure()->message);
//   });
//   defs.job("etl", ..., {.hooks = {tell}});
#pragma once

#include <treadle/define/hook.h>

#include <functional>
#include <string>
#include <vector>

namespace treadle {

using Hook = HookDef;

// Called when a step has succeeded. `resources`: keys that it asks its context for.
Hook success_hook(std::string name, std::function<void(HookContext&)> hook,
                  std::vector<std::string> resources = {});
// Called when a step has failed for good.
Hook failure_hook(std::string name, std::function<void(HookContext&)> hook,
                  std::vector<std::string> resources = {});

}  // namespace treadle
