// Several assets made by one function, one of them only when there is something to keep.
#include <treadle/treadle.hpp>

#include <iostream>
#include <numeric>
#include <optional>
#include <utility>
#include <vector>

namespace td = treadle;
using Rows = std::vector<int>;

int main() {
  td::Defs defs;
  auto rows = defs.asset("rows", [] { return Rows{1, -2, 3}; });
  auto [good, bad] = defs.multi_asset(
      {"good", "bad"},
      [](const Rows& all) {
        std::pair<std::optional<Rows>, std::optional<Rows>> sorted;
        for (const int row : all) {
          if (row >= 0) (sorted.first ? *sorted.first : sorted.first.emplace()).push_back(row);
          if (row < -10) (sorted.second ? *sorted.second : sorted.second.emplace()).push_back(row);
        }
        return sorted;
      },
      rows);
  auto total = defs.asset(
      "total", [](const Rows& r) { return std::accumulate(r.begin(), r.end(), 0); }, good);
  defs.asset("alarm", [](const Rows& r) { return static_cast<int>(r.size()); }, bad);

  const td::RunReport run = td::materialize(defs, {.temporary_home = true});
  const bool skipped = run.find_step("alarm")->status == td::StepReport::Status::kSkipped;
  std::cout << "total: " << run.value(total).value() << '\n'
            << "alarm: " << (skipped ? "skipped" : "raised") << '\n';
}
