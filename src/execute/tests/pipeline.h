// For the tests of this room: pipelines of lambdas over ints, a real record in a temporary folder, and an IO manager that keeps
// each int in a file of its own.
#pragma once

#include <treadle/base/files.h>
#include <treadle/db/testing.h>
#include <treadle/execute/run.h>

#include <gtest/gtest.h>

#include <cstdlib>
#include <functional>
#include <memory>
#include <string>
#include <unistd.h>
#include <vector>

namespace treadle::execute::testing {

class TemporaryFolder {
 public:
  TemporaryFolder() {
    // Memory, where there is such a folder: these tests do not ask what a disk does.
    std::string pattern = ::access("/dev/shm", W_OK) == 0 ? "/dev/shm/treadle-test-XXXXXX"
                                                          : "/tmp/treadle-test-XXXXXX";
    path_ = ::mkdtemp(pattern.data());
  }
  ~TemporaryFolder() { static_cast<void>(remove_tree(path_)); }
  TemporaryFolder(const TemporaryFolder&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

inline StepFailure failure(std::string message, std::string error_class = "std::runtime_error") {
  StepFailure f;
  f.message = std::move(message);
  f.error_class = std::move(error_class);
  return f;
}

struct LambdaBody final : StepBody {
  std::function<StepOutcome(StepContext&)> function;
  std::string version;
  bool calling_thread = false;
  StepOutcome run(StepContext& context) override { return function(context); }
  std::string derived_code_version() override { return version; }
  bool wants_calling_thread() const override { return calling_thread; }
};

// <folder>/<asset key>, the text of the int; the data version is "v" and the int.
class IntFiles final : public IOManager {
 public:
  explicit IntFiles(std::string folder) : folder_(std::move(folder)) {}
  StepOutcome handle_output(OutputContext& context, const Value& value) override {
    const int number = *value.get<int>();
    const std::string path = join_path(folder_, context.output.asset.key.text());
    const auto written = write_file_atomic(real_files(), path, std::to_string(number), false);
    if (!written) return tl::unexpected(failure(written.error().message, "IOError"));
    context.data_version = "v" + std::to_string(number);
    context.artifact = "local/default/" + context.output.asset.key.text() + ":v0";
    set_metadata(context.metadata, "path", MetadataValue::path(path));
    return {};
  }
  tl::expected<Value, StepFailure> load_input(InputContext& context) override {
    const auto text = read_file(real_files(), join_path(folder_, context.asset.text()));
    if (!text) return tl::unexpected(failure(text.error().message, "IOError"));
    context.data_version = "v" + *text;
    return Value::of(std::stoi(*text));
  }

 private:
  std::string folder_;
};

using IntFunction = std::function<int(const std::vector<int>&)>;

// Definitions under construction; plan() freezes them.
class Pipeline {
 public:
  explicit Pipeline(const std::string& folder) {
    definitions_.io_managers["io_manager"] = std::make_shared<IntFiles>(folder);
  }
  Definitions& definitions() { return definitions_; }

  // A step "name" with one output, the asset "name", that reads `inputs` by value.
  StepDef& step(const std::string& name, const std::vector<std::string>& inputs,
                std::function<StepOutcome(StepContext&)> function) {
    StepDef& def = definitions_.steps.emplace_back();
    def.name = name;
    for (const std::string& input : inputs) {
      InputDef& i = def.inputs.emplace_back();
      i.name = input;
      i.asset = input;
    }
    def.outputs.emplace_back().asset.key = name;
    auto body = std::make_shared<LambdaBody>();
    body->function = std::move(function);
    def.body = std::move(body);
    return def;
  }
  // The same from a function of ints.
  StepDef& ints(const std::string& name, const std::vector<std::string>& inputs,
                IntFunction function) {
    return step(name, inputs, [function, n = inputs.size()](StepContext& context) -> StepOutcome {
      std::vector<int> values;
      for (std::size_t i = 0; i < n; ++i) {
        TREADLE_TRY(const Value value, context.load_input(i));
        values.push_back(*value.get<int>());
      }
      return put(context, 0, function(values));
    });
  }
  // A step that does nothing: its asset has no value.
  StepDef& nothing(const std::string& name, const std::vector<std::string>& after = {}) {
    StepDef& def = step(name, after, [](StepContext&) -> StepOutcome { return {}; });
    for (InputDef& input : def.inputs) input.loads_value = false;
    def.outputs[0].stores_value = false;
    return def;
  }
  static LambdaBody& body(StepDef& def) { return static_cast<LambdaBody&>(*def.body); }
  static StepOutcome put(StepContext& context, std::size_t output, int value) {
    OutputReport report;
    report.output = output;
    report.value = Value::of(value);
    return context.handle_output(std::move(report));
  }

  // Everything, with its checks.
  const plan::Plan& plan() {
    graph_ = std::make_unique<plan::AssetGraph>(definitions_);
    std::vector<plan::NodeId> all;
    for (plan::NodeId id = 0; id < graph_->nodes().size(); ++id) all.push_back(id);
    auto made = plan::make_plan(*graph_, all);
    if (!made) ADD_FAILURE() << made.error().front().text();
    plan_ = std::move(*made);
    return plan_;
  }

 private:
  Definitions definitions_;
  std::unique_ptr<plan::AssetGraph> graph_;
  plan::Plan plan_;
};

// A record of its own, and what it says of a run.
class Home {
 public:
  explicit Home(const std::string& folder, db::Durability durability = db::Durability::kOff) {
    auto database = db::open_for_test(join_path(folder, "treadle.db"), {.durability = durability});
    if (!database) ADD_FAILURE() << database.error().message;
    database_ = std::move(*database);
    auto record = events::Record::open(*database_, folder);
    if (!record) ADD_FAILURE() << record.error().message;
    record_ = std::move(*record);
  }
  events::Record& record() { return *record_; }
  db::Database& database() { return *database_; }
  World world() {
    return {*record_, system_clock(), [this] { database_->close_for_fork(); }};
  }
  std::vector<Event> events(const std::string& run_id, std::vector<EventType> types = {}) {
    auto found = record_->events({.run_id = run_id, .types = std::move(types)});
    if (!found) ADD_FAILURE() << found.error().message;
    return std::move(*found);
  }
  // "RUN_START", "STEP_START a", ...: types and steps, without the planned and engine events.
  std::vector<std::string> story(const std::string& run_id) {
    std::vector<std::string> lines;
    for (const Event& e : events(run_id)) {
      if (e.type == EventType::kEngineEvent || e.type == EventType::kAssetMaterializationPlanned ||
          e.type == EventType::kAssetCheckEvaluationPlanned) {
        continue;
      }
      lines.push_back(std::string(to_string(e.type)) +
                      (e.step_key.empty() ? "" : " " + e.step_key));
    }
    return lines;
  }

 private:
  std::unique_ptr<db::Database> database_;
  std::unique_ptr<events::Record> record_;
};

// One folder with a pipeline, a record and a way to run.
class RunTest : public ::testing::Test {
 protected:
  RunResult run(RunOptions options = {}) {
    World world = home.world();
    auto result = execute::run(world, pipeline.plan(), options);
    if (!result) {
      ADD_FAILURE() << result.error().message;
      return {};
    }
    return std::move(*result);
  }
  StepStatus status(const RunResult& result, const std::string& step) {
    for (const StepResult& s : result.steps) {
      if (s.step_key == step) return s.status;
    }
    ADD_FAILURE() << "no step " << step;
    return StepStatus::kPending;
  }
  // The only event of this type (and step).
  Event only(const RunResult& result, EventType type, const std::string& step = {}) {
    std::vector<Event> found;
    for (Event& e : home.events(result.run_id, {type})) {
      if (step.empty() || e.step_key == step) found.push_back(std::move(e));
    }
    EXPECT_EQ(found.size(), 1u) << to_string(type) << " " << step;
    return found.empty() ? Event{} : found.front();
  }
  int stored(const std::string& asset) {
    auto text = read_file(real_files(), join_path(folder.path(), asset));
    return text ? std::stoi(*text) : -1;
  }

  TemporaryFolder folder;
  Home home{folder.path()};
  Pipeline pipeline{folder.path()};
};

}  // namespace treadle::execute::testing
