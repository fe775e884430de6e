#include <treadle/treadle.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <numeric>
#include <stdexcept>

namespace td = treadle;

namespace {

int sum(const std::vector<int>& ns) {
  return std::accumulate(ns.begin(), ns.end(), 0);
}

td::RunReport run_named(const td::Defs& defs, const std::string& job,
                        td::RunJobOptions options = {}) {
  if (options.home.empty()) options.temporary_home = true;
  return td::run_job(defs, job, std::move(options));
}

struct Training {
  td::Required<std::string> target;
  double rate = 0.5;
  std::optional<int> seed;
};
TREADLE_FIELDS(Training, target, rate, seed)

}  // namespace

TEST(Job, OpsHandTheirValuesToEachOther) {
  auto one = td::op("one", [] { return 1; });
  auto add = td::op("add", [](int a, int b) { return a + b; });
  td::Defs defs;
  defs.job("j", [&](td::Compose& c) {
    auto two = c(add, c(one), c("uno", one));
    c("more", add, two, 40);
  });
  const td::RunReport report = run_named(defs, "j");
  ASSERT_TRUE(report.success()) << report.problem();
  EXPECT_EQ(report.output<int>("add").value(), 2);
  EXPECT_EQ(report.output<int>("more").value(), 42);
  EXPECT_NE(report.find_step("uno"), nullptr);
}

TEST(Job, DynamicOutputsFanOutAndAreCollected) {
  auto chunks = td::op("chunks", [] { return td::Dynamic<int>{{"a", 1}, {"b", 2}, {"c", 3}}; });
  auto twice = td::op("twice", [](int n) { return n * 2; });
  auto total = td::op("total", sum);
  td::Defs defs;
  defs.job("j", [&](td::Compose& c) {
    auto doubled = c(chunks).map([&](td::Node<int> n) { return c(twice, n); });
    c(total, doubled.collect());
  });
  const td::RunReport report = run_named(defs, "j");
  ASSERT_TRUE(report.success()) << report.problem();
  EXPECT_EQ(report.output<int>("twice[b]").value(), 4);
  EXPECT_EQ(report.output<int>("chunks", "result", "c").value(), 3);
  EXPECT_EQ(report.output<int>("total").value(), 12);
}

TEST(Job, AListOfOutputsFansInAndAnOutputThatIsLeftOutIsNotInIt) {
  auto maybe = td::op("maybe", [](int n) { return n > 1 ? std::optional<int>(n) : std::nullopt; });
  auto total = td::op("total", sum);
  auto after_none = td::op("after_none", [](int n) { return n; });
  td::Defs defs;
  defs.job("j", [&](td::Compose& c) {
    auto none = c("none", maybe, 1);
    c(total, std::vector<td::Node<int>>{none, c("two", maybe, 2), c("three", maybe, 3)});
    c(after_none, none);
  });
  const td::RunReport report = run_named(defs, "j");
  ASSERT_TRUE(report.success()) << report.problem();
  EXPECT_EQ(report.output<int>("total").value(), 5);
  EXPECT_EQ(report.find_step("after_none")->status, td::StepReport::Status::kSkipped);
}

TEST(Job, GraphsAreUsedLikeOps) {
  auto one = td::op("one", [] { return 1; });
  auto split = td::op({.name = "split", .outputs = {"half", "rest"}},
                      [](int n) { return std::pair<int, int>(n / 2, n - n / 2); });
  auto twice = td::op("twice", [](int n) { return n * 2; });
  auto work = td::graph("work", [&](td::Compose& c, td::Node<int> n) {
    auto [half, rest] = c(split, c(twice, n));
    return std::tuple(half, c("again", twice, rest));
  });
  td::Defs defs;
  defs.job("j", [&](td::Compose& c) {
    auto [a, b] = c("outer", work, c(one));
    c("last", twice, b);
    static_cast<void>(a);
  });
  const td::RunReport report = run_named(defs, "j");
  ASSERT_TRUE(report.success()) << report.problem();
  EXPECT_EQ(report.output<int>("outer.split", "half").value(), 1);
  EXPECT_EQ(report.output<int>("last").value(), 4);
}

TEST(Job, WithoutAValueANodeOnlyOrders) {
  std::atomic<int> order = 0;
  auto first = td::op("first", [&] { order = 1; });
  auto second = td::op("second", [&] { return order.load(); });
  td::Defs defs;
  defs.job("j", [&](td::Compose& c) { c(second, c(first)); });
  const td::RunReport report = run_named(defs, "j");
  ASSERT_TRUE(report.success()) << report.problem();
  EXPECT_EQ(report.output<int>("second").value(), 1);
}

TEST(Job, HooksAreCalledWhenStepsEnd) {
  std::atomic<int> good = 0, bad = 0;
  auto hooked = td::success_hook("hooked", [&](td::HookContext&) { ++good; });
  auto tell = td::failure_hook("tell", [&](td::HookContext& c) {
    bad += c.failure()->message == "boo" && c.op_name() == "fails";
  });
  auto fine = td::op("fine", [] { return 1; });
  auto fails = td::op("fails", []() -> int { throw std::runtime_error("boo"); });
  td::Defs defs;
  defs.job("j",
           [&](td::Compose& c) {
             c({.hooks = {hooked}}, fine);
             c("unhooked", fine);
             c(fails);
           },
           {.hooks = {tell}});
  const td::RunReport report = run_named(defs, "j");
  EXPECT_FALSE(report.success());
  EXPECT_EQ(good, 1);
  EXPECT_EQ(bad, 1);
}

