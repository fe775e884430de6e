#include "ops.h"

namespace treadle::execute {
namespace {

using testing::fan;
using testing::Ints;
using testing::op;
using testing::put;
using testing::sum;
using Texts = std::vector<std::string>;
constexpr auto kFanIn = Dependency::Kind::kFanIn;
constexpr auto kCollect = Dependency::Kind::kCollect;

class Ops : public testing::OpsTest, public ::testing::WithParamInterface<Executor> {
 protected:
  RunOptions options() const {
    RunOptions o;
    o.executor = GetParam();
    return o;
  }
};
INSTANTIATE_TEST_SUITE_P(Everywhere, Ops,
                         ::testing::Values(Executor::kInProcess, Executor::kProcess),
                         [](const auto& info) {
                           return info.param == Executor::kProcess ? "Process" : "InProcess";
                         });

TEST_P(Ops, ValuesTravelThroughTheIoManager) {
  add(sum("one", {}, 1));
  add(sum("two", {}, 2));
  add(sum("add", {"a", "b"}));
  add(sum("add", {"a", "b"}), "again");
  wire("add", "a", {"one"});
  wire("add", "b", {"two"});
  wire("again", "a", {"add"});
  wire("again", "b", {"two"});
  const RunResult result = run_job(options());
  ASSERT_TRUE(result.success());
  EXPECT_EQ(value(result, "again"), 5);
  const std::vector<Event> loaded = home.events(result.run_id, {EventType::kLoadedInput});
  ASSERT_EQ(loaded.size(), 4u);
  EXPECT_EQ(loaded[0].message,
            "Loaded input \"a\" using input manager \"io_manager\", from output \"result\" of step "
            "\"one\"");
}

TEST_P(Ops, AListKeepsItsOrderAndLeavesOutWhatWasLeftOut) {
  auto maybe = op("maybe", {}, [](StepContext&, const Ints&) -> StepOutcome { return {}; });
  maybe->outputs[0].required = false;
  add(sum("one", {}, 1));
  add(sum("two", {}, 2));
  add(maybe);
  add(op("list", {"xs"}, [](StepContext& context, const Ints& xs) {
    return put(context, 0, static_cast<int>(xs.size()) * 100 + xs[0] * 10 + xs[1]);
  }));
  add(sum("none", {"xs"}));
  add(sum("after", {"x"}));
  wire("list", "xs", {"two", "maybe", "one"}, kFanIn);
  wire("none", "xs", {"maybe"}, kFanIn);
  wire("after", "x", {"maybe"});
  const RunResult result = run_job(options());
  EXPECT_TRUE(result.success());
  EXPECT_EQ(value(result, "list"), 221);
  EXPECT_EQ(ends(result), "after skipped list ok maybe ok none skipped one ok two ok");
  const Texts skipped = messages(result, {EventType::kLog});
  EXPECT_NE(std::find(skipped.begin(), skipped.end(),
                      "none: Skipping step none due to skipped dependencies: ['maybe.result']."),
            skipped.end());
}

TEST_P(Ops, AFailureInAListStopsItsReader) {
  add(sum("one", {}, 1));
  add(op("bad", {}, [](StepContext&, const Ints&) -> StepOutcome {
    return tl::unexpected(testing::failure("no"));
  }));
  add(sum("list", {"xs"}));
  wire("list", "xs", {"one", "bad"}, kFanIn);
  const RunResult result = run_job(options());
  EXPECT_FALSE(result.success());
  EXPECT_EQ(ends(result), "bad failed list skipped one ok");
}

TEST_P(Ops, ADefaultIsUsedWhenNothingIsWired) {
  auto add_op = sum("add", {"a", "b"});
  add_op->inputs[0].value = Value::of(40);
  add_op->inputs[1].optional = true;
  add(add_op);
  const RunResult result = run_job(options());
  ASSERT_TRUE(result.success());
  EXPECT_EQ(value(result, "add"), 40);
}

TEST_P(Ops, OrderOnlyDependenciesLoadNothing) {
  auto after = sum("after", {}, 7);
  InputDef& start = after->inputs.emplace_back();
  start.name = "start";
  start.loads_value = false;
  auto nothing = op("nothing", {}, [](StepContext&, const Ints&) -> StepOutcome { return {}; });
  nothing->outputs[0].stores_value = false;
  add(after);
  add(nothing);
  wire("after", "start", {"nothing"});
  const RunResult result = run_job(options());
  ASSERT_TRUE(result.success());
  EXPECT_EQ(result.steps[0].step_key, "nothing");
  EXPECT_TRUE(home.events(result.run_id, {EventType::kLoadedInput}).empty());
}

TEST_P(Ops, DynamicValuesAreMappedInChainsAndCollectedInOrder) {
  add(fan("fan", 4));
  add(sum("ten", {}, 10));
  add(sum("plus", {"x", "y"}));
  add(sum("twice", {"x", "x2"}));
  add(op("list", {"xs"}, [](StepContext& context, const Ints& xs) {
    int digits = 0;
    for (const int x : xs) digits = digits * 100 + x;
    return put(context, 0, digits);
  }));
  add(sum("direct", {"xs"}));
  wire("plus", "x", {"fan"});
  wire("plus", "y", {"ten"});
  wire("twice", "x", {"plus"});
  wire("twice", "x2", {"fan"});
  wire("list", "xs", {"twice"}, kCollect);
  wire("direct", "xs", {"fan"}, kCollect);
  const RunResult result = run_job(options());
  ASSERT_TRUE(result.success());
  EXPECT_EQ(value(result, "list"), 12141618);
  EXPECT_EQ(value(result, "direct"), 10);
  EXPECT_EQ(value(result, "fan", "result", "k3"), 3);
  EXPECT_EQ(value(result, "plus[k3]"), 13);
  EXPECT_EQ(result.steps.size(), 12u);
  const Texts yielded = messages(result, {EventType::kStepOutput});
  EXPECT_EQ(std::count(yielded.begin(), yielded.end(),
                       "fan: Yielded output \"result\" mapping key \"k1\" of type \"Any\". "
                       "(Type check passed)."),
            1);
  const auto run = home.record().find_run(result.run_id);
  EXPECT_EQ((**run).step_keys, (Texts{"fan", "ten", "plus[?]", "twice[?]", "list", "direct"}));
}

TEST_P(Ops, NoValueAtAllIsAnEmptyListOrSkipsWhenItMay) {
  auto maybe = fan("maybe", 0);
  maybe->outputs[0].required = false;
  add(fan("fan", 0));
  add(maybe);
  for (const char* const from : {"fan", "maybe"}) {
    const std::string mapped = std::string("each_") + from, list = std::string("list_") + from;
    add(sum(mapped, {"x"}));
    add(sum(list, {"xs"}, 5));
    wire(mapped, "x", {from});
    wire(list, "xs", {mapped}, kCollect);
  }
  const RunResult result = run_job(options());
  EXPECT_TRUE(result.success());
  EXPECT_EQ(ends(result), "fan ok list_fan ok list_maybe skipped maybe ok");
  EXPECT_EQ(value(result, "list_fan"), 5);
}

TEST_P(Ops, OneFailureAmongManyStopsWhatCollectsThem) {
  add(fan("fan", 3));
  add(op("work", {"x"}, [](StepContext& context, const Ints& x) -> StepOutcome {
    if (context.mapping_key() == "k2") return tl::unexpected(testing::failure("bad two"));
    return put(context, 0, x[0]);
  }));
  add(sum("next", {"x"}));
  add(sum("list", {"xs"}));
  wire("work", "x", {"fan"});
  wire("next", "x", {"work"});
  wire("list", "xs", {"next"}, kCollect);
  const RunResult result = run_job(options());
  EXPECT_EQ(ends(result),
            "fan ok list skipped next[k1] ok next[k2] skipped next[k3] ok work[k1] ok work[k2] "
            "failed work[k3] ok");
  const Texts logs = messages(result, {EventType::kLog});
  EXPECT_EQ(logs, (Texts{"next[k2]: Dependencies for step next[k2] failed: ['work[k2]']. Not "
                         "executing.",
                         "list: Dependencies for step list were not executed: ['next[k2]']. Not "
                         "executing."}));
}

TEST_P(Ops, WhenTheDynamicStepFailsNothingIsSaidOfWhatItWouldHaveMade) {
  auto bad = op("fan", {}, [](StepContext&, const Ints&) -> StepOutcome {
    return tl::unexpected(testing::failure("no"));
  });
  bad->outputs[0].dynamic = true;
  add(bad);
  add(sum("work", {"x"}));
  add(sum("list", {"xs"}));
  wire("work", "x", {"fan"});
  wire("list", "xs", {"work"}, kCollect);
  const RunResult result = run_job(options());
  EXPECT_EQ(result.status, RunStatus::kFailure);
  EXPECT_TRUE(messages(result, {EventType::kLog, EventType::kStepSkipped}).empty());
  EXPECT_EQ(ends(result), "fan failed list skipped work[?] skipped");
}

TEST_P(Ops, AMappingKeyIsGoodAndUsedOnce) {
  auto twice = op("twice", {}, [](StepContext& context, const Ints&) -> StepOutcome {
    TREADLE_CHECK(put(context, 0, 1, "a"));
    return put(context, 0, 2, "a");
  });
  twice->outputs[0].dynamic = true;
  add(twice);
  const RunResult result = run_job(options());
  ASSERT_EQ(result.steps.size(), 1u);
  EXPECT_EQ(result.steps[0].failure->message,
            "Compute for op \"twice\" yielded a DynamicOutput with mapping_key \"a\" multiple "
            "times.");
}

TEST_P(Ops, RetriesOfOneInstanceAreItsOwn) {
  add(fan("fan", 3));
  auto work = op("work", {"x"}, [](StepContext& context, const Ints& x) -> StepOutcome {
    if (context.mapping_key() == "k2" && context.retry_number() == 0) {
      return tl::unexpected(testing::failure("once"));
    }
    return put(context, 0, x[0]);
  });
  work->retry_policy = RetryPolicy{};
  add(work);
  add(sum("list", {"xs"}));
  wire("work", "x", {"fan"});
  wire("list", "xs", {"work"}, kCollect);
  const RunResult result = run_job(options());
  ASSERT_TRUE(result.success());
  EXPECT_EQ(value(result, "list"), 6);
  EXPECT_EQ(messages(result, {EventType::kStepRestarted}),
            (Texts{"work[k2]: Started re-execution (attempt # 2) of step \"work[k2]\"."}));
}

TEST_P(Ops, AGraphOfAssetsMaterializesInTheStepThatMakesTheMappedOutput) {
  auto inner = std::make_shared<GraphDef>();
  inner->name = "g";
  inner->inputs = {{.name = "raw"}};
  for (const auto& def : {sum("first", {"x"}, 1), sum("second", {"x"}, 1)}) {
    NodeDef& node = inner->nodes.emplace_back();
    node.name = def->name;
    node.op = def;
  }
  inner->dependencies = {{.node = "first", .input = "x", .from = {{.node = "", .output = "raw"}}},
                         {.node = "second", .input = "x", .from = {{.node = "first"}}}};
  inner->outputs = {{.from = {.node = "second"}}};
  GraphAssetDef def;
  def.name = "g";
  def.graph = inner;
  def.inputs["raw"].asset = "raw";
  def.outputs["result"].asset.key = "made";
  pipeline.definitions().io_managers["files"] = std::make_shared<testing::OpFiles>(folder.path());
  pipeline.ints("raw", {}, [](const Ints&) { return 5; });
  for (StepDef& step : flatten(def)) {
    if (step.name == "g.first") step.outputs[0].io_manager_key = "files";
    pipeline.definitions().steps.push_back(std::move(step));
  }
  const RunResult result = run(options());
  ASSERT_TRUE(result.success());
  EXPECT_EQ(stored("made"), 7);
  const Event made = only(result, EventType::kAssetMaterialization, "g.second");
  EXPECT_EQ(made.asset_key, "made");
  const auto provenance = provenance_of(made);
  ASSERT_EQ(provenance->inputs.size(), 1u);
  EXPECT_EQ(provenance->inputs[0].asset, AssetKey("raw"));
  EXPECT_EQ(provenance->inputs[0].data_version, "v5");
}

// --- hooks ---

struct CountingHook final : HookBody {
  HookContext::Ended wants = HookContext::Ended::kSuccess;
  tl::expected<bool, StepFailure> run(HookContext& context) override {
    if (context.ended() != wants) return false;
    std::string text =
        "heard " + context.op_name() + " " + std::to_string(context.outputs().size());
    if (context.failure() != nullptr) text += " " + context.failure()->message;
    context.log(LogLevel::kInfo, text);
    if (context.op_name() == "upset") {
      return tl::unexpected(testing::failure("the hook is broken", "ValueError"));
    }
    return true;
  }
};

TEST_P(Ops, HooksAreCalledWhenTheStepHasEnded) {
  auto on_success = std::make_shared<CountingHook>();
  auto on_failure = std::make_shared<CountingHook>();
  on_failure->wants = HookContext::Ended::kFailure;
  job.hooks = {{.name = "yes", .required_resources = {}, .body = on_success},
               {.name = "no", .required_resources = {}, .body = on_failure}};
  add(sum("good", {}, 1));
  add(op("bad", {"x"}, [](StepContext&, const Ints&) -> StepOutcome {
    return tl::unexpected(testing::failure("that's why"));
  }));
  add(sum("upset", {}, 1));
  wire("bad", "x", {"good"});
  RunOptions o = options();
  o.max_concurrent = 1;
  const RunResult result = run_job(o);
  EXPECT_EQ(ends(result), "bad failed good ok upset ok");
  Texts hooks = messages(result, {EventType::kHookCompleted, EventType::kHookErrored,
                                  EventType::kHookSkipped, EventType::kLog});
  std::sort(hooks.begin(), hooks.end());
  const auto skipped = [](const std::string& hook, const std::string& step) {
    return step + ": Skipped the execution of hook \"" + hook +
           "\". It did not meet its triggering condition during the execution of \"" + step + "\".";
  };
  const auto completed = [](const std::string& hook, const std::string& step) {
    return step + ": Finished the execution of hook \"" + hook + "\" triggered for \"" + step +
           "\".";
  };
  EXPECT_EQ(hooks,
            (Texts{completed("no", "bad"), skipped("yes", "bad"), "bad: heard bad 0 that's why",
                   completed("yes", "good"), skipped("no", "good"), "good: heard good 1",
                   "upset: Error occurred during the execution of hook_fn triggered for op "
                   "\"upset\"",
                   skipped("no", "upset"), "upset: heard upset 1"}));
  // After the step's own end.
  std::vector<std::string> story;
  for (const std::string& line : home.story(result.run_id)) {
    if (line.ends_with(" good") && !line.starts_with("RESOURCE_INIT"))
      story.push_back(line.substr(0, line.size() - 5));
  }
  EXPECT_EQ(story, (Texts{"STEP_START", "STEP_OUTPUT", "HANDLED_OUTPUT", "STEP_SUCCESS", "LOG",
                          "HOOK_COMPLETED", "HOOK_SKIPPED"}));
}

// --- limits ---

TEST_P(Ops, NoMoreStepsOfATagOrPoolRunAtOnceThanAllowed) {
  for (int i = 0; i < 8; ++i) {
    auto work = sum("work" + std::to_string(i), {}, i);
    if (i % 2 == 0) work->op_tags = {{"db", i < 4 ? "a" : "b"}};
    if (i % 2 == 1) work->pool = "gpu";
    add(work);
  }
  RunOptions o = options();
  o.max_concurrent = 8;
  o.tag_concurrency_limits = {{.key = "db", .per_unique_value = true, .limit = 1}};
  o.pools = {{"gpu", 1}};
  const RunResult result = run_job(o);
  ASSERT_TRUE(result.success());
  std::map<std::string, int> running;
  for (const Event& e :
       home.events(result.run_id, {EventType::kStepStart, EventType::kStepSuccess})) {
    const int i = e.step_key.back() - '0';
    const std::string kind = i % 2 == 1 ? "gpu" : i < 4 ? "a" : "b";
    running[kind] += e.type == EventType::kStepStart ? 1 : -1;
    EXPECT_LE(running[kind], 1) << kind;
  }
}

TEST_P(Ops, StepsOfHigherPriorityComeFirst) {
  for (const char* const name : {"a", "b", "c"}) add(sum(name, {}, 1));
  auto urgent = sum("urgent", {}, 1);
  urgent->op_tags = {{"dagster/priority", "3"}};
  add(urgent);
  RunOptions o = options();
  o.max_concurrent = 1;
  const RunResult result = run_job(o);
  EXPECT_EQ(home.events(result.run_id, {EventType::kStepStart})[0].step_key, "urgent");
}

// --- re-execution ---

TEST_P(Ops, ARunIsDoneAgainFromWhereItFailed) {
  const std::string flag = join_path(folder.path(), "mended");
  add(fan("fan", 3));
  add(op("work", {"x"}, [flag](StepContext& context, const Ints& x) -> StepOutcome {
    if (context.mapping_key() == "k2" && !read_file(real_files(), flag)) {
      return tl::unexpected(testing::failure("not yet"));
    }
    return put(context, 0, x[0] * 10);
  }));
  add(sum("next", {"x"}, 1));
  add(sum("list", {"xs"}));
  add(sum("apart", {}, 1));
  wire("work", "x", {"fan"});
  wire("next", "x", {"work"});
  wire("list", "xs", {"next"}, kCollect);
  const RunResult first = run_job(options());
  ASSERT_FALSE(first.success());
  ASSERT_TRUE(write_file_atomic(real_files(), flag, "yes", false));

  const plan::Plan whole = plan_of();
  const auto steps = steps_from_failure(home.record(), whole, first.run_id);
  ASSERT_TRUE(steps) << steps.error().message;
  EXPECT_EQ(*steps, (Texts{"work[k2]", "next[k2]", "list"}));
  const RunResult second = run_again(first, *steps, options());
  ASSERT_TRUE(second.success());
  EXPECT_EQ(ends(second), "list ok next[k2] ok work[k2] ok");
  EXPECT_EQ(value(second, "list"), 63);
  const auto run = home.record().find_run(second.run_id);
  EXPECT_EQ((**run).parent_run_id, first.run_id);
  EXPECT_EQ((**run).step_keys, *steps);
  EXPECT_FALSE(steps_from_failure(home.record(), whole, second.run_id));

  // What the second run did not make comes from the first, through it.
  const RunResult third = run_again(second, {"list"}, options());
  ASSERT_TRUE(third.success());
  EXPECT_EQ(value(third, "list"), 63);
}

TEST_P(Ops, AStepThatNobodyRanIsMissedByName) {
  add(op("one", {}, [](StepContext&, const Ints&) -> StepOutcome {
    return tl::unexpected(testing::failure("no"));
  }));
  add(sum("add", {"a"}));
  wire("add", "a", {"one"});
  const RunResult first = run_job(options());
  const RunResult second = run_again(first, {"add"}, options());
  ASSERT_EQ(second.steps.size(), 1u);
  EXPECT_EQ(second.steps[0].failure->message,
            "Input 'a' of step \"add\" comes from output 'result' of step \"one\", which is not "
            "run now, and which the run that is re-executed has not made. Run that step as well.");
}

TEST_P(Ops, ARunResumesInTheMiddleOfAFanOut) {
  const std::string flag = join_path(folder.path(), "mended");
  add(fan("fan", 5));
  add(op("work", {"x"}, [flag](StepContext& context, const Ints& x) -> StepOutcome {
    if (x[0] > 2 && !read_file(real_files(), flag)) {
      return tl::unexpected(testing::failure("not yet"));
    }
    return put(context, 0, x[0]);
  }));
  add(sum("list", {"xs"}));
  wire("work", "x", {"fan"});
  wire("list", "xs", {"work"}, kCollect);
  const RunResult first = run_job(options());
  ASSERT_FALSE(first.success());
  ASSERT_TRUE(write_file_atomic(real_files(), flag, "yes", false));
  RunOptions o = options();
  o.run_id = first.run_id;
  o.resume = true;
  const RunResult second = run_job(o);
  ASSERT_TRUE(second.success());
  EXPECT_EQ(value(second, "list"), 15);
  std::map<std::string, int> starts;
  for (const Event& e :
       home.events(first.run_id, {EventType::kStepStart, EventType::kStepRestarted})) {
    ++starts[e.step_key];
  }
  EXPECT_EQ(starts["fan"], 1);
  EXPECT_EQ(starts["work[k1]"], 1);
  EXPECT_EQ(starts["work[k4]"], 2);
}

// --- time limits ---

class OpLimits : public testing::OpsTest {};

TEST_F(OpLimits, AStepThatTakesTooLongIsEnded) {
  auto slow = op("slow", {}, [](StepContext&, const Ints&) -> StepOutcome {
    while (true) ::pause();
  });
  slow->time_limit = 0.2;
  add(slow);
  RunOptions o;
  o.executor = Executor::kProcess;
  o.terminate_grace_seconds = 0.1;
  const RunResult result = run_job(o);
  EXPECT_EQ(result.status, RunStatus::kFailure);
  EXPECT_EQ(result.steps[0].failure->message,
            "Step \"slow\" took longer than its time limit of 0.2 seconds and was ended.");
}

TEST_F(OpLimits, ARunThatTakesTooLongFails) {
  add(op("slow", {}, [](StepContext& context, const Ints&) -> StepOutcome {
    while (!context.cancelled()) ::usleep(1'000);
    return put(context, 0, 1);
  }));
  add(sum("next", {"x"}));
  wire("next", "x", {"slow"});
  RunOptions o;
  o.tags = {{"dagster/max_runtime", "0.1"}};
  const RunResult result = run_job(o);
  EXPECT_EQ(result.status, RunStatus::kFailure);
  ASSERT_TRUE(result.failure);
  EXPECT_EQ(result.failure->message, "Exceeded maximum runtime of 0.1 seconds.");
}

}  // namespace
}  // namespace treadle::execute
