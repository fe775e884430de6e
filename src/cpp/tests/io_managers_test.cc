// The IO managers that come with the library, and which one loads an input.
#include <treadle/base/files.h>
#include <treadle/base/random.h>
#include <treadle/treadle.hpp>

#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <string>
#include <vector>

namespace td = treadle;

namespace io_managers_test {
struct Loom {
  int shafts = 0;
};
}  // namespace io_managers_test
template <>
inline constexpr bool treadle::kept_by_own_io_manager<io_managers_test::Loom> = true;

namespace {

using io_managers_test::Loom;

std::string new_folder() {
  return testing::TempDir() + "treadle-files-" + td::random_uuid();
}
std::string content(const std::string& path) {
  return td::read_file(td::real_files(), path).value_or("nothing at " + path);
}

TEST(Files, KeepEachValueWhereOtherProgramsFindIt) {
  const std::string folder = new_folder();
  td::Defs defs;
  defs.io_manager("files", td::files(folder));
  auto words = defs.asset({.key = "raw/words", .io_manager = "files"},
                          [] { return std::vector<std::string>{"warp", "weft"}; });
  auto title = defs.asset({.key = "title", .io_manager = "files"}, [] { return "Cloth"; });
  auto all = defs.asset(
      {.key = "all", .io_manager = "files"},
      [](const std::vector<std::string>& w, const std::string& t) { return t + ": " + w[1]; },
      words, title);
  const auto run = td::materialize(defs, {.temporary_home = true});
  ASSERT_TRUE(run.success()) << run.problem();
  EXPECT_EQ(content(folder + "/raw/words.json"), R"(["warp","weft"])");
  EXPECT_EQ(content(folder + "/all.txt"), "Cloth: weft");
  EXPECT_EQ(run.materialization("all").value()->payload.find("latest"), std::string::npos);
  EXPECT_NE(run.materialization("all").value()->payload.find(folder + "/all.txt"),
            std::string::npos);
}

TEST(Files, AreReadAsWhoeverPutThemThereLeftThem) {
  const std::string folder = new_folder();
  ASSERT_TRUE(td::real_files().make_folders(folder));
  std::ofstream(folder + "/rates.json") << R"({"EUR": 1.5})";
  td::Defs defs;
  defs.io_manager("files", td::files(folder));
  auto rates = defs.source<std::map<std::string, double>>({.key = "rates", .io_manager = "files"});
  auto euro =
      defs.asset("euro", [](const std::map<std::string, double>& r) { return r.at("EUR"); }, rates);
  auto run = td::materialize(defs, {.temporary_home = true});
  ASSERT_TRUE(run.success()) << run.problem();
  EXPECT_EQ(run.value(euro).value(), 1.5);

  std::ofstream(folder + "/rates.txt") << "EUR 1.5";
  run = td::materialize(defs, {.temporary_home = true});
  EXPECT_NE(run.problem().find("which is it"), std::string::npos) << run.problem();
  ASSERT_TRUE(td::remove_tree(folder));
  run = td::materialize(defs, {.temporary_home = true});
  EXPECT_NE(run.problem().find("Materialize it first"), std::string::npos) << run.problem();
}

TEST(Files, KeepPartitionsBesideEachOtherAndFoldersAsFolders) {
  const std::string folder = new_folder();
  td::Defs defs;
  defs.io_manager("io_manager", td::files(folder));
  auto sales = defs.asset({.key = "sales", .partitions = td::static_partitions({"a", "b"})},
                          [](td::Context& c) { return c.partition_key() == "a" ? 1 : 2; });
  auto total = defs.asset(
      "total",
      [](const td::ByPartition<int>& all) {
        int sum = 0;
        for (const auto& [key, one] : all) sum += one;
        return sum;
      },
      td::by_partition(sales));
  auto report = defs.asset(
      "report",
      [](td::Context& c, int sum) {
        const std::string path = c.scratch_path("report");
        if (!td::real_files().make_folders(path + "/deep")) throw td::Failure("no folder");
        std::ofstream(path + "/deep/sum.txt") << sum;
        return td::Folder{path};
      },
      total);
  defs.asset("read", [](const td::Folder& f) { return content(f.path + "/deep/sum.txt"); }, report);
  const std::string home = new_folder();
  for (const auto& one : td::materialize_partitions(
           defs, {.selection = "sales", .partitions = "all", .home = home})) {
    ASSERT_TRUE(one.success()) << one.problem();
  }
  for (int times = 0; times < 2; ++times) {  // the second time in the place of the first
    const auto run = td::materialize(defs, {.selection = "key:total+", .home = home});
    ASSERT_TRUE(run.success()) << run.problem();
  }
  EXPECT_EQ(content(folder + "/sales/b.json"), "2");
  EXPECT_EQ(content(folder + "/total.json"), "3");
  EXPECT_EQ(content(folder + "/report/deep/sum.txt"), "3");
  EXPECT_EQ(content(folder + "/read.txt"), "3");
}

TEST(InMemory, HandsOverValuesThatNothingCanWriteDown) {
  td::Defs defs;
  defs.io_manager("memory", td::in_memory());
  auto loom = defs.asset({.key = "loom", .io_manager = "memory"}, [] { return Loom{8}; });
  auto shafts = defs.asset("shafts", [](const Loom& l) { return l.shafts; }, loom);
  const auto run = td::materialize(defs, {.temporary_home = true});
  ASSERT_TRUE(run.success()) << run.problem();
  EXPECT_EQ(run.value(shafts).value(), 8);
  const auto later = td::materialize(defs, {.selection = "shafts", .temporary_home = true});
  EXPECT_TRUE(later.success()) << "the program still has it: " << later.problem();
}

TEST(InMemory, SaysWhatItDoesNotHave) {
  td::Defs defs;
  defs.io_manager("memory", td::in_memory());
  auto loom = defs.asset({.key = "loom", .io_manager = "memory"}, [] { return Loom{8}; });
  defs.asset("shafts", [](const Loom& l) { return l.shafts; }, loom);
  const auto run = td::materialize(defs, {.selection = "shafts", .temporary_home = true});
  EXPECT_NE(run.problem().find("no value of 'loom' in memory"), std::string::npos) << run.problem();
}

TEST(InMemory, KeepsOutputsOfOpsAndOfEachMappingKey) {
  td::Defs defs;
  defs.io_manager("memory", td::in_memory());
  auto parts = td::op({.name = "parts", .io_manager = "memory"},
                      [] { return td::Dynamic<int>{{"a", 1}, {"b", 2}}; });
  auto twice = td::op({.name = "twice", .io_manager = "memory"}, [](int n) { return Loom{n * 2}; });
  auto sum = td::op("sum", [](const std::vector<Loom>& all) {
    int n = 0;
    for (const Loom& loom : all) n += loom.shafts;
    return n;
  });
  defs.job("double", [&](td::Compose& c) {
    c(sum, c(parts).map([&](td::Node<int> n) { return c(twice, n); }).collect());
  });
  const auto run = td::run_job(defs, "double", {.temporary_home = true});
  ASSERT_TRUE(run.success()) << run.problem();
  EXPECT_EQ(run.output<int>("sum").value(), 6);
}

TEST(InMemory, PutsSeveralPartitionsTogether) {
  td::Defs defs;
  defs.io_manager("memory", td::in_memory());
  auto sales = defs.asset({.key = "sales",
                           .io_manager = "memory",
                           .partitions = td::static_partitions({"a", "b"}),
                           .backfill_policy = td::BackfillPolicy::single_run()},
                          [](td::Context& c) {
                            td::ByPartition<int> all;
                            for (const auto& key : c.partition_keys())
                              all[key] = key == "a" ? 1 : 2;
                            return all;
                          });
  auto second = defs.asset(
      "second", [](const td::ByPartition<int>& all) { return all.at("b"); },
      td::by_partition(sales));
  const std::string home = new_folder();
  for (const auto& one : td::materialize_partitions(
           defs, {.selection = "sales", .partitions = "all", .home = home})) {
    ASSERT_TRUE(one.success()) << one.problem();
  }
  const auto run = td::materialize(defs, {.selection = "second", .home = home});
  ASSERT_TRUE(run.success()) << run.problem();
  EXPECT_EQ(run.value(second).value(), 2);
}

// Gives what its input's metadata says, whatever was stored.
class Sample final : public td::IOManager {
 public:
  td::StepOutcome handle_output(td::OutputContext&, const td::Value&) override { return {}; }
  tl::expected<td::Value, td::StepFailure> load_input(td::InputContext& context) override {
    for (const auto& [name, value] : context.input.metadata) {
      if (name == "n") return td::Value::of(static_cast<int>(std::get<std::int64_t>(value.data())));
    }
    return td::Value::of(-1);
  }
};

TEST(InputManagers, LoadForOneFunctionAlone) {
  td::Defs defs;
  defs.io_manager("sample", std::make_shared<Sample>());
  auto rows = defs.asset("rows", [] { return 1000; });
  auto few = defs.asset(
      "few", [](int n) { return n; },
      td::with(rows, td::AssetIn{.io_manager = "sample", .metadata = {{"n", 3}}}));
  auto all = defs.asset("all", [](int n) { return n; }, rows);
  const auto run = td::materialize(defs, {.temporary_home = true});
  ASSERT_TRUE(run.success()) << run.problem();
  EXPECT_EQ(run.value(few).value(), 3);
  EXPECT_EQ(run.value(all).value(), 1000);
}

TEST(InputManagers, MayGiveAnotherTypeThanWasStored) {
  td::Defs defs;
  defs.io_manager("sample", std::make_shared<Sample>());
  defs.asset("text", [] { return "long"; });
  auto number = defs.asset(
      "number", [](int n) { return n; },
      td::with(td::by_name<int>("text"), td::AssetIn{.io_manager = "sample"}));
  const auto run = td::materialize(defs, {.temporary_home = true});
  ASSERT_TRUE(run.success()) << run.problem();
  EXPECT_EQ(run.value(number).value(), -1);
}

TEST(InputManagers, ThatAreNotThereAreToldBeforeAnythingRuns) {
  td::Defs defs;
  auto rows = defs.asset("rows", [] { return 1000; });
  defs.asset("few", [](int n) { return n; }, td::with(rows, td::AssetIn{.io_manager = "smaple"}));
  const auto problems = defs.problems();
  ASSERT_EQ(problems.size(), 1U);
  EXPECT_NE(problems[0].text().find("smaple"), std::string::npos);
}

}  // namespace
