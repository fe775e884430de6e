#include <treadle/app/home.h>
#include <treadle/artifact/store.h>
#include <treadle/base/digest.h>
#include <treadle/base/files.h>
#include <treadle/base/random.h>
#include <treadle/define/graph.h>
#include <treadle/plan/selection.h>

#include <gtest/gtest.h>

#include <cstdio>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

namespace treadle::app {
namespace {

class TextCodec final : public Codec {
 public:
  Result<Encoded> encode(const Value& value) const override {
    Encoded encoded;
    encoded.format = "text";
    encoded.file_name = "output.txt";
    encoded.bytes = *value.get<std::string>();
    return encoded;
  }
  Result<Value> decode(Stored& stored) const override {
    TREADLE_TRY(std::string bytes, stored.bytes());
    return Value::of(std::move(bytes));
  }
};

// A step that joins its inputs and appends a suffix.
class Join final : public StepBody {
 public:
  explicit Join(std::string suffix, int* runs = nullptr)
      : suffix_(std::move(suffix)), runs_(runs) {}
  StepOutcome run(StepContext& context) override {
    std::string text;
    for (std::size_t i = 0; i < inputs; ++i) {
      auto value = context.load_input(i);
      if (!value) return tl::make_unexpected(std::move(value).error());
      text += *value->get<std::string>();
    }
    if (runs_ != nullptr) ++*runs_;
    if (suffix_ == "fail") {
      StepFailure failure;
      failure.message = "asked to fail";
      return tl::make_unexpected(std::move(failure));
    }
    OutputReport report;
    report.value = Value::of(text + suffix_);
    return context.handle_output(std::move(report));
  }
  std::string derived_code_version() override { return "join-" + suffix_; }
  std::size_t inputs = 0;

