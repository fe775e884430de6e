// Sources that a function looks at.
#include <treadle/base/random.h>
#include <treadle/treadle.hpp>

#include <gtest/gtest.h>

#include <string>

namespace td = treadle;

namespace {

std::string home_of_sources() {
  return ::testing::TempDir() + "treadle-" + td::random_uuid();
}

TEST(ObservableSources, MakeWhatReadsThemStaleWhenTheirVersionIsAnother) {
  std::string version = "1";
  td::Defs defs;
  auto orders = defs.observable_source({.key = "shop/orders"}, [&](td::Context& c) {
    c.add_metadata("rows", 3);
    return td::Observed{.version = version, .metadata = {{"looked at", "all"}}};
  });
  defs.asset({.key = "report", .code_version = "1"}, [] { return 1; }, td::after(orders));
  const std::string home = home_of_sources();
  const auto make = [&](const std::string& what) {
    return td::materialize(defs, {.selection = what, .home = home}).success();
  };
  const auto status = [&] {
    const auto found = td::status(defs, {.selection = "report", .home = home}).value();
    return found.at(0).why.empty() ? found.at(0).status : found.at(0).why.front().text;
  };
  ASSERT_TRUE(make("shop/orders"));
  ASSERT_TRUE(make("report"));
  EXPECT_EQ(status(), "fresh");
  ASSERT_TRUE(make("shop/orders"));
  EXPECT_EQ(status(), "fresh") << "the same version was seen";
  version = "2";
  ASSERT_TRUE(make("shop/orders"));
  EXPECT_EQ(status(), "upstream 'shop/orders' changed from 1 to 2");
}

TEST(ObservableSources, AnObservationOfWhatWasThereBeforeIsNoUpdate) {
  std::string version = "1";
  td::Defs defs;
  auto orders = defs.observable_source({.key = "orders"}, [&] { return version; });
  defs.asset(
      {.key = "report", .automation_condition = td::AutomationCondition::eager()}, [] { return 1; },
      td::after(orders));
  const std::string home = home_of_sources();
  std::string cursor;
  const auto requested = [&] {
    if (!td::materialize(defs, {.selection = "orders", .home = home}).success()) return 99UL;
    const auto report = td::evaluate_automation(defs, {.home = home, .cursor = cursor}).value();
    cursor = report.cursor;
    return report.requested.size();
  };
  EXPECT_EQ(requested(), 0UL) << "the first evaluation takes note";
  EXPECT_EQ(requested(), 0UL) << "the same version";
  version = "2";
  EXPECT_EQ(requested(), 1UL);
}

}  // namespace
