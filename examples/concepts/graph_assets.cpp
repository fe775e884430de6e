// An asset made of ops: a graph takes assets and makes one, step by step.
#include <treadle/treadle.hpp>

#include <iostream>
#include <numeric>
#include <vector>

namespace td = treadle;
using Orders = std::vector<int>;

int main() {
  auto without_returns = td::op("without_returns", [](const Orders& all) {
    Orders kept;
    for (const int order : all)
      if (order > 0) kept.push_back(order);
    return kept;
  });
  auto total = td::op("total", [](const Orders& orders) {
    return std::accumulate(orders.begin(), orders.end(), 0);
  });
  auto sum = td::graph("sum", [&](td::Compose& c, td::Node<Orders> orders) {
    return c(total, c(without_returns, orders));
  });

  td::Defs defs;
  auto orders = defs.asset("orders", [] { return Orders{3, -1, 4}; });
  auto revenue = defs.graph_asset("revenue", sum, orders);

  const td::RunReport run = td::materialize(defs, {.temporary_home = true});
  std::cout << "revenue: " << run.value(revenue).value() << '\n';
  for (const td::StepReport& step : run.steps()) std::cout << "ran " << step.step_key << '\n';
}
