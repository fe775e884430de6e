// Checks: what is found out about an asset, beside it or by its own function.
#include <treadle/treadle.hpp>

#include <algorithm>
#include <iostream>
#include <vector>

namespace td = treadle;
using Orders = std::vector<int>;

int main() {
  td::Defs defs;
  auto orders = defs.asset({.key = "orders", .checks = {{.name = "has_rows"}}}, [] {
    const Orders all{3, -1, 4};
    return td::Output<Orders>{.value = all, .checks = {{"has_rows", {.passed = !all.empty()}}}};
  });
  defs.check("no_returns", orders, [](const Orders& all) {
    const auto returns = std::count_if(all.begin(), all.end(), [](int n) { return n < 0; });
    return td::CheckResult{.passed = returns == 0,
                           .metadata = {{"returns", returns}},
                           .severity = td::Severity::kWarn};
  });
  defs.check("small", orders, [](const Orders& all) { return all.size() < 10; },
             {.blocking = true});

  const td::RunReport run = td::materialize(defs, {.temporary_home = true});
  const auto checks = run.checks().value();
  for (const td::CheckEvaluation& check : checks)
    std::cout << check.check << ": " << (check.passed ? "passed" : "failed") << '\n';
  std::cout << "the run: " << (run.success() ? "success" : "failure") << '\n';
}
