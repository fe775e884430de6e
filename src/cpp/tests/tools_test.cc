// What surrounds authoring: tests without a run, selections, the instance, tables.
#include <treadle/treadle.hpp>

#include <gtest/gtest.h>

#include <filesystem>

namespace td = treadle;

namespace tools {

struct Store {
  int rows = 0;
};

TEST(TestContext, StandsForARun) {
  const auto load = [](td::Context& context, int n) {
    context.info(context.partition_key() + ": " + std::to_string(n));
    context.add_metadata("rows", context.resource<Store>("store").rows);
    context.check("many", {.passed = n > 1});
    context.report(td::AssetObservation{.asset = "raw"});
    return n;
  };
  td::TestContext context({.outputs = {"table"},
                           .checks = {"many"},
                           .resources = {{"store", td::given(Store{7})}},
                           .partition_key = "2026-01-05"});
  EXPECT_EQ(load(context, 3), 3);
  EXPECT_EQ(context.logs().at(0).message, "2026-01-05: 3");
  EXPECT_EQ(context.metadata(), (td::Metadata{{"rows", 7}}));
  EXPECT_TRUE(context.checks().at(0).second.passed);
  EXPECT_EQ(context.events().at(0).asset_key, "raw");
}

TEST(TestContext, KnowsWindowsOfRealPartitionsAndRefusesOthers) {
  td::TestContext context(
      {.partition_key = "2026-01-05", .partitions = td::daily_partitions("2026-01-01")});
  const td::TimeWindow window = context.context().partition_time_window();
  EXPECT_EQ(window.end - window.start, td::Micros{24} * 3600 * 1'000'000);
  EXPECT_THROW(td::TestContext({.partition_key = "2025-01-05",
                                .partitions = td::daily_partitions("2026-01-01")}),
               td::Failure);
}

TEST(TestHook, IsCalledAsIfAStepHadEnded) {
  const auto tell = td::failure_hook("tell", [](td::HookContext& c) {
    c.log(td::LogLevel::kError, c.op_name() + ": " + c.failure()->message);
  });
  const auto logged = td::call_hook(tell, {.op_name = "load", .failure = "no rows"});
  ASSERT_TRUE(logged);
  EXPECT_EQ(logged->at(0).message, "load: no rows");
  EXPECT_TRUE(td::call_hook(tell)->empty());
}

TEST(AssetSelection, IsTheSelectionSyntax) {
  td::Defs defs;
  auto raw = defs.asset({.key = "raw", .group = "in"}, [] { return 1; });
  auto clean =
      defs.asset({.key = "clean", .tags = {{"domain", "a-b"}}}, [](int n) { return n; }, raw);
  defs.asset({.key = "model", .kinds = {"onnx"}}, [](int n) { return n; }, clean);
  const auto made = [&](const td::AssetSelection& selection) {
    std::string keys;
    const td::RunReport report =
        td::materialize(defs, {.selection = selection, .temporary_home = true});
    for (const td::StepReport& step : report.steps()) keys += step.step_key + " ";
    return keys;  // some fail: what they read was never made
  };
  EXPECT_EQ(made(td::assets(clean).upstream()), "raw clean ");
  EXPECT_EQ(made(td::assets("model").upstream(1)), "clean model ");
  EXPECT_EQ(made(td::group("in").downstream() - td::kind("onnx")), "raw clean ");
  EXPECT_EQ(made(td::tag("domain", "a-b") | td::group("in")), "raw clean ");
  EXPECT_EQ(made(td::AssetSelection::all().sinks()), "model ");
  EXPECT_EQ(made(td::AssetSelection::all() & td::assets(raw, clean).roots()), "raw ");
}

TEST(Instance, RemembersRunsEventsAndFactsOfNoRun) {
  const std::string home = testing::TempDir() + "/instance";
  std::filesystem::remove_all(home);
  td::Defs defs;
  auto one = defs.asset("one", [] { return 1; });
  ASSERT_TRUE(td::materialize(defs, {.home = home, .tags = {{"team", "a"}}}).success());
  auto instance = td::Instance::open(home);
  ASSERT_TRUE(instance);
  const auto runs =
      instance->runs({.statuses = {td::RunStatus::kSuccess}, .tags = {{"team", "a"}}});
  ASSERT_EQ(runs->size(), 1u);
  const std::string id = runs->front().run_id;
  EXPECT_EQ(instance->run(id.substr(0, 12))->run_id, id);
  ASSERT_TRUE(instance->add_run_tags(id, {{"seen", "yes"}}));
  EXPECT_EQ(instance->run(id)->tags.at("seen"), "yes");
  ASSERT_TRUE(
      instance->report(td::AssetMaterialization{.asset = "orders", .metadata = {{"n", 2}}}));
  ASSERT_TRUE(instance->report(td::AssetObservation{.asset = "orders", .data_version = "8"}));
  EXPECT_EQ(instance->asset_keys()->size(), 2u);
  EXPECT_EQ((*instance->latest_materialization(one))->run_id, id);
  EXPECT_EQ(td::observed_version(**instance->latest_observation("orders")), "8");
  ASSERT_TRUE(instance->wipe("orders"));
  EXPECT_FALSE(*instance->latest_materialization("orders"));
  EXPECT_EQ(
      instance->events({.asset = one, .types = {td::EventType::kAssetMaterialization}})->size(),
      1u);
}

TEST(Tables, AreMetadataAsPythonWritesIt) {
  const td::TableSchema schema{
      .columns = {{.name = "a", .type = "int", .nullable = false, .constraints = {"> 0"}}},
      .constraints = {"sorted"}};
  const td::MetadataValue value = schema;
  EXPECT_EQ(value.kind(), td::MetadataKind::kTableSchema);
  EXPECT_EQ(std::get<std::string>(value.data()),
            R"({"columns":[{"name":"a","type":"int","description":null,"constraints":)"
            R"({"nullable":false,"unique":false,"other":["> 0"]},"tags":{}}],)"
            R"("constraints":{"other":["sorted"]}})");
  const td::MetadataValue rows =
      td::table(schema, {td::Json::from(std::map<std::string, int>{{"a", 1}})});
  EXPECT_NE(std::get<std::string>(rows.data()).find(R"("records":[{"a":1}])"), std::string::npos);
  const td::MetadataValue lineage = td::TableColumnLineage{{{"a", {{td::AssetKey("raw/x"), "b"}}}}};
  EXPECT_EQ(std::get<std::string>(lineage.data()),
            R"({"deps_by_column":{"a":[{"asset_key":["raw","x"],"column_name":"b"}]}})");
}

TEST(Overrides, ReplaceResourcesOfTheDefinitions) {
  td::Defs defs;
  auto store = defs.resource("store", [] { return Store{1}; });
  auto rows = defs.asset("rows", [](Store& s) { return s.rows; }, store);
  const td::RunReport report = td::materialize(
      defs, {.temporary_home = true, .resources = {{"store", td::given(Store{5})}}});
  EXPECT_EQ(report.value(rows).value(), 5);
}

}  // namespace tools