TEST(Job, AStructSaysWhatMayBeConfigured) {
  auto train = td::op(
      "train",
      [](const Training& c) {
        return *c.target + ":" + std::to_string(c.seed.value_or(c.rate > 1));
      },
      td::Config<Training>());
  td::Defs defs;
  defs.job("j", [&](td::Compose& c) { c(train); });
  const td::RunReport good =
      run_named(defs, "j", {.config = R"({"ops":{"train":{"config":{"target":"y","rate":2}}}})"});
  ASSERT_TRUE(good.success()) << good.problem();
  EXPECT_EQ(good.output<std::string>("train").value(), "y:1");
  const td::RunReport wrong =
      run_named(defs, "j", {.config = R"({"ops":{"train":{"config":{"rate":"x","sed":1}}}})"});
  EXPECT_FALSE(wrong.success());
  EXPECT_EQ(wrong.run_id(), "");
  for (const char* told : {"root:ops:train:config:rate", "\"sed\"", "seed", "target"}) {
    EXPECT_NE(wrong.problem().find(told), std::string::npos) << told << " in " << wrong.problem();
  }
  EXPECT_NE(run_named(defs, "j").problem().find("Missing required config entry"),
            std::string::npos);
}

TEST(Job, ItIsRunAgainFromWhereItFailed) {
  std::atomic<int> made = 0;
  std::atomic<bool> works = false;
  auto make = td::op("make", [&] { return ++made; });
  auto use = td::op("use", [&](int n) {
    if (!works) throw std::runtime_error("not yet");
    return n * 10;
  });
  td::Defs defs;
  defs.job("j", [&](td::Compose& c) { c(use, c(make)); });
  const td::RunReport other = run_named(defs, "j");
  EXPECT_FALSE(other.success());
  const std::string home = testing::TempDir() + "/again";
  const td::RunReport failed = run_named(defs, "j", {.home = home});
  EXPECT_FALSE(failed.success());
  works = true;
  const td::RunReport again = run_named(defs, "j", {.again = failed.run_id(), .home = home});
  ASSERT_TRUE(again.success()) << again.problem();
  EXPECT_EQ(again.output<int>("use").value(), 20);
  EXPECT_EQ(made, 2);
}

TEST(Job, ResourcesAreMadeFromEachOtherAndTornDownInTurn) {
  struct Log {
    std::vector<std::string>* lines;
  };
  struct Client {
    std::string url;
  };
  std::vector<std::string> lines;
  td::Defs defs;
  auto log = defs.resource("log", [&] { return Log{&lines}; });
  auto client = defs.resource(
      "client",
      [](Log& l) {
        l.lines->push_back("made");
        return Client{"db"};
      },
      [&](Client& c) { lines.push_back("closed " + c.url); }, log);
  auto ask = td::op("ask", [](int n, Client& c) { return c.url + std::to_string(n); }, client);
  defs.job("j", [&](td::Compose& c) { c(ask, 1); });
  const td::RunReport report = run_named(defs, "j");
  ASSERT_TRUE(report.success()) << report.problem();
  EXPECT_EQ(report.output<std::string>("ask").value(), "db1");
  EXPECT_EQ(lines, (std::vector<std::string>{"made", "closed db"}));
}

TEST(Job, AnOpReadsAnAsset) {
  td::Defs defs;
  auto numbers = defs.asset("numbers", [] { return std::vector<int>{1, 2}; });
  auto total = td::op("total", sum);
  defs.job("j", [&](td::Compose& c) { c(total, numbers); });
  const std::string home = testing::TempDir() + "/asset";
  ASSERT_TRUE(td::materialize(defs, {.home = home}).success());
  const td::RunReport report = run_named(defs, "j", {.home = home});
  ASSERT_TRUE(report.success()) << report.problem();
  EXPECT_EQ(report.output<int>("total").value(), 3);
}

TEST(Job, NamesThatNobodyHasAreToldWithTheNearest) {
  td::Defs defs;
  auto one = td::op("one", [] { return 1; });
  defs.job("train_all", [&](td::Compose& c) { c(one); });
  EXPECT_NE(run_named(defs, "train_al").problem().find("train_all"), std::string::npos);
  EXPECT_NE(run_named(defs, "train_all", {.steps = {"two"}}).problem().find("two"),
            std::string::npos);
}

TEST(Job, AnAssetIsConfiguredByAStructToo) {
  td::Defs defs;
  auto rate = defs.asset("rate", [](const Training& c) { return c.rate; }, td::Config<Training>());
  const td::RunReport report =
      td::materialize(defs, {.config = R"({"ops":{"rate":{"config":{"target":"y","rate":0.25}}}})",
                             .temporary_home = true});
  ASSERT_TRUE(report.success()) << report.problem();
  EXPECT_EQ(report.value(rate).value(), 0.25);
  EXPECT_NE(td::materialize(defs, {.temporary_home = true}).problem().find("target"),
            std::string::npos);
}
