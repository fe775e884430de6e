// Ops, a graph and a job: functions wired together, run as one.
#include <treadle/treadle.hpp>

#include <algorithm>
#include <iostream>
#include <vector>

namespace td = treadle;
using Numbers = std::vector<int>;

int main() {
  auto numbers = td::op("numbers", [] { return Numbers{3, 1, 2}; });
  auto largest =
      td::op("largest", [](const Numbers& v) { return *std::max_element(v.begin(), v.end()); });
  auto smallest =
      td::op("smallest", [](const Numbers& v) { return *std::min_element(v.begin(), v.end()); });
  auto difference = td::op("difference", [](int a, int b) { return a - b; });

  auto spread = td::graph("spread", [&](td::Compose& c, td::Node<Numbers> values) {
    return c(difference, c(largest, values), c(smallest, values));
  });

  td::Defs defs;
  defs.job("measure", [&](td::Compose& c) { c(spread, c(numbers)); });

  const td::RunReport run = td::run_job(defs, "measure", {.temporary_home = true});
  std::cout << "spread: " << run.output<int>("spread.difference").value() << '\n';
}
