#include "../table.h"

#include "../render.h"
#include "../text.h"

#include <gtest/gtest.h>

namespace treadle::cli {
namespace {

TEST(Table, AlignsColumnsAndEndsLinesWithoutSpaces) {
  Table table;
  table.columns = {{"asset"}, {"size", Column::Align::kRight}, {"note"}};
  table.rows = {{"iris", "4.6 kB", ""}, {"model", "71 B", "new"}};
  EXPECT_EQ(render_table(table, {}),
            "asset    size  note\n"
            "iris   4.6 kB\n"
            "model    71 B  new\n");
}

TEST(Table, LeavesOutColumnsThatSayNothing) {
  Table table;
  table.columns = {{"asset"}, {"checks"}};
  table.rows = {{"iris", ""}};
  EXPECT_EQ(render_table(table, {}), "asset\niris\n");
}

TEST(Table, WithoutRowsIsNothing) {
  Table table;
  table.columns = {{"asset"}};
  EXPECT_EQ(render_table(table, {}), "");
}

TEST(Table, FitsTheTerminalByCuttingTheColumnsThatMayShrink) {
  Table table;
  table.columns = {
      {"asset"}, {"path", Column::Align::kLeft, 2, true}, {"why", Column::Align::kLeft, 1, false}};
  table.rows = {{"training_set", "warehouse/europe/training_set.parquet",
                 "upstream 'raw' changed from 1 to 2"}};
  Terminal narrow;
  narrow.width = 60;
  const std::string text = render_table(table, narrow);
  for (const std::string& line : split_lines(text)) EXPECT_LE(display_width(line), 60) << line;
  EXPECT_NE(text.find("training_set "), std::string::npos)
      << "columns that may not shrink stay whole";
  EXPECT_NE(text.find("parquet"), std::string::npos) << "a path keeps its end";
}

TEST(Table, NeutralisesCells) {
  Table table;
  table.columns = {{"asset"}};
  table.rows = {{"a\x1b[2J\nb"}};
  EXPECT_EQ(render_table(table, {}), "asset\na\\x1b[2J\\nb\n");
}

TEST(Table, CountsWideCharactersAsTwoColumns) {
  Table table;
  table.columns = {{"a"}, {"b"}};
  table.rows = {{"模型", "x"}, {"abc", "y"}};
  EXPECT_EQ(render_table(table, {}), "a     b\n模型  x\nabc   y\n");
}

TEST(Terminal, PaintsOnlyWithColour) {
  Terminal terminal;
  EXPECT_EQ(terminal.paint(Style::kRed, "x"), "x");
  terminal.color = true;
  EXPECT_EQ(terminal.paint(Style::kRed, "x"), "\x1b[31mx\x1b[0m");
}

TEST(Metadata, ShortValuesTakeOneLineAndTablesABlock) {
  Metadata metadata;
  set_metadata(metadata, "accuracy", 0.96);
  set_metadata(metadata, "confusion", MetadataValue::md("| a | bb |\n|---|---|\n| 10 | 2 |"));
  set_metadata(metadata, "rows",
               MetadataValue(
                   MetadataKind::kTable,
                   std::string(R"({"records": [{"n": 1, "s": "x"}, {"n": 22}], "schema": null})")));
  EXPECT_EQ(render_metadata(metadata, {}),
            "accuracy   0.96\n"
            "confusion\n"
            "  | a   | bb  |\n"
            "  | --- | --- |\n"
            "  | 10  | 2   |\n"
            "rows\n"
            "  n   s\n"
            "  1   x\n"
            "  22\n");
}

TEST(Metadata, HostileMarkdownReachesNoTerminal) {
  Metadata metadata;
  set_metadata(metadata, "n\x1b[31m",
               MetadataValue::md("\x1b]8;;http://x\x07"
                                 "click"));
  const std::string text = render_metadata(metadata, {});
  EXPECT_EQ(text.find('\x1b'), std::string::npos);
  EXPECT_EQ(text.find('\x07'), std::string::npos);
}

TEST(Markdown, OtherTextAndEscapedBarsStay) {
  EXPECT_EQ(align_markdown("# T\n\n| a\\|b | c |\n| - | - |\ntext"),
            "# T\n\n| a\\|b | c   |\n| ---- | --- |\ntext\n");
}

}  // namespace
}  // namespace treadle::cli
