#include <treadle/base/files.h>
#include <treadle/base/random.h>
#include <treadle/db/query.h>
#include <treadle/db/testing.h>
#include <treadle/treadle.hpp>

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace treadle {

enum class Size { kSmall, kLarge };
TREADLE_ENUM(Size, kSmall, kLarge)

struct Sale {
  std::string city;
  double amount = 0;
  std::int64_t pieces = 0;
  bool paid = false;
  std::optional<int> discount = {};
  std::vector<std::string> notes = {};
  Size size = Size::kSmall;
  bool operator==(const Sale&) const = default;
};
TREADLE_FIELDS(Sale, city, amount, pieces, paid, discount, notes, size)

struct Amount {
  double amount = 0;
};
TREADLE_FIELDS(Amount, amount)

namespace {

using Sales = std::vector<Sale>;

// Where the tests' tables are: a file of SQLite, or a schema of the PostgreSQL that this run is about.
struct Warehouse {
  std::string path = join_path(::testing::TempDir(), "treadle-" + random_uuid() + ".db");
  std::string url = path;
  Warehouse() {
    const auto postgres = db::test_url(path);
    if (postgres && !postgres->empty()) url = *postgres;
  }
  std::vector<std::string> texts(const std::string& sql) const {
    auto database = db::is_postgres_url(url) ? db::open_postgres(url) : db::open_sqlite(url);
    EXPECT_TRUE(database) << database.error().message;
    auto rows = db::read_all(**database, sql, db::bind_nothing,
                             [](const db::Statement& s) { return std::string(s.text(0)); });
    EXPECT_TRUE(rows) << rows.error().message;
    return *rows;
  }
};

Defs with(const Warehouse& warehouse) {
  Defs defs;
  defs.io_manager("warehouse", sql_tables({.url = warehouse.url, .by_schema = false}));
  return defs;
}

RunReport run(const Defs& defs, MaterializeOptions options = {}) {
  if (options.home.empty()) options.temporary_home = true;
  RunReport report = materialize(defs, std::move(options));
  EXPECT_TRUE(report.success()) << report.problem();
  return report;
}

TEST(SqlTables, KeepRowsOfEveryKindAndGiveThemBack) {
  const Warehouse warehouse;
  const Sales sold = {{"Ulm", 1.5, std::numeric_limits<std::int64_t>::max(), true, 5, {"a", "b"}},
                      {"Köln \"x\"", -0.25, 0, false, {}, {}, Size::kLarge}};
  Sales read;
  Defs defs = with(warehouse);
  auto sales = defs.asset({.key = "shop/sales", .io_manager = "warehouse"}, [&] { return sold; });
  defs.asset("report", [&](const Sales& s) { read = s; }, sales);
  const RunReport report = run(defs);
  EXPECT_EQ(read, sold);
  EXPECT_EQ(warehouse.texts("select city from shop__sales where paid"),
            std::vector<std::string>{"Ulm"});
  const auto made = report.materialization("shop/sales").value().value();
  const Metadata metadata = metadata_of(made).value();
  EXPECT_EQ(find_metadata(metadata, "dagster/row_count")->display(), "2");
  EXPECT_EQ(find_metadata(metadata, "dagster/table_name")->display(), "shop__sales");
  ASSERT_NE(find_metadata(metadata, "dagster/column_schema"), nullptr);
}

TEST(SqlTables, ReplaceTheWholeTable) {
  const Warehouse warehouse;
  Sales sold = {{"Ulm", 1}, {"Bonn", 2}};
  Defs defs = with(warehouse);
  defs.asset({.key = "sales", .io_manager = "warehouse"}, [&] { return sold; });
  run(defs);
  sold = {{"Kiel", 3}};
  run(defs);
  EXPECT_EQ(warehouse.texts("select city from sales"), std::vector<std::string>{"Kiel"});
  sold = {};
  run(defs);
  EXPECT_TRUE(warehouse.texts("select city from sales").empty());
}

TEST(SqlTables, APartitionReplacesItsOwnRows) {
  const Warehouse warehouse;
  double factor = 1;
  Defs defs = with(warehouse);
  auto sales = defs.asset(
      {.key = "sales",
       .metadata = {{"partition_expr", "day"}},
       .io_manager = "warehouse",
       .partitions = daily_partitions("2026-01-01")},
      [&](Context& c) { return Sales{{"Ulm", factor * (c.partition_key().back() - '0')}}; });
  std::map<std::string, Sales> read;
  defs.asset(
      {.key = "weekly", .partitions = weekly_partitions("2025-12-28")},
      [&](const ByPartition<Sales>& days) { read = days; }, by_partition(sales));
  const std::string home = join_path(::testing::TempDir(), "treadle-" + random_uuid());
  for (const char* day : {"2026-01-04", "2026-01-05"})
    run(defs, {.selection = "sales", .partition = day, .home = home});
  factor = 10;
  run(defs, {.selection = "sales", .partition = "2026-01-05", .home = home});
  EXPECT_EQ(warehouse.texts("select day || ' ' || cast(amount as int) from sales order by day"),
            (std::vector<std::string>{"2026-01-04 4", "2026-01-05 50"}));
  // Those days of the week that are there, by key: the others have no rows.
  run(defs, {.selection = "weekly", .partition = "2026-01-04", .home = home});
  EXPECT_EQ(read["2026-01-05"].at(0).amount, 50);
  EXPECT_EQ(read["2026-01-04"].at(0).amount, 4);
}

TEST(SqlTables, SeveralPartitionsOfOneRunAreKeptEach) {
  const Warehouse warehouse;
  Defs defs = with(warehouse);
  defs.asset({.key = "sales",
              .metadata = {{"partition_expr", "region"}},
              .io_manager = "warehouse",
              .partitions = static_partitions({"eu", "us"}),
              .backfill_policy = BackfillPolicy::single_run()},
             [](Context& c) {
               ByPartition<Sales> all;
               for (const std::string& key : c.partition_keys()) all[key] = {{key, 1}};
               return all;
             });
  run(defs, {.partitions = "all"});
  EXPECT_EQ(warehouse.texts("select region from sales order by region"),
            (std::vector<std::string>{"eu", "us"}));
}

TEST(SqlTables, OfSeveralDimensionsEachHasItsColumn) {
  const Warehouse warehouse;
  Defs defs = with(warehouse);
  defs.asset({.key = "sales",
              .metadata = {{"partition_expr",
                            MetadataValue::json(R"({"day": "sold_on", "region": "city"})")}},
              .io_manager = "warehouse",
              .partitions = multi_partitions({{"day", *daily_partitions("2026-01-01")},
                                              {"region", *static_partitions({"Ulm", "Kiel"})}})},
             [](Context& c) { return Sales{{c.multi_partition_key().at("region"), 1}}; });
  const std::string home = join_path(::testing::TempDir(), "treadle-" + random_uuid());
  for (const char* key : {"2026-01-01|Ulm", "2026-01-01|Kiel", "2026-01-01|Ulm"})
    run(defs, {.partition = key, .home = home});
  EXPECT_EQ(warehouse.texts("select sold_on || ' ' || city from sales order by city"),
            (std::vector<std::string>{"2026-01-01 Kiel", "2026-01-01 Ulm"}));
}

TEST(SqlTables, AStructWithFewerMembersReadsFewerColumns) {
  const Warehouse warehouse;
  Defs defs = with(warehouse);
  defs.asset({.key = "sales", .io_manager = "warehouse"}, [] { return Sales{{"Ulm", 2.5}}; });
  run(defs);
  Defs reader = with(warehouse);
  double total = 0;
  auto amounts = reader.source<std::vector<Amount>>({.key = "sales", .io_manager = "warehouse"});
  reader.asset("total", [&](const std::vector<Amount>& all) { total = all.at(0).amount; }, amounts);
  run(reader);
  EXPECT_EQ(total, 2.5);
}

TEST(SqlTables, ANumberThatIsNoneComesBackSo) {
  const Warehouse warehouse;
  Defs defs = with(warehouse);
  double read = 0;
  auto rows = defs.asset({.key = "rows", .io_manager = "warehouse"}, [] {
    return std::vector<Amount>{{std::numeric_limits<double>::quiet_NaN()}};
  });
  defs.asset("one", [&](const std::vector<Amount>& all) { read = all.at(0).amount; }, rows);
  run(defs);
  EXPECT_TRUE(std::isnan(read));
}

TEST(SqlTables, AFailureLeavesTheTableAsItWas) {
  const Warehouse warehouse;
  Defs defs = with(warehouse);
  bool bad = false;
  defs.asset({.key = "sales",
              .metadata = {{"partition_expr", "day"}},
              .io_manager = "warehouse",
              .partitions = static_partitions({"a", "b"}),
              .backfill_policy = BackfillPolicy::single_run()},
             [&](Context&) {
               ByPartition<Sales> all{{"a", {{"Ulm", bad ? 9.0 : 1.0}}}, {"b", {}}};
               if (bad) all.erase("b");
               return all;
             });
  run(defs, {.partitions = "all"});
  bad = true;
  EXPECT_FALSE(materialize(defs, {.partitions = "all", .temporary_home = true}).success());
  EXPECT_EQ(warehouse.texts("select cast(amount as int) from sales"),
            std::vector<std::string>{"1"});
}

std::string problem_of(const Defs& defs, MaterializeOptions options = {}) {
  options.temporary_home = true;
  return materialize(defs, std::move(options)).problem();
}

TEST(SqlTables, WhatIsNoListOfRecordsIsRefused) {
  Defs defs = with(Warehouse());
  defs.asset({.key = "n", .io_manager = "warehouse"}, [] { return 1; });
  EXPECT_NE(problem_of(defs).find("a std::vector of a struct with TREADLE_FIELDS"),
            std::string::npos)
      << problem_of(defs);
}

TEST(SqlTables, PartitionsWithoutAColumnAreRefusedWithTheCure) {
  Defs defs = with(Warehouse());
  defs.asset({.key = "s", .io_manager = "warehouse", .partitions = static_partitions({"a"})},
             [] { return Sales(); });
  const std::string problem = problem_of(defs, {.partition = "a"});
  EXPECT_NE(problem.find("partition_expr"), std::string::npos) << problem;
}

TEST(SqlTables, ATableThatIsNotThereIsNamed) {
  Defs defs = with(Warehouse());
  auto sales = defs.source<Sales>({.key = "shop/sales", .io_manager = "warehouse"});
  defs.asset("n", [](const Sales& s) { return s.size(); }, sales);
  const std::string problem = problem_of(defs);
  EXPECT_NE(problem.find("'shop__sales' is not there"), std::string::npos) << problem;
}

TEST(SqlTables, SchemasOfPostgresqlArePartsOfTheKey) {
  const Warehouse warehouse;
  if (!db::is_postgres_url(warehouse.url)) GTEST_SKIP() << "SQLite has no schemas";
  const std::string schema = "treadle_" + random_uuid().substr(0, 8);
  Defs defs;
  defs.io_manager("warehouse", sql_tables({.url = warehouse.url}));
  Sales read;
  auto sales = defs.asset({.key = AssetKey(schema + "/sales"), .io_manager = "warehouse"},
                          [] { return Sales{{"Ulm"}}; });
  defs.asset("report", [&](const Sales& s) { read = s; }, sales);
  run(defs);
  EXPECT_EQ(read.size(), 1U);
  EXPECT_EQ(warehouse.texts("select city from \"" + schema + "\".sales"),
            std::vector<std::string>{"Ulm"});
}

TEST(SqlTables, StepsInProcessesOfTheirOwnShareThem) {
  const Warehouse warehouse;
  Defs defs = with(warehouse);
  auto sales = defs.asset({.key = "sales", .io_manager = "warehouse"},
                          [] { return Sales{{"Ulm"}, {"Kiel"}}; });
  auto count = defs.asset("count", [](const Sales& s) { return s.size(); }, sales);
  run(defs);
  const RunReport report = run(defs, {.own_processes = true});
  EXPECT_EQ(report.value(count).value(), 2U);
}

}  // namespace
}  // namespace treadle
