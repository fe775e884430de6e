#include <treadle/base/clock.h>
#include <treadle/cpp/testing.h>

#include <algorithm>

namespace treadle {
namespace {

// Resources that are up, in order.
class Held {
 public:
  explicit Held(const std::map<std::string, std::shared_ptr<Resource>>& declared)
      : declared_(declared) {
    for (const auto& [key, resource] : declared_) set_up(key);
  }
  ~Held() {
    while (!up_.empty()) {
      (void)declared_.at(up_.back().first)->tear_down(up_.back().second);
      up_.pop_back();
    }
  }
  Value get(const std::string& key) const {
    const auto at =
        std::find_if(up_.begin(), up_.end(), [&](const auto& one) { return one.first == key; });
    return at == up_.end() ? Value() : at->second;
  }

 private:
  void set_up(const std::string& key) {
    if (get(key)) return;
    const auto at = declared_.find(key);
    if (at == declared_.end())
      throw Failure("The test gives no resource '" + key + "'.", {}, false);
    Resource::SetupContext context{.run_id = "test", .key = key, .required = {}};
    for (const std::string& needed : at->second->required_resources()) {
      set_up(needed);
      context.required.emplace_back(needed, get(needed));
    }
    auto value = at->second->set_up(context);
    if (!value) throw Failure(value.error().message, value.error().metadata, false);
    up_.emplace_back(key, std::move(*value));
  }

  const std::map<std::string, std::shared_ptr<Resource>> declared_;
  std::vector<std::pair<std::string, Value>> up_;
};

class TestStep final : public StepContext {
 public:
  explicit TestStep(TestContextOptions options)
      : options_(std::move(options)), resources_(options_.resources) {
    def_.name = options_.step_key;
    for (const AssetKey& key : options_.outputs) def_.outputs.emplace_back().asset.key = key;
    for (const std::string& name : options_.checks) {
      CheckDef& check = def_.checks.emplace_back();
      check.name = name;
      if (!options_.outputs.empty()) check.asset = options_.outputs.front();
    }
    if (!options_.partition_key.empty()) slice_ = slice();
  }

  const std::string& run_id() const override { return options_.run_id; }
  const std::string& job_name() const override { return options_.job_name; }
  const std::string& step_key() const override { return options_.step_key; }
  const std::string& mapping_key() const override { return options_.mapping_key; }
  const StepDef* definition() const override { return &def_; }
  int retry_number() const override { return options_.retry_number; }
  bool output_selected(std::size_t) const override { return true; }
  bool check_selected(std::size_t) const override { return true; }
  tl::expected<Value, StepFailure> load_input(std::size_t) override {
    return tl::make_unexpected(
        cpp::to_failure("A test hands over values itself: nothing is loaded."));
  }
  StepOutcome handle_output(OutputReport) override { return {}; }
  StepOutcome report_check(CheckReport check) override {
    checks.emplace_back(
        def_.checks[check.check].name,
        CheckResult{.passed = check.passed,
                    .metadata = std::move(check.metadata),
                    .description = std::move(check.description),
                    .severity = check.error_severity ? Severity::kError : Severity::kWarn});
    return {};
  }
  void report_event(Event event) override { events.push_back(std::move(event)); }
  void log(LogLevel level, std::string_view message) override {
    logs.push_back({level, std::string(message)});
  }
  Value resource(const std::string& key) override { return resources_.get(key); }
  bool cancelled() const override { return false; }
  const PartitionSlice* partitions() const override { return slice_ ? &*slice_ : nullptr; }

  std::vector<TestContext::Line> logs;
  std::vector<Event> events;
  std::vector<std::pair<std::string, CheckResult>> checks;

 private:
  PartitionSlice slice() const {
    PartitionsPtr definition = options_.partitions;
    if (!definition) definition = Partitions(static_partitions({options_.partition_key}));
    auto set = PartitionSet::at(definition, system_clock().now());
    if (!set) throw Failure(set.error().message, {}, false);
    auto subset = set->subset(std::span(&options_.partition_key, 1));
    if (!subset) throw Failure(subset.error().message, {}, false);
    return {*set, *subset};
  }

  const TestContextOptions options_;
  StepDef def_;
  Held resources_;
  std::optional<PartitionSlice> slice_;
};

class TestHook final : public HookContext {
 public:
  TestHook(const Hook& hook, const TestHookOptions& options)
      : hook_(hook), options_(options), resources_(options.resources) {
    if (!options.failure.empty()) failure_ = cpp::to_failure(options.failure);
  }
  Ended ended() const override { return failure_ ? Ended::kFailure : Ended::kSuccess; }
  const std::string& hook_name() const override { return hook_.name; }
  const std::string& run_id() const override { return run_id_; }
  const std::string& job_name() const override { return options_.job_name; }
  const std::string& step_key() const override { return options_.op_name; }
  std::string op_name() const override { return options_.op_name; }
  int retry_number() const override { return 0; }
  const StepFailure* failure() const override { return failure_ ? &*failure_ : nullptr; }
  const std::vector<HookOutput>& outputs() const override { return options_.outputs; }
  Value resource(const std::string& key) override { return resources_.get(key); }
  void log(LogLevel level, std::string_view message) override {
    logs.push_back({level, std::string(message)});
  }
  std::vector<TestContext::Line> logs;

 private:
  const Hook& hook_;
  const TestHookOptions& options_;
  Held resources_;
  const std::string run_id_ = "test";
  std::optional<StepFailure> failure_;
};

}  // namespace

struct TestContext::State {
  explicit State(TestContextOptions options)
      : outputs(options.outputs), step(std::move(options)), context(step, outputs, inputs) {}
  std::vector<AssetKey> outputs, inputs;
  TestStep step;
  Context context;
};

TestContext::TestContext(TestContextOptions options)
    : state_(std::make_unique<State>(std::move(options))) {}
TestContext::~TestContext() = default;
Context& TestContext::context() const {
  return state_->context;
}
const std::vector<TestContext::Line>& TestContext::logs() const {
  return state_->step.logs;
}
const std::vector<Event>& TestContext::events() const {
  return state_->step.events;
}
const std::vector<std::pair<std::string, CheckResult>>& TestContext::checks() const {
  return state_->step.checks;
}
Metadata TestContext::metadata(std::size_t output) const {
  Metadata metadata;
  state_->context.merge_metadata(output, metadata);
  return metadata;
}

Result<std::vector<TestContext::Line>> call_hook(const Hook& hook, TestHookOptions options) {
  TestHook context(hook, options);
  auto called = hook.body->run(context);
  if (!called) return fail(called.error().message);
  return std::move(context.logs);
}

}  // namespace treadle
