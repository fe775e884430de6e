#include <treadle/define/name_table.h>

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace treadle {
namespace {

TEST(NameTable, FindsWhatWasAddedAndNothingElse) {
  std::vector<std::string> names;
  for (int i = 0; i < 5000; ++i) names.push_back("name/" + std::to_string(i));
  NameTable table;
  for (std::uint32_t i = 0; i < names.size(); ++i) EXPECT_EQ(table.add(names[i], i), i);
  EXPECT_EQ(table.size(), 5000u);
  for (std::uint32_t i = 0; i < names.size(); ++i) EXPECT_EQ(table.find(std::string(names[i])), i);
  EXPECT_EQ(table.find("name/5000"), NameTable::kNone);
  EXPECT_EQ(table.find("name/"), NameTable::kNone);
  EXPECT_EQ(table.find(""), NameTable::kNone);
}

TEST(NameTable, TheFirstNumberOfANameStays) {
  NameTable table(1);
  EXPECT_EQ(table.add("a", 3), 3u);
  EXPECT_EQ(table.add("a", 4), 3u);
  EXPECT_EQ(table.add("", 5), 5u);
  EXPECT_EQ(table.find(std::string_view()), 5u);
  EXPECT_EQ(table.find("a"), 3u);
  EXPECT_EQ(table.size(), 2u);
}

}  // namespace
}  // namespace treadle
