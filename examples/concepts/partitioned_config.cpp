// A job that is configured by the day it runs for, and its schedule.
#include <treadle/treadle.hpp>

#include <iostream>
#include <string>

namespace td = treadle;

struct Fetch {
  td::Required<std::string> from;
  td::Required<std::string> to;
};
TREADLE_FIELDS(Fetch, from, to)

int main() {
  const auto by_day = td::daily_partitioned_config("2026-01-01", [](const td::TimeWindow& day) {
    return td::RunConfig().op("fetch", Fetch{.from = {td::format_time(day.start, "%d %B")},
                                             .to = {td::format_time(day.end, "%d %B")}});
  });
  auto fetch = td::op(
      "fetch", [](const Fetch& c) { return "from " + *c.from + " to " + *c.to; },
      td::Config<Fetch>());

  td::Defs defs;
  defs.job("nightly", [&](td::Compose& c) { c(fetch); }, {.partitioned_config = by_day});
  defs.schedule_partitions("nightly", {.hour_of_day = 3});

  const td::RunReport run =
      td::run_job(defs, "nightly", {.temporary_home = true, .partition = "2026-01-05"});
  std::cout << run.output<std::string>("fetch").value() << '\n';

  // 2026-01-08 03:00 UTC
  const auto tick = td::evaluate_tick(defs, "nightly_schedule", {.at = 1767841200'000'000});
  for (const td::RunRequest& asked : tick->requests)
    std::cout << "at three it asks for " << asked.partition << '\n';
}
