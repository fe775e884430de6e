#include "home.h"

namespace treadle::tracking {
namespace {

using Names = std::vector<std::string>;

class Filters : public testing::Test {
 protected:
  void SetUp() override {
    add("a", R"({"lr":0.1,"model":{"name":"resnet","depth":18},"tags":["x","y"]})",
        R"({"loss":0.5})", {"baseline"}, 0);
    add("b", R"({"lr":0.01,"model":{"name":"vit"},"flag":true})", R"({"loss":0.3,"acc":NaN})",
        {"baseline", "prod"}, 1);
    add("c", R"({"lr":"auto","model.name":"dotted"})", R"({"loss":null})", {}, 0);
    add("d", R"({"lr":1})", R"({"m":{"best":7}})", {"prod"}, -1);
  }
  void add(const std::string& id, const std::string& config, const std::string& summary, Names tags,
           int exit_code) {
    const auto run = home.start(id, {.display_name = "run " + id,
                                     .tags = tags,
                                     .group = id < "c" ? "g1" : "g2",
                                     .config = config});
    StreamUpdate update;
    update.summary = summary;
    ASSERT_TRUE(home.store->stream(run.key, update));
    home.clock.time += 60'000'000;
    if (exit_code >= 0) {
      ASSERT_TRUE(home.store->finish(run.key, exit_code));
    }
  }
  // The ids of the runs that match.
  std::string match(const std::string& filter, const std::string& order = "") {
    const auto page = home.store->runs({.filter = filter, .order = order});
    if (!page) return page.error().message;
    std::string ids;
    for (const tracking::Run& run : page->runs) ids += run.id;
    EXPECT_EQ(home.store->count({.filter = filter}).value(), page->total);
    return ids;
  }
  TestHome home;
};

TEST_F(Filters, CompareConfigAndSummary) {
  EXPECT_EQ(match(R"({"config.lr":0.1})"), "a");
  EXPECT_EQ(match(R"({"config.lr.value":0.1})"), "a");
  EXPECT_EQ(match(R"({"config.lr":{"$gt":0.05}})"), "ad");
  EXPECT_EQ(match(R"({"config.lr":{"$gte":0.01,"$lt":1}})"), "ab");
  EXPECT_EQ(match(R"({"config.lr":{"$lte":"b"}})"), "c");  // texts only with texts
  EXPECT_EQ(match(R"({"config.lr":{"$in":[1,"auto"]}})"), "cd");
  EXPECT_EQ(match(R"({"config.lr":{"$nin":[1,"auto"]}})"), "ab");
  EXPECT_EQ(match(R"({"config.model.name":"resnet"})"), "a");
  EXPECT_EQ(match(R"x({"config.model.name":{"$regex":"^(v|d)"}})x"), "bc");
  EXPECT_EQ(match(R"({"config.flag":true})"), "b");
  EXPECT_EQ(match(R"({"config.tags":"x"})"), "a");
  EXPECT_EQ(match(R"({"summary_metrics.loss":{"$lt":0.4}})"), "b");
  EXPECT_EQ(match(R"({"summary_metrics.m.best":7})"), "d");
  EXPECT_EQ(match(R"({"summaryMetrics.loss":{"$exists":true}})"), "abc");
  EXPECT_EQ(match(R"({"config.flag":{"$exists":false}})"), "acd");
  EXPECT_EQ(match(R"({"config.lr":{"$ne":1}})"), "abc");
  EXPECT_EQ(match(R"({"summary_metrics.loss":null})"), "cd");
}

TEST_F(Filters, CompareWhatRunsAre) {
  EXPECT_EQ(match(""), "abcd");
  EXPECT_EQ(match("{}"), "abcd");
  EXPECT_EQ(match(R"({"state":"finished"})"), "ac");
  EXPECT_EQ(match(R"({"state":{"$in":["failed","running"]}})"), "bd");
  EXPECT_EQ(match(R"({"tags":"prod"})"), "bd");
  EXPECT_EQ(match(R"({"tags":{"$nin":["prod"]}})"), "ac");
  EXPECT_EQ(match(R"({"tags":{"$in":["baseline","none"]}})"), "ab");
  EXPECT_EQ(match(R"({"group":"g2"})"), "cd");
  EXPECT_EQ(match(R"({"display_name":{"$regex":"RUN [ab]","$options":"i"}})"), "ab");
  EXPECT_EQ(match(R"({"displayName":{"$not":{"$regex":"[ab]$"}}})"), "cd");
  EXPECT_EQ(match(R"({"name":"c"})"), "c");
  EXPECT_EQ(match(R"({"created_at":{"$gt":"2023-11-14T22:14:30"}})"), "cd");
  EXPECT_EQ(match(R"({"duration":{"$gt":59}})"), "abc");
  EXPECT_EQ(match(R"({"$or":[{"name":"a"},{"config.lr":1}]})"), "ad");
  EXPECT_EQ(match(R"({"$and":[{"group":"g1"},{"$not":{"tags":"prod"}}]})"), "a");
  EXPECT_EQ(match(R"({"$nor":[{"name":"a"},{"name":"b"}],"group":"g2"})"), "cd");
}

TEST_F(Filters, Order) {
  EXPECT_EQ(match("", "-created_at"), "dcba");
  EXPECT_EQ(match("", "+created_at"), "abcd");
  EXPECT_EQ(match("", "-config.lr"), "cdab");  // texts after numbers
  EXPECT_EQ(match("", "config.lr.value"), "badc");
  EXPECT_EQ(match("", "+summary_metrics.loss"), "cbad");  // what is missing comes last
  EXPECT_EQ(match("", "group,-name"), "badc");
}

TEST_F(Filters, Pages) {
  Names ids;
  RunQuery query{.order = "-config.lr", .limit = 3};
  RunPage page = home.store->runs(query).value();
  EXPECT_TRUE(page.more);
  EXPECT_EQ(page.total, 4);
  query.after = page.runs.back().key;
  page = home.store->runs(query).value();
  ASSERT_EQ(page.runs.size(), 1U);
  EXPECT_EQ(page.runs[0].id, "b");
  EXPECT_FALSE(page.more);
  EXPECT_TRUE(home.store->runs({.project = "other"})->runs.empty());
}

TEST_F(Filters, MistakesAreSaidWithTheCure) {
  EXPECT_NE(match(R"({"config.lr":{"$gtt":1}})").find("Did you mean '$gt'?"), std::string::npos);
  EXPECT_NE(match(R"({"stat":"x"})").find("Did you mean 'state'?"), std::string::npos);
  EXPECT_NE(match(R"x({"name":{"$regex":"("}})x").find("regular expression"), std::string::npos);
  EXPECT_NE(match(R"({"created_at":{"$gt":"yesterday"}})").find("2026-01-31"), std::string::npos);
  EXPECT_NE(match("[]").find("JSON object"), std::string::npos);
  EXPECT_NE(match("{").find("filter"), std::string::npos);
  EXPECT_NE(match("", "-nothing").find("nothing"), std::string::npos);
}

TEST_F(Filters, ARunAtWorkIsFoundByWhatItSaidLast) {
  const auto run = home.store->get({"", "", "d"}).value();
  StreamUpdate update;
  update.summary = R"({"loss":99})";
  ASSERT_TRUE(home.store->stream(run.key, update));
  EXPECT_EQ(match(R"({"summary_metrics.loss":99})"), "d");
  EXPECT_EQ(match(R"({"summary_metrics.m.best":7})"), "");
  ASSERT_TRUE(home.store->finish(run.key, 0));
  EXPECT_EQ(match(R"({"summary_metrics.loss":99})"), "d");
  EXPECT_EQ(match(R"({"summary_metrics.m.best":7})"), "");
}

TEST_F(Filters, APatternCannotTakeForEver) {
  home.start("z", {.display_name = std::string(3'000, 'a')});
  EXPECT_EQ(match(R"x({"display_name":{"$regex":"^(a+)+$"}})x"), "z");
  EXPECT_EQ(match(R"x({"display_name":{"$regex":"^(a|aa)+b$"}})x"), "");
}

}  // namespace
}  // namespace treadle::tracking
