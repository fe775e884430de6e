// Run without anybody asking: a condition, a schedule, a sensor, and what they ask for.
#include <treadle/treadle.hpp>

#include <iostream>
#include <string>

namespace td = treadle;

int main() {
  td::Defs defs;
  auto raw = defs.asset("raw", [] { return 1; });
  defs.asset(
      {.key = "model", .automation_condition = td::AutomationCondition::eager()},
      [](int n) { return n + 1; }, raw);

  defs.job("nightly", "*");
  defs.schedule(
      {.name = "at_three", .cron = {"0 3 * * *"}, .timezone = "Europe/Berlin", .job = "nightly"},
      [](td::TickContext& c) {
        return td::RunRequest{.run_key = td::format_utc(c.scheduled()).substr(0, 10)};
      });
  defs.sensor({.name = "files", .job = "nightly"}, [](td::TickContext& c) -> td::TickResult {
    const std::string newest = "b.csv";
    if (newest <= c.cursor()) return td::SkipReason{"no new files"};
    td::TickResult result = td::RunRequest{.run_key = newest};
    result.cursor = newest;
    return result;
  });

  const std::string home = "home";
  const auto first = td::evaluate_automation(defs, {.home = home}).value();
  std::cout << "at first conditions ask for " << first.requested.size() << '\n';
  if (!td::materialize(defs, {.selection = "raw", .home = home}).success()) return 1;
  const auto then = td::evaluate_automation(defs, {.home = home, .cursor = first.cursor}).value();
  std::cout << "raw was made:";
  for (const auto& asked : then.requested) std::cout << ' ' << asked.key;

  constexpr td::Micros kMorning = 1'767'578'400'000'000;  // 2026-01-05 03:00 in Berlin
  const auto tick = td::evaluate_tick(defs, "at_three", {.home = home, .at = kMorning}).value();
  std::cout << "\nthe schedule asks for " << tick.requests.at(0).run_key << '\n';

  const auto asked = td::evaluate_tick(defs, "files", {.home = home}).value();
  std::cout << "the sensor asks for " << asked.requests.at(0).run_key << '\n';
  const auto again =
      td::evaluate_tick(defs, "files", {.home = home, .cursor = asked.cursor.value()}).value();
  std::cout << "and after that: " << again.skip_reason << '\n';
}
