// Slices of an asset: days, the week made of them, and a balance that reads the day before.
#include <treadle/treadle.hpp>

#include <iostream>
#include <string>

namespace td = treadle;

int main() {
  const td::Partitions days = td::daily_partitions("2026-01-04", {.end = "2026-01-11"});
  const td::Partitions weeks = td::weekly_partitions("2026-01-04", {.end = "2026-01-11"});
  const td::TimeWindowMapping yesterday{.start_offset = -1, .end_offset = -1};

  td::Defs defs;
  auto sales = defs.asset({.key = "sales", .partitions = days},
                          [](td::Context& c) { return std::stoi(c.partition_key().substr(8)); });
  auto balance = defs.asset(
      {.key = "balance", .partitions = days},
      [](const td::ByPartition<int>& before, int today) {
        return today + (before.empty() ? 0 : before.begin()->second);
      },
      td::by_partition(td::with(td::by_name<int>("balance"), yesterday)), sales);
  auto weekly = defs.asset(
      {.key = "weekly", .partitions = weeks},
      [](const td::ByPartition<int>& by_day) {
        int total = 0;
        for (const auto& [day, sold] : by_day) total += sold;
        return total;
      },
      td::by_partition(sales));

  const std::string home = "home";
  const auto runs = td::materialize_partitions(
      defs, {.selection = "sales,balance", .partitions = "2026-01-04...2026-01-10", .home = home});
  std::cout << runs.size() << " runs\n";
  if (!td::materialize(defs, {.selection = "weekly", .partition = "2026-01-04", .home = home})
           .success())
    return 1;
  std::cout << "the week: " << td::load_value(weekly, home, "2026-01-04").value() << '\n';
  std::cout << "the last day's balance: " << td::load_value(balance, home, "2026-01-10").value()
            << '\n';
}
