// Checks of what a home remembers of assets.
#include <treadle/base/cron.h>
#include <treadle/base/random.h>
#include <treadle/treadle.hpp>

#include <gtest/gtest.h>

#include <string>

namespace td = treadle;

namespace {

class RecordChecks : public ::testing::Test {
 protected:
  // What the check says, and the record keeps, when a run makes the asset.
  td::CheckEvaluation ask(const td::RecordCheck& check, const td::Metadata& metadata = {}) {
    td::Defs defs;
    defs.asset("orders", [&](td::Context& context) {
      for (const auto& [name, value] : metadata) context.add_metadata(name, value);
    });
    td::add_record_checks(defs, {"orders"}, check, {.home = home_});
    const auto run = td::materialize(defs, {.home = home_});
    EXPECT_TRUE(run.problem().empty()) << run.problem();
    const auto checks = run.checks().value();
    EXPECT_EQ(checks.size(), 1u);
    return checks.empty() ? td::CheckEvaluation() : checks.front();
  }
  // The same of what there is, at a moment.
  td::CheckResult ask_at(const td::RecordCheck& check, td::Micros now = 0) {
    return check.look(instance_, "orders", now).value();
  }
  void make(td::Metadata metadata = {}, const std::string& partition = {}) {
    ASSERT_TRUE(instance_.report(td::AssetMaterialization{
        .asset = "orders", .metadata = std::move(metadata), .partition = partition}));
  }

  const std::string home_ = ::testing::TempDir() + "treadle-" + td::random_uuid();
  const td::Instance instance_ = td::Instance::open(home_).value();
};

TEST_F(RecordChecks, AnAssetIsFreshAsLongAsItsLastUpdateIsRecentEnough) {
  const auto check = td::last_update_freshness({.lower_bound = 2 * td::kHour});
  EXPECT_FALSE(ask_at(check).passed) << "it was never made";
  const auto told = ask(check);
  EXPECT_TRUE(told.passed);
  EXPECT_EQ(told.check, "freshness_check");
  const td::Micros made = instance_.latest_materialization("orders").value()->time;
  EXPECT_TRUE(ask_at(check, made + 2 * td::kHour).passed);
  EXPECT_FALSE(ask_at(check, made + 2 * td::kHour + 1).passed);
}

TEST_F(RecordChecks, ADeadlineAsksForAnUpdateShortlyBeforeIt) {
  const auto check = td::last_update_freshness(
      {.lower_bound = td::kHour, .deadline_cron = "0 10 * * *", .timezone = "Europe/Berlin"});
  make();
  const td::Micros made = instance_.latest_materialization("orders").value()->time;
  const auto cron = td::CronSchedule::parse("0 10 * * *", "Europe/Berlin").value();
  const td::Micros deadline = *cron.next(made + 2 * td::kHour);
  EXPECT_TRUE(ask_at(check, deadline - 1).passed) << "that of yesterday counts";
  EXPECT_FALSE(ask_at(check, deadline).passed);
}

TEST_F(RecordChecks, ThePartitionThatHadEndedAtTheDeadlineIsExpected) {
  const auto check = td::time_partition_freshness(
      {.partitions = td::daily_partitions("2026-01-01"), .deadline_cron = "0 9 * * *"});
  constexpr td::Micros kTenOnTheFifth = 1'767'607'200'000'000;
  EXPECT_FALSE(ask_at(check, kTenOnTheFifth).passed);
  make({}, "2026-01-03");
  EXPECT_FALSE(ask_at(check, kTenOnTheFifth).passed);
  EXPECT_TRUE(ask_at(check, kTenOnTheFifth - 2 * td::kHour).passed) << "the day before's deadline";
  make({}, "2026-01-04");
  EXPECT_TRUE(ask_at(check, kTenOnTheFifth).passed);
}

TEST_F(RecordChecks, ColumnsAreThoseOfTheMaterializationBefore) {
  const auto check = td::column_schema_change();
  const auto made_with = [&](const td::TableSchema& schema) {
    return ask(check, {{"dagster/column_schema", schema}});
  };
  EXPECT_TRUE(made_with({.columns = {{.name = "id", .type = "int"}}}).passed);
  EXPECT_TRUE(made_with({.columns = {{.name = "id", .type = "int"}}}).passed);
  const auto changed = made_with({.columns = {{.name = "id"}, {.name = "city"}}});
  EXPECT_FALSE(changed.passed);
  EXPECT_NE(changed.description.find("Added: city"), std::string::npos);
  EXPECT_NE(changed.description.find("id from int to string"), std::string::npos);
  EXPECT_FALSE(ask(check).passed) << "the latest says no columns";
}

TEST_F(RecordChecks, ANumberLiesWithinItsBounds) {
  const auto check = td::metadata_bounds(
      {.metadata_key = "row count", .min = 1, .max = 10, .exclusive_max = true});
  EXPECT_EQ(check.name, "row_count_bounds_check");
  EXPECT_FALSE(ask(check).passed);
  const auto with = [&](td::MetadataValue value) {
    return ask(check, {{"row count", std::move(value)}}).passed;
  };
  EXPECT_TRUE(with(1));
  EXPECT_TRUE(with(9.5));
  EXPECT_FALSE(with(0));
  EXPECT_FALSE(with(10));
  EXPECT_FALSE(with("many"));
}

TEST(RecordCheckOptions, ThatMeanNothingAreRefused) {
  EXPECT_THROW(td::metadata_bounds({.metadata_key = "rows"}), td::DefinitionError);
  EXPECT_THROW(td::metadata_bounds({.metadata_key = "rows", .min = 2, .max = 1}),
               td::DefinitionError);
  EXPECT_THROW(td::last_update_freshness({}), td::DefinitionError);
  EXPECT_THROW(td::last_update_freshness({.lower_bound = td::kHour, .deadline_cron = "at ten"}),
               td::DefinitionError);
  EXPECT_THROW(td::time_partition_freshness({.deadline_cron = "@daily"}), td::DefinitionError);
}

}  // namespace
