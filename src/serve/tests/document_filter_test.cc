#include "../document_filter.h"

#include <gtest/gtest.h>

namespace treadle::serve {
namespace {

struct Thing {
  std::string name;
  std::int64_t size = 0;
  std::vector<std::string> tags;
};

Lookup look(const Thing& thing) {
  return [&thing](std::string_view path) -> std::vector<graphql::Value> {
    if (path == "name") return {{thing.name}};
    if (path == "size") return {{thing.size}};
    std::vector<graphql::Value> out;
    if (path == "tag") {
      for (const std::string& tag : thing.tags) out.push_back({tag});
    }
    return out;
  };
}

std::string names(std::string_view filter, std::string_view order = {}) {
  const std::vector<Thing> things = {
      {"ash", 3, {"tree", "wood"}}, {"birch", 1, {"tree"}}, {"coal", 2, {}}};
  const auto found = filter_and_order(things, filter, order, look);
  if (!found) return "error: " + found.error().message;
  std::string out;
  for (const Thing& thing : *found) out += thing.name + " ";
  return out;
}

TEST(DocumentFilter, NothingAndTheEmptyObjectMatchAll) {
  EXPECT_EQ(names(""), "ash birch coal ");
  EXPECT_EQ(names("{}"), "ash birch coal ");
  EXPECT_EQ(names("null"), "ash birch coal ");
}

TEST(DocumentFilter, MembersAreJoinedByAnd) {
  EXPECT_EQ(names(R"({"name":"ash","size":3})"), "ash ");
  EXPECT_EQ(names(R"({"name":"ash","size":4})"), "");
}

TEST(DocumentFilter, OperatorsMeanWhatMongoSays) {
  EXPECT_EQ(names(R"({"size":{"$gte":2}})"), "ash coal ");
  EXPECT_EQ(names(R"({"size":{"$gt":1,"$lt":3}})"), "coal ");
  EXPECT_EQ(names(R"({"size":{"$lte":1.5}})"), "birch ");
  EXPECT_EQ(names(R"({"name":{"$ne":"ash"}})"), "birch coal ");
  EXPECT_EQ(names(R"({"name":{"$in":["ash","coal"]}})"), "ash coal ");
  EXPECT_EQ(names(R"({"name":{"$nin":["ash","coal"]}})"), "birch ");
  EXPECT_EQ(names(R"({"name":{"$regex":"^.i"}})"), "birch ");
  EXPECT_EQ(names(R"({"name":{"$contains":"oa"}})"), "coal ");
  EXPECT_EQ(names(R"({"tag":{"$exists":false}})"), "coal ");
  EXPECT_EQ(names(R"({"name":{"$not":{"$eq":"ash"}}})"), "birch coal ");
}

TEST(DocumentFilter, AListFitsWhenOneOfItDoes) {
  EXPECT_EQ(names(R"({"tag":"tree"})"), "ash birch ");
  EXPECT_EQ(names(R"({"tag":{"$in":["wood","stone"]}})"), "ash ");
  EXPECT_EQ(names(R"({"tag":{"$ne":"wood"}})"), "birch coal ");
}

TEST(DocumentFilter, GroupsNest) {
  EXPECT_EQ(names(R"({"$or":[{"name":"coal"},{"$and":[{"tag":"tree"},{"size":1}]}]})"),
            "birch coal ");
  EXPECT_EQ(names(R"({"$nor":[{"name":"coal"},{"name":"ash"}]})"), "birch ");
  EXPECT_EQ(names(R"({"$not":{"name":"coal"}})"), "ash birch ");
}

TEST(DocumentFilter, OrderIsByPathUpOrDown) {
  EXPECT_EQ(names("", "-size"), "ash coal birch ");
  EXPECT_EQ(names("", "+size"), "birch coal ash ");
  EXPECT_EQ(names("", "nothing,-name"), "coal birch ash ");
}

TEST(DocumentFilter, NonsenseIsRefusedWithItsPlace) {
  for (const char* filter :
       {"[", "[]", "3", R"({"$and":3})", R"({"name":{"$near":1}})", R"({"name":{"$in":"ash"}})",
        R"({"name":{"$regex":"("}})", R"({"$or":[3]})"}) {
    EXPECT_TRUE(names(filter).starts_with("error: ")) << filter;
  }
}

}  // namespace
}  // namespace treadle::serve