 private:
  std::string suffix_;
  int* runs_;
};

StepDef asset(const std::string& key, const std::vector<std::string>& inputs,
              const std::string& suffix, int* runs = nullptr) {
  auto body = std::make_shared<Join>(suffix, runs);
  body->inputs = inputs.size();
  StepDef step;
  step.name = key;
  for (const std::string& input : inputs) {
    InputDef in;
    in.name = input;
    in.asset = input;
    in.codec = std::make_shared<TextCodec>();
    step.inputs.push_back(in);
  }
  OutputDef out;
  out.asset.key = key;
  out.codec = std::make_shared<TextCodec>();
  step.outputs.push_back(out);
  step.body = body;
  return step;
}

class HomeTest : public testing::Test {
 protected:
  void SetUp() override { open(); }
  void TearDown() override {
    home.reset();
    ASSERT_TRUE(remove_tree(folder));
  }
  void open() {
    home.reset();
    home = Home::open({.path = folder, .durability = db::Durability::kOff}).value();
  }
  Result<execute::RunResult> run(Definitions& definitions, const std::string& selection = "*",
                                 execute::RunOptions options = {}) {
    add_defaults(definitions, *home);
    const plan::AssetGraph graph(definitions);
    TREADLE_TRY(const plan::Selection parsed, plan::parse_selection(selection));
    TREADLE_TRY(const auto selected, plan::select(parsed, graph));
    return materialize(*home, graph, selected, std::move(options));
  }
  std::vector<plan::AssetStatus> status(Definitions& definitions) {
    add_defaults(definitions, *home);
    const plan::AssetGraph graph(definitions);
    return plan::find_stale(graph, load_facts(*home, graph).value(), [](const plan::Node& node) {
      return node.step->body->derived_code_version();
    });
  }
  std::string value(const AssetKey& key) {
    return *load_asset_value(*home, key, TextCodec()).value().get<std::string>();
  }
  std::string folder = testing::TempDir() + "home-" + to_hex(random_bytes(6));
  std::unique_ptr<Home> home;
};

TEST_F(HomeTest, AMaterializedAssetIsKeptAndReadBackInAnotherSession) {
  Definitions definitions;
  definitions.steps = {asset("a", {}, "1"), asset("b", {"a"}, "2")};
  const auto result = run(definitions);
  ASSERT_TRUE(result) << result.error().message;
  EXPECT_TRUE(result->success());
  open();
  EXPECT_EQ(value("b"), "12");
  EXPECT_EQ(home->store().get(parse_artifact_ref("b").value()).value().index, 0);
}

TEST_F(HomeTest, AnAssetOutsideOfTheSelectionIsReadFromTheStore) {
  Definitions definitions;
  definitions.steps = {asset("a", {}, "1"), asset("b", {"a"}, "2")};
  ASSERT_TRUE(run(definitions, "a")->success());
  ASSERT_TRUE(run(definitions, "b")->success());
  EXPECT_EQ(value("b"), "12");
}

TEST_F(HomeTest, RunningAgainMakesNoNewVersionAndLeavesAllFresh) {
  Definitions definitions;
  definitions.steps = {asset("a", {}, "1"), asset("b", {"a"}, "2")};
  EXPECT_EQ(status(definitions)[0].staleness, plan::Staleness::kMissing);
  ASSERT_TRUE(run(definitions)->success());
  ASSERT_TRUE(run(definitions)->success());
  EXPECT_EQ(home->store().get(parse_artifact_ref("a").value()).value().index, 0);
  for (const auto& s : status(definitions)) EXPECT_EQ(s.staleness, plan::Staleness::kFresh);
}

TEST_F(HomeTest, ChangedCodeMakesItAndWhatFollowsStaleUntilTheBytesAreTheSame) {
  Definitions before;
  before.steps = {asset("a", {}, "1"), asset("b", {"a"}, "2"), asset("c", {}, "3")};
  ASSERT_TRUE(run(before)->success());
  Definitions after;
  after.steps = {asset("a", {}, "x"), asset("b", {"a"}, "2"), asset("c", {}, "3")};
  auto found = status(after);
  EXPECT_EQ(found[0].reasons.at(0).kind, plan::StaleReason::Kind::kCodeChanged);
  EXPECT_EQ(found[1].reasons.at(0).kind, plan::StaleReason::Kind::kUpstreamStale);
  EXPECT_EQ(found[2].staleness, plan::Staleness::kFresh);
  ASSERT_TRUE(run(after, "a")->success());
  found = status(after);
  EXPECT_EQ(found[0].staleness, plan::Staleness::kFresh);
  EXPECT_EQ(found[1].reasons.at(0).kind, plan::StaleReason::Kind::kUpstreamChanged);
}

TEST_F(HomeTest, AVersionThatWasDeletedMakesItsAssetStale) {
  Definitions definitions;
  definitions.steps = {asset("a", {}, "1")};
  ASSERT_TRUE(run(definitions)->success());
  const auto version = home->store().get(parse_artifact_ref("a").value()).value();
  ASSERT_TRUE(home->store().delete_version(version, true));
  EXPECT_EQ(status(definitions)[0].reasons.at(0).kind, plan::StaleReason::Kind::kArtifactGone);
}

TEST_F(HomeTest, AFailedRunIsResumedWithoutRunningFinishedStepsAgain) {
  int runs = 0;
  Definitions failing;
  failing.steps = {asset("a", {}, "1", &runs), asset("b", {"a"}, "fail")};
  const auto first = run(failing);
  ASSERT_TRUE(first);
  EXPECT_EQ(first->status, RunStatus::kFailure);
  Definitions mended;
  mended.steps = {asset("a", {}, "1", &runs), asset("b", {"a"}, "2")};
  add_defaults(mended, *home);
  const plan::AssetGraph graph(mended);
  const auto second = resume(*home, graph, first->run_id.substr(0, 8), {});
  ASSERT_TRUE(second) << second.error().message;
  EXPECT_TRUE(second->success());
  EXPECT_EQ(second->run_id, first->run_id);
  EXPECT_EQ(runs, 1);
  EXPECT_EQ(value("b"), "12");
}

TEST_F(HomeTest, AFileSourceThatChangesMakesWhatReadsItStale) {
  const std::string path = join_path(folder, "data.csv");
  ASSERT_TRUE(write_file_atomic(real_files(), path, "1", false));
  Definitions definitions;
  StepDef reader = asset("a", {}, "1");
  InputDef input;
  input.asset = "csv";
  input.loads_value = false;
  reader.inputs.push_back(input);
  definitions.steps = {reader};
  SourceAssetDef source;
  source.asset.key = "csv";
  source.file = path;
  definitions.sources = {source};
  ASSERT_TRUE(run(definitions)->success());
  const auto of_a = [&] {
    const plan::AssetGraph graph(definitions);
    return status(definitions)[graph.find("a")];
  };
  EXPECT_EQ(of_a().staleness, plan::Staleness::kFresh);
  ASSERT_TRUE(write_file_atomic(real_files(), path, "2", false));
  ASSERT_EQ(of_a().reasons.size(), 1U);
  EXPECT_EQ(of_a().reasons[0].kind, plan::StaleReason::Kind::kUpstreamChanged);
}

TEST_F(HomeTest, TheKeyIsPrivateAndStaysTheSame) {
  struct stat s{};
  ASSERT_EQ(stat(join_path(folder, "key").c_str(), &s), 0);
  EXPECT_EQ(s.st_mode & 0777, 0600U);
  const std::string key = home->signing_key();
  EXPECT_EQ(key.size(), 32U);
  open();
  EXPECT_EQ(home->signing_key(), key);
}

TEST_F(HomeTest, ANewHomeOpenedByManyProcessesAtOnceHasOneKey) {
  const std::string fresh = folder + "-many";
  std::vector<int> reads;
  for (int i = 0; i < 8; ++i) {
    int ends[2];
    ASSERT_EQ(pipe(ends), 0);
    if (fork() == 0) {
      const auto opened = Home::open({.path = fresh});
      const std::string key = opened ? to_hex((*opened)->signing_key()) : "error";
      _exit(write(ends[1], key.data(), key.size()) > 0 ? 0 : 1);
    }
    close(ends[1]);
    reads.push_back(ends[0]);
  }
  std::vector<std::string> keys;
  for (const int fd : reads) {
    char buffer[100];
    const ssize_t n = read(fd, buffer, sizeof buffer);
    keys.emplace_back(buffer, n > 0 ? static_cast<std::size_t>(n) : 0);
    close(fd);
  }
  while (wait(nullptr) > 0) {
  }
  for (const std::string& key : keys) EXPECT_EQ(key, keys.front());
  EXPECT_EQ(keys.front().size(), 64U);
  ASSERT_TRUE(remove_tree(fresh));
}

TEST_F(HomeTest, SixteenProcessesRunInOneHomeAtOnceAndLoseNothing) {
  constexpr int kProcesses = 16;
  home->database().close_for_fork();
  for (int p = 0; p < kProcesses; ++p) {
    if (fork() != 0) continue;
    home = Home::open({.path = folder}).value();
    Definitions definitions;
    const std::string mine = "own_" + std::to_string(p);
    // One collection that all of them write, with content of their own, and one for each.
    definitions.steps = {asset("shared", {}, std::to_string(p)), asset(mine, {"shared"}, "x")};
    execute::RunOptions options;
    options.run_id = "run-" + std::to_string(p);
    const auto result = run(definitions, "*", std::move(options));
    if (!result) fprintf(stderr, "%s\n", result.error().message.c_str());
    _exit(result && result->success() ? 0 : 1);
  }
  for (int p = 0; p < kProcesses; ++p) {
    int status = -1;
    wait(&status);
    EXPECT_EQ(status, 0);
  }
  const auto versions = home->store().versions(parse_artifact_ref("shared").value()).value();
  ASSERT_EQ(versions.size(), static_cast<std::size_t>(kProcesses));
  for (int i = 0; i < kProcesses; ++i) EXPECT_EQ(versions[static_cast<std::size_t>(i)].index, i);
  std::size_t events = 0;
  for (int p = 0; p < kProcesses; ++p) {
    const std::string id = "run-" + std::to_string(p);
    EXPECT_EQ(home->record().find_run(id).value()->status, RunStatus::kSuccess);
    const auto of_run = home->record().events({.run_id = id}).value();
    if (p == 0) events = of_run.size();
    EXPECT_EQ(of_run.size(), events) << "every run has the same story";
    EXPECT_EQ(of_run.back().type, EventType::kRunSuccess);
    // Each read the version its own run made, not the one that was latest by then.
    EXPECT_EQ(value("own_" + std::to_string(p)), std::to_string(p) + "x");
  }
}

TEST_F(HomeTest, AHomeWhereAFileIsInTheWaySaysSo) {
  const std::string file = join_path(folder, "file");
  ASSERT_TRUE(write_file_atomic(real_files(), file, "", false));
  const auto result = Home::open({.path = file});
  ASSERT_FALSE(result);
  EXPECT_NE(result.error().message.find(file), std::string::npos);
}

TEST_F(HomeTest, ATemporaryHomeIsGoneWithItsObject) {
  auto temporary = Home::open({.temporary = true}).value();
  const std::string path = temporary->path();
  EXPECT_TRUE(real_files().stat(path));
  temporary.reset();
  EXPECT_FALSE(real_files().stat(path));
}

TEST_F(HomeTest, AJobOfOpsRunsIsDoneAgainAndKeepsItsValues) {
  auto graph = std::make_shared<GraphDef>();
  graph->name = "etl";
  const auto codec = std::make_shared<TextCodec>();
  const auto op = [&](const std::string& name, std::size_t inputs) {
    auto def = std::make_shared<StepDef>();
    def->name = name;
    if (inputs > 0) {
      def->inputs.emplace_back().name = "x";
      def->inputs[0].codec = codec;
    }
    def->outputs.emplace_back().codec = codec;
    auto body = std::make_shared<Join>(name);
    body->inputs = inputs;
    def->body = body;
    NodeDef& node = graph->nodes.emplace_back();
    node.name = name;
    node.op = def;
  };
  op("load", 0);
  op("clean", 1);
  graph->dependencies = {{.node = "clean", .input = "x", .from = {{.node = "load"}}}};
  Definitions definitions;
  JobDef& job = definitions.jobs.emplace_back();
  job.name = "etl";
  job.graph = graph;
  job.tags = {{"team", "x"}};
  add_defaults(definitions, *home);
  EXPECT_TRUE(plan::check_definitions(definitions).empty());
  const auto first = execute_job(*home, definitions, job, {}, {});
  ASSERT_TRUE(first) << first.error().message;
  ASSERT_TRUE(first->success());
  const auto kept = home->store().get(*parse_artifact_ref("etl.clean.result"));
  ASSERT_TRUE(kept) << kept.error().message;
  EXPECT_EQ(kept->index, 0);
  const auto again = execute_job_again(*home, definitions, job, first->run_id,
                                       std::vector<std::string>{"clean"}, {});
  ASSERT_TRUE(again) << again.error().message;
  ASSERT_TRUE(again->success());
  EXPECT_EQ(again->steps.size(), 1u);
  const auto run = home->record().find_run(again->run_id);
  EXPECT_EQ((**run).root_run_id, first->run_id);
  EXPECT_EQ((**run).tags.at("team"), "x");
  EXPECT_FALSE(execute_job_again(*home, definitions, job, first->run_id, std::nullopt, {}));
}

}  // namespace
}  // namespace treadle::app
