// Sensors on assets: a report when two are new, a freshness check when it could say something else.
#include <treadle/treadle.hpp>

#include <iostream>
#include <map>
#include <string>

namespace td = treadle;

int main() {
  td::Defs defs;
  auto orders = defs.asset("orders", [] { return 1; });
  auto customers = defs.asset("customers", [] { return 1; });
  defs.asset("report", [](int o, int c) { return o + c; }, orders, customers);
  defs.job("reports", "report");
  defs.multi_asset_sensor({.name = "both", .job = "reports"}, {orders, customers},
                          [](td::AssetsTick& tick) -> td::Result<td::TickResult> {
                            TREADLE_TRY(const auto latest, tick.latest_materializations());
                            if (latest.size() < 2) return td::SkipReason{"one of them is not new"};
                            TREADLE_CHECK(tick.advance_all());
                            return td::RunRequest{};
                          });
  const std::string home = "home";
  td::add_record_checks(defs, {orders}, td::last_update_freshness({.lower_bound = td::kHour}),
                        {.home = home});
  td::add_sensor_for_freshness_checks(defs, {orders});

  std::map<std::string, std::string> cursors;
  const auto ask = [&](const std::string& sensor) {
    const auto told = td::evaluate_tick(defs, sensor, {.home = home, .cursor = cursors[sensor]});
    if (told->cursor) cursors[sensor] = *told->cursor;
    std::cout << sensor << ": " << told->requests.size() << '\n';
  };
  ask("freshness_checks_sensor");  // never evaluated
  if (!td::materialize(defs, {.selection = "orders", .home = home}).success()) return 1;
  ask("both");  // customers are not there
  if (!td::materialize(defs, {.selection = "customers", .home = home}).success()) return 1;
  ask("both");
  ask("both");                     // consumed
  ask("freshness_checks_sensor");  // fresh for an hour
}
