#include <treadle/define/type_name.h>

#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

namespace treadle {
namespace {

struct Table {};

TEST(TypeName, ReadsAsPeopleWriteIt) {
  EXPECT_EQ(type_name(typeid(int)), "int");
  EXPECT_EQ(type_name(typeid(std::string)), "std::string");
  EXPECT_EQ(type_name(typeid(std::vector<std::vector<double>>)),
            "std::vector<std::vector<double>>");
  EXPECT_EQ(type_name(typeid(std::map<std::string, int>)), "std::map<std::string, int>");
  EXPECT_EQ(type_name(typeid(std::unordered_map<std::string, std::vector<std::string>>)),
            "std::unordered_map<std::string, std::vector<std::string>>");
  EXPECT_EQ(type_name(typeid(std::unique_ptr<Table>)), "std::unique_ptr<treadle::Table>");
  EXPECT_EQ(type_name(typeid(std::function<int(std::string, long)>)),
            "std::function<int (std::string, long)>");
}

}  // namespace
}  // namespace treadle
