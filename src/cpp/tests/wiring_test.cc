#include <treadle/treadle.hpp>

#include <gtest/gtest.h>
namespace td = treadle;
namespace wt {
struct Table {
  std::vector<std::vector<double>> rows;
  std::vector<std::string> names;
  bool operator==(const Table&) const = default;
};
TREADLE_FIELDS(Table, rows, names)
struct Metrics {
  double accuracy = 0;
  std::optional<int> n;
};
TREADLE_FIELDS(Metrics, accuracy, n)
std::pair<Table, Table> split(const Table& t) {
  return {t, t};
}
td::Result<std::string> train(td::Context& c, const Table& t) {
  c.info("x");
  if (t.rows.empty()) return td::fail("no rows");
  return "m";
}
struct Db {
  int x = 0;
};
}  // namespace wt
using namespace wt;
TEST(Wiring, All) {
  td::Defs defs;
  auto csv = defs.file_source("iris_csv", "iris.csv");
  auto db = defs.resource("db", [] { return Db{}; }, [](Db& d) { d.x = 1; });
  auto raw = defs.asset("raw/iris", [](const td::File&) { return Table{}; }, csv);
  auto [tr, te] = defs.multi_asset({"training_set", "test_set"}, split, raw);
  auto model = defs.asset({.key = "model", .group = "training", .kinds = {"knn"}}, train, tr);
  auto ev = defs.asset(
      "evaluation",
      [](Db&, const std::string&, const Table&) {
        return td::Output{Metrics{1, 2}, {{"rows", 3}, {"a", "b"}}};
      },
      db, model, te);
  defs.check("accurate_enough", ev,
             [](const Metrics& m) {
               return td::CheckResult{.passed = m.accuracy >= 0.9,
                                      .metadata = {{"accuracy", m.accuracy}}};
             },
             {.blocking = true});
  auto report = defs.asset(
      {.key = "report", .deps = {ev, "model"}}, [](auto& t) { (void)t; },
      td::by_name<Table>("training_set"));
  defs.asset("end", [](td::Context&) -> td::Output<void> { return {}; }, td::after(report), report);
  auto [a, b] = defs.multi_asset({{.key = "a", .group = "q"}, {.key = "b"}}, [] {
    return std::tuple<std::optional<int>, td::Output<std::string>>{};
  });
  static_assert(std::is_same_v<decltype(a), td::Asset<int>>);
  static_assert(std::is_same_v<decltype(b), td::Asset<std::string>>);
  auto arr = defs.multi_asset(
      {"c", "d", "e"}, [](int x) { return std::array<int, 3>{x, 1, 2}; },
      std::get<0>(std::tuple(a)));
  EXPECT_EQ(std::get<2>(arr).key().text(), "e");
  for (auto& p : td::find_problems(defs.definitions())) ADD_FAILURE() << p.text();
}
