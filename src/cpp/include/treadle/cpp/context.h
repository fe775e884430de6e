// What a running function may ask and say, when it takes a td::Context& as its first parameter.
#pragma once

#include <treadle/cpp/events.h>
#include <treadle/cpp/values.h>
#include <treadle/define/definitions.h>
#include <treadle/define/partition_set.h>
#include <treadle/define/step.h>

#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <typeinfo>
#include <utility>
#include <vector>

namespace treadle {

// Thrown by Context::stop_if_cancelled: the step ends as interrupted, not as failed.
struct Cancelled : std::runtime_error {
  Cancelled() : std::runtime_error("The run is being cancelled.") {}
};

// Borrowed: lives as long as the call. Used from the thread of the call.
class Context {
 public:
  // `outputs`: the assets of the step, in order; `inputs`: those that it reads.
  Context(StepContext& step, const std::vector<AssetKey>& outputs,
          const std::vector<AssetKey>& inputs)
      : step_(step), outputs_(outputs), inputs_(inputs) {}
  Context(const Context&) = delete;
  ~Context();

  const std::string& run_id() const { return step_.run_id(); }
  const std::string& job_name() const { return step_.job_name(); }
  const std::string& step_key() const { return step_.step_key(); }
  // Of an op that runs once for each value of a dynamic output: which; "" otherwise.
  const std::string& mapping_key() const { return step_.mapping_key(); }
  int retry_number() const { return step_.retry_number(); }  // 0 on the first attempt

  void debug(std::string_view message) { step_.log(LogLevel::kDebug, message); }
  void info(std::string_view message) { step_.log(LogLevel::kInfo, message); }
  void warning(std::string_view message) { step_.log(LogLevel::kWarning, message); }
  void error(std::string_view message) { step_.log(LogLevel::kError, message); }
  void critical(std::string_view message) { step_.log(LogLevel::kCritical, message); }
  void log(LogLevel level, std::string_view message) { step_.log(level, message); }

  // A fact about what is being made, recorded with its materialization: about every output of the
  // step, or about one.
  void add_metadata(std::string name, MetadataValue value);
  void add_metadata(const AssetKey& asset, std::string name, MetadataValue value);

  // A fact beside what the step makes.
  void report(const AssetMaterialization& fact) { step_.report_event(cpp::event_of(fact)); }
  void report(const AssetObservation& fact) { step_.report_event(cpp::event_of(fact)); }
  void report(const ExpectationResult& fact) { step_.report_event(cpp::event_of(fact)); }
  // The result of a check that the options of what is being made name; each once.
  void check(const std::string& name, CheckResult result);

  // Whether this run wants that output, or that check (a multi-asset that can be run in part).
  bool wants(const AssetKey& asset) const;
  bool wants_check(const std::string& name) const;

  // Partitions: what the run computes. Without any, all but the first throw td::Failure; so do those
  // for a single one when there are several.
  bool has_partition_key() const { return step_.partitions() != nullptr; }
  std::string partition_key() const;
  std::vector<std::string> partition_keys() const;
  PartitionKeyRange partition_key_range() const;  // the first and the last
  TimeWindow partition_time_window() const;  // from the first one's start to the last one's end
  std::map<std::string, std::string> multi_partition_key() const;  // by dimension
  // The same of what is read of an asset for them.
  std::vector<std::string> partition_keys_of(const AssetKey& input) const;
  PartitionKeyRange partition_key_range_of(const AssetKey& input) const;
  TimeWindow partition_time_window_of(const AssetKey& input) const;

  // True once the run is being cancelled: look now and then in a long computation.
  bool cancelled() const { return step_.cancelled(); }
  void stop_if_cancelled() const {
    if (cancelled()) throw Cancelled();
  }

  // A resource that the options of the asset name. Throws td::Failure when it is of another type.
  template <class T>
  T& resource(const std::string& key) {
    const Value value = step_.resource(key);
    const auto* held = value.get<std::shared_ptr<T>>();
    if (held == nullptr) throw_no_resource(key, typeid(T));
    return **held;
  }

  // A path for a file or folder that the function is about to write and return: in a folder of this
  // step that is removed when the output has been stored, or when the step fails.
  std::string scratch_path(std::string_view name);

  // What the step makes or observes, in order.
  const AssetKey& output_asset(std::size_t output) const { return outputs_[output]; }
  // The engine's own view, for what is not here.
  StepContext& step() { return step_; }

  // Adds what add_metadata said about an output behind what it already has.
  void merge_metadata(std::size_t output, Metadata& into) const;

 private:
  [[noreturn]] static void throw_no_resource(const std::string& key, const std::type_info& wanted);
  std::size_t output_of(const AssetKey& asset) const;
  std::size_t check_of(const std::string& name) const;
  const PartitionSlice& own_partitions() const;
  const PartitionSlice& partitions_read(const AssetKey& input) const;

  StepContext& step_;
  const std::vector<AssetKey>& outputs_;
  const std::vector<AssetKey>& inputs_;
  std::vector<std::pair<std::size_t, std::pair<std::string, MetadataValue>>> added_;
  std::string scratch_;  // "" = not made yet
};

}  // namespace treadle
