// Assets made elsewhere: read, looked at, and what was made from which version of them.
#include <treadle/treadle.hpp>

#include <iostream>
#include <string>

namespace td = treadle;

td::Result<void> run() {
  std::string version = "monday";
  td::Defs defs;
  auto orders = defs.observable_source({.key = "orders"}, [&] { return version; });
  auto customers = defs.external({.key = "customers"});  // known by its name alone
  auto report = defs.asset(
      "report", [] { return td::Output<void>{.data_version = "1"}; }, td::after(orders, customers));

  TREADLE_TRY(const td::Instance instance, td::Instance::open("home"));
  TREADLE_CHECK(
      instance.report(td::AssetMaterialization{.asset = "customers", .metadata = {{"rows", 150}}}));
  td::materialize(defs, {.selection = "orders", .home = "home"});
  td::materialize(defs, {.selection = "report", .home = "home"});

  TREADLE_TRY(const auto made, instance.latest_materialization(report));
  TREADLE_TRY(const td::Provenance provenance, td::provenance_of(*made));
  for (const auto& input : provenance.inputs)
    if (input.asset == orders.key())
      std::cout << "made from orders of " << input.data_version << '\n';
  TREADLE_TRY(const auto reported, instance.latest_materialization(customers));
  TREADLE_TRY(const td::Metadata said, td::metadata_of(*reported));
  std::cout << "customers: " << td::find_metadata(said, "rows")->display() << '\n';

  version = "tuesday";
  td::materialize(defs, {.selection = "orders", .home = "home"});
  TREADLE_TRY(const auto seen, instance.latest_observation(orders));
  std::cout << "orders are now of " << td::observed_version(*seen) << '\n';
  return {};
}

int main() {
  return run() ? 0 : 1;
}
