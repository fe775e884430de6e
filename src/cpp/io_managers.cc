#include "encoded_in_memory.h"
#include <treadle/cpp/io_managers.h>
#include <treadle/define/definitions.h>
#include <treadle/define/partition_set.h>
#include <treadle/io/latest_files.h>

#include <map>
#include <mutex>
#include <utility>
#include <vector>

namespace treadle {
namespace {

class InMemoryIOManager final : public IOManager {
 public:
  StepOutcome handle_output(OutputContext& context, const Value& value) override {
    if (context.partitions == nullptr) {
      keep(name_of(context), {}, value);
      return {};
    }
    const std::vector<std::string> keys = context.partitions->keys();
    std::vector<Value> values{value};
    if (keys.size() != 1) {
      if (context.output.codec == nullptr) return no_codec(context.output.asset.key);
      auto parts = context.output.codec->split(value, keys);
      if (!parts) return failed(std::move(parts).error().message);
      values = std::move(*parts);
    }
    for (std::size_t i = 0; i < keys.size(); ++i) keep(name_of(context), keys[i], values[i]);
    return {};
  }

  tl::expected<Value, StepFailure> load_input(InputContext& context) override {
    const std::string name = name_of(context);
    if (context.partitions == nullptr) return find(name, {}, context.asset);
    const std::vector<std::string> keys = context.partitions->keys();
    if (keys.size() == 1) return find(name, keys.front(), context.asset);
    if (keys.empty()) return Value();
    if (context.input.codec == nullptr) return no_codec(context.asset);
    std::vector<EncodedInMemory> parts;
    for (const std::string& key : keys) {
      const auto value = find(name, key, context.asset);
      if (!value) return value;
      auto encoded = context.input.codec->encode(*value);
      if (!encoded) return failed(std::move(encoded).error().message);
      parts.emplace_back(std::move(*encoded));
    }
    std::vector<std::pair<std::string, Stored*>> all;
    for (std::size_t i = 0; i < keys.size(); ++i) all.emplace_back(keys[i], &parts[i]);
    auto value = context.input.codec->decode_all(all);
    if (!value) return failed(std::move(value).error().message);
    return std::move(*value);
  }

 private:
  static tl::unexpected<StepFailure> failed(std::string message) {
    StepFailure failure;
    failure.message = std::move(message);
    return tl::unexpected<StepFailure>(std::move(failure));
  }
  static tl::unexpected<StepFailure> no_codec(const AssetKey& asset) {
    return failed("'" + asset.text() +
                  "' is kept in memory without a codec, so that only one of its partitions can be "
                  "handed over at a time. Give its type a codec (TREADLE_FIELDS, td::CodecFor).");
  }

  // Assets by their key; other outputs by run, step and name, with the mapping key in between.
  static std::string name_of(const OutputContext& context) {
    if (!context.output.asset.key.empty()) return context.output.asset.key.text();
    return std::string(1, '\0') + context.step.run_id() + '\0' + context.step.step_key() + '\0' +
           context.output.name + '\0' + context.mapping_key;
  }
  static std::string name_of(const InputContext& context) {
    if (!context.asset.empty()) return context.asset.text();
    const OutputDef* output = context.upstream_output;
    return std::string(1, '\0') + context.upstream_run + '\0' + context.upstream_step + '\0' +
           (output == nullptr ? "" : output->name) + '\0' + context.upstream_mapping_key;
  }

  void keep(const std::string& name, const std::string& partition, const Value& value) {
    const std::scoped_lock lock(mutex_);
    values_[{name, partition}] = value;
  }
  tl::expected<Value, StepFailure> find(const std::string& name, const std::string& partition,
                                        const AssetKey& asset) const {
    const std::scoped_lock lock(mutex_);
    const auto at = values_.find({name, partition});
    if (at != values_.end()) return at->second;
    const std::string what = asset.empty() ? std::string("this input") : "'" + asset.text() + "'";
    return failed("There is no value of " + what +
                  (partition.empty() ? std::string() : " for the partition '" + partition + "'") +
                  " in memory: this program has not made it, or in a process of its own "
                  "(own_processes).");
  }

  mutable std::mutex mutex_;
  std::map<std::pair<std::string, std::string>, Value> values_;
};

}  // namespace

std::shared_ptr<IOManager> files(std::string folder) {
  return io::make_latest_files_io_manager(std::move(folder));
}

std::shared_ptr<IOManager> in_memory() {
  return std::make_shared<InMemoryIOManager>();
}

}  // namespace treadle
