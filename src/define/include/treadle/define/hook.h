// Hooks: user code that the engine calls when a step has ended, in the step's process. What a hook does or fails to do changes
// nothing about the step.
#pragma once

#include <treadle/define/step.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace treadle {

// One value that the step handed over, kept for its hooks only.
struct HookOutput {
  std::size_t output = 0;   // index into StepDef::outputs
  std::string mapping_key;  // of a dynamic output
  Value value;
  Metadata metadata;
};

// What a hook may ask for. Borrowed; valid during the call, on the step's thread.
class HookContext {
 public:
  virtual ~HookContext() = default;
  enum class Ended : std::uint8_t { kSuccess, kFailure, kRetry };

  virtual Ended ended() const = 0;
  virtual const std::string& hook_name() const = 0;
  virtual const std::string& run_id() const = 0;
  virtual const std::string& job_name() const = 0;
  virtual const std::string& step_key() const = 0;
  // The op's own name in its graph: "inner" of the step "outer.inner".
  virtual std::string op_name() const = 0;
  virtual int retry_number() const = 0;
  // Why the step did not succeed; null when it did.
  virtual const StepFailure* failure() const = 0;
  virtual const std::vector<HookOutput>& outputs() const = 0;
  virtual Value resource(const std::string& key) = 0;
  virtual void log(LogLevel level, std::string_view message) = 0;
};

// Thread-safe: steps share it.
class HookBody {
 public:
  virtual ~HookBody() = default;
  // False: the hook is not meant for a step that ended so (a failure hook after a success).
  virtual tl::expected<bool, StepFailure> run(HookContext& context) = 0;
  // As StepBody's: then its steps run there, too.
  virtual bool wants_calling_thread() const { return false; }
};

struct HookDef {
  std::string name;
  std::vector<std::string> required_resources;
  std::shared_ptr<HookBody> body;
};

}  // namespace treadle
