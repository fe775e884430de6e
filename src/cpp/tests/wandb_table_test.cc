// td::wandb::Table: the document of W&B's SDK, and values through a run.
#include <treadle/base/files.h>
#include <treadle/base/random.h>
#include <treadle/cpp/wandb_table.h>
#include <treadle/treadle.hpp>

#include <gtest/gtest.h>

namespace td = treadle;

namespace {

td::wandb::Table scores() {
  td::wandb::Table table{.columns = {"name", "score", "good"}};
  table.rows.push_back({"setosa", 0.5, true});
  table.rows.push_back({"virginica", 1, td::wandb::Cell()});
  return table;
}

std::string json_of(const td::wandb::Table& table) {
  return table.to_document().value_or(td::wandb::Document()).json;
}
td::Result<td::wandb::Table> read(std::string_view json) {
  return td::wandb::Table::from_document(
      json, [](const std::string&) { return td::fail(td::Errc::kNotFound, "no file"); });
}

TEST(WandbTable, IsWrittenAsTheSdkWritesIt) {
  EXPECT_EQ(
      json_of(scores()),
      R"({"_type": "table", "column_types": {"params": {"type_map": {)"
      R"("good": {"params": {"allowed_types": [{"wb_type": "boolean"}, {"wb_type": "none"}]}, "wb_type": "union"}, )"
      R"("name": {"params": {"allowed_types": [{"wb_type": "none"}, {"wb_type": "string"}]}, "wb_type": "union"}, )"
      R"("score": {"params": {"allowed_types": [{"wb_type": "none"}, {"wb_type": "number"}]}, "wb_type": "union"}}}, )"
      R"("wb_type": "typedDict"}, "columns": ["name", "score", "good"], )"
      R"("data": [["setosa", 0.5, true], ["virginica", 1, null]], "log_mode": "IMMUTABLE", "ncols": 3, "nrows": 2})");
}

TEST(WandbTable, IsReadAgain) {
  const auto back = read(json_of(scores()));
  ASSERT_TRUE(back) << back.error().message;
  EXPECT_EQ(*back, scores());
}

TEST(WandbTable, WrongShapesAreNamed) {
  td::wandb::Table table = scores();
  table.rows[1].pop_back();
  EXPECT_NE(table.to_document().error().message.find("Row 1 of the table has 2 values"),
            std::string::npos);
  table = scores();
  table.rows[1][0] = 5;
  EXPECT_NE(table.to_document().error().message.find("column 'name' holds a string before row 1"),
            std::string::npos);
  const auto image = read(R"({"_type":"table","columns":["a"],"data":[[{"_type":"x"}]]})");
  EXPECT_NE(image.error().message.find("column 'a'"), std::string::npos);
  EXPECT_FALSE(read("{}"));
}

TEST(WandbTable, TextIsAsciiAsPythonsIs) {
  td::wandb::Table table{.columns = {"\xed\x95\x9c"}};  // one Korean letter
  table.rows.push_back({"\xf0\x9f\x98\x80 \"a, b: c\""});
  const std::string json = json_of(table);
  EXPECT_NE(json.find(R"("columns": ["\ud55c"], "data": [["\ud83d\ude00 \"a, b: c\""]])"),
            std::string::npos)
      << json;
  EXPECT_EQ(read(json).value_or(td::wandb::Table()), table);
}

TEST(WandbTable, TravelsFromAssetToAsset) {
  const std::string home = td::join_path(testing::TempDir(), "treadle-table-" + td::random_uuid());
  td::Defs defs;
  defs.io_manager("wandb", td::wandb::artifacts_io_manager());
  auto made = defs.asset({.key = "scores", .io_manager = "wandb"}, scores);
  std::vector<td::wandb::Table> seen;
  const auto keep = [&](const td::wandb::Table& table) {
    seen.push_back(table);
    return 1;
  };
  defs.asset("whole", keep, made);
  defs.asset("by_name", keep, td::with(made, {td::wandb::configuration({.get = "Table"})}));
  EXPECT_TRUE(td::materialize(defs, {.home = home}).success());
  EXPECT_EQ(seen, (std::vector<td::wandb::Table>{scores(), scores()}));
  (void)td::remove_tree(home);
}

}  // namespace
