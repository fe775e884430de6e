// Handles that declarations give back, and the options they take. Values.
#pragma once

#include <treadle/cpp/partitioned_config.h>
#include <treadle/cpp/partitions.h>
#include <treadle/define/definitions.h>
#include <treadle/define/retry_policy.h>

#include <concepts>
#include <memory>
#include <optional>
#include <source_location>
#include <string>
#include <vector>

namespace treadle {

// An asset whose value is a T: hand it to whatever is computed from it. Asset<void> keeps no value:
// handing it over only orders.
template <class T>
class Asset {
 public:
  explicit Asset(AssetKey key) : key_(std::move(key)) {}
  const AssetKey& key() const { return key_; }
  operator const AssetKey&() const {
    return key_;
  }  // NOLINT(google-explicit-constructor): wherever a key is wanted

 private:
  AssetKey key_;
};

// An asset with words for the IO manager that reads it for this one function:
//   defs.asset("score", score, td::with(model, {td::wandb::configuration({.version = "v3"})}));
// or with the mapping that says which of its partitions are read for which:
//   defs.asset("trend", trend, td::with(sales, td::TimeWindowMapping{.start_offset = -6}));
// or with the IO manager that loads it for this function alone (an input manager):
//   defs.asset("report", report, td::with(sales, td::AssetIn{.io_manager = "sample"}));
struct AssetIn {
  std::string io_manager = {};  // a key of Defs::io_manager; "" = the one that stored the value
  Metadata metadata = {};       // for it
  PartitionMappingPtr mapping = {};  // null: what the two definitions suggest
};
template <class T>
struct AssetWith {
  Asset<T> asset;
  AssetIn in;
};
template <class T>
AssetWith<T> with(Asset<T> asset, Metadata metadata) {
  return {std::move(asset), {.metadata = std::move(metadata)}};
}
template <class T, Mapping M>
AssetWith<T> with(Asset<T> asset, M mapping, Metadata metadata = {}) {
  return {std::move(asset),
          {.metadata = std::move(metadata), .mapping = treadle::mapping(std::move(mapping))}};
}
template <class T, std::same_as<AssetIn> In>
AssetWith<T> with(Asset<T> asset, In in) {
  return {std::move(asset), std::move(in)};
}

// All partitions that are read, by key, also when it is one or none: for a parameter
// const td::ByPartition<T>&.
template <class T>
struct AllOf {
  AssetWith<T> asset;
};
template <class T>
AllOf<T> by_partition(Asset<T> asset) {
  return {{std::move(asset), {}}};
}
template <class T>
AllOf<T> by_partition(AssetWith<T> asset) {
  return {std::move(asset)};
}

// An asset by its name alone: one declared further down, or in another part of the program. That it
// holds a T is checked against what makes it when the definitions are loaded, and that it exists.
// For what another program or Python makes, declare it with Defs::source<T>.
template <class T>
Asset<T> by_name(AssetKey key) {
  return Asset<T>(std::move(key));
}

// Assets that must be there first, without handing over their values:
//   defs.asset("report", write_report, td::after(model));
struct After {
  struct One {
    AssetKey asset;
    PartitionMappingPtr mapping;
    // NOLINTNEXTLINE(google-explicit-constructor)
    template <class A>
      requires std::convertible_to<const A&, AssetKey>
    One(const A& key) : asset(key) {}
    // NOLINTNEXTLINE(google-explicit-constructor)
    template <class T>
    One(const AssetWith<T>& given) : asset(given.asset.key()), mapping(given.in.mapping) {}
  };
  std::vector<One> assets;
};
template <class... Assets>
After after(const Assets&... assets) {
  return After{{After::One(assets)...}};
}

// A resource of the run: hand it to a function that takes a T&. Steps run in parallel: T must bear
// that.
template <class T>
class ResourceHandle {
 public:
  explicit ResourceHandle(std::string key) : key_(std::move(key)) {}
  const std::string& key() const { return key_; }

 private:
  std::string key_;
};

// A check whose result the function of the asset itself gives: td::Output::checks, Context::check.
struct CheckSpec {
  std::string name = {};
  bool blocking = false;  // what follows from the asset does not run when it fails
  std::string description = {};
  Metadata metadata = {};
  AssetKey asset = {};  // of a multi-asset: the one it is about; "" = the first
};

struct AssetOptions {
  AssetKey key = {};
  std::string group = "default";
  std::string description = {};
  std::vector<std::string> owners = {};  // an e-mail address or "team:name"
  std::vector<std::string> kinds = {};
  Tags tags = {};
  Metadata metadata = {};
  // Change it when the function changes: then this asset and what follows from it is stale, and
  // nothing else. "" = the build of the program, so that every rebuild makes it stale.
  std::string code_version = {};
  std::vector<AssetKey> deps = {};          // as td::after
  std::vector<std::string> resources = {};  // that the function asks its td::Context for
  std::string io_manager = "io_manager";    // stores the value
  std::optional<RetryPolicy> retry_policy = {};
  Partitions partitions = {};  // td::daily_partitions("2026-01-01") ...
  // How many partitions one run takes; without: one.
  std::optional<BackfillPolicy> backfill_policy = {};
  // Not run when code, configuration and inputs were seen before: what was made of them is linked.
  bool memoize = false;
  AutomationCondition automation_condition = {};  // td::AutomationCondition::eager() ...
  std::optional<FreshnessPolicy> freshness_policy = {};
  std::vector<CheckSpec> checks = {};
  std::vector<HookDef> hooks = {};
  Tags op_tags = {};      // of its step: "dagster/priority", and for limits
  std::string pool = {};  // see RunJobOptions::pools
  double time_limit = 0;  // seconds for one attempt in a process of its own; 0 = any
  std::source_location where = std::source_location::current();
};

// One asset of a multi-asset.
struct OutputOptions {
  AssetKey key = {};
  std::string group = "default";
  std::string description = {};
  std::vector<std::string> owners = {};
  std::vector<std::string> kinds = {};
  Tags tags = {};
  Metadata metadata = {};
  std::string code_version = {};
  std::string io_manager = "io_manager";
  // The inputs or other outputs that this one follows from; nothing = all inputs.
  std::optional<std::vector<AssetKey>> follows_from = {};
  AutomationCondition automation_condition = {};
  std::optional<FreshnessPolicy> freshness_policy = {};
  std::source_location where = std::source_location::current();
};

struct MultiAssetOptions {
  std::string name = {};                    // of the step; "" = made from the assets' names
  std::vector<OutputOptions> outputs = {};  // as many as the function returns
  std::vector<AssetKey> deps = {};
  std::vector<std::string> resources = {};
  std::optional<RetryPolicy> retry_policy = {};
  Partitions partitions = {};  // of all its outputs
  std::optional<BackfillPolicy> backfill_policy = {};
  bool memoize = false;
  // The function looks at Context::wants and may leave out std::optional outputs.
  bool can_subset = false;
  std::vector<CheckSpec> checks = {};
  std::vector<HookDef> hooks = {};
  Tags op_tags = {};
  std::string pool = {};
  double time_limit = 0;
  std::source_location where = std::source_location::current();
};

struct CheckOptions {
  bool blocking = false;  // what follows from the asset does not run when the check fails
  std::string description = {};
  Metadata metadata = {};
  std::vector<std::string> resources = {};
  std::optional<RetryPolicy> retry_policy = {};
  Partitions partitions = {};  // those of the asset: a result for each; none: one for all
  AutomationCondition automation_condition = {};
  Tags op_tags = {};
  std::string pool = {};
  std::source_location where = std::source_location::current();
};

// Several checks made by one function.
struct MultiCheckOptions {
  std::string name = {};               // of the step; "" = made from the checks' names
  std::vector<CheckSpec> checks = {};  // each with its asset; as many as the function returns
  std::vector<std::string> resources = {};
  std::optional<RetryPolicy> retry_policy = {};
  bool can_subset = false;  // the function looks at Context::wants_check
  std::source_location where = std::source_location::current();
};

struct SourceOptions {
  AssetKey key = {};
  std::string group = "default";
  std::string description = {};
  std::vector<std::string> owners = {};
  std::vector<std::string> kinds = {};
  Tags tags = {};
  Metadata metadata = {};
  std::string io_manager = "io_manager";  // loads the value
  Partitions partitions = {};
  std::optional<FreshnessPolicy> freshness_policy = {};
  std::vector<AssetKey> deps = {};  // what it is made from, as far as is known: lineage
  std::source_location where = std::source_location::current();
};

struct JobOptions {
  std::string description = {};
  Tags tags = {};
  std::optional<RetryPolicy> retry_policy = {};  // for steps without their own
  std::vector<HookDef> hooks = {};               // of a job of ops: for all its steps
  Tags op_tags = {};                             // of a job of ops: for all its steps
  // Of a job of ops, whose runs are then over partitions; assets bring their own.
  Partitions partitions = {};
  bool memoize = false;  // of a job of assets: as if each were declared so
  // Of a job of assets: when it is run by itself. Asks for its assets that read no other of them:
  //   td::AutomationCondition::any_job_root_assets_match(td::AutomationCondition::eager())
  AutomationCondition automation_condition = {};
  std::string config = {};  // of runs that are given none: JSON, or a td::RunConfig
  // Of runs over a partition: td::daily_partitioned_config and its kin. Its partitions are those of the job.
  PartitionedConfig partitioned_config = {};
  // Where its steps run and how many at once: td::multiprocess_executor() ...
  std::optional<Executor> executor = {};
  // Of a job of ops: what a run says instead of the configuration of its ops (td::config_mapping).
  std::shared_ptr<const ConfigMapping> config_mapping = {};
  std::source_location where = std::source_location::current();
};

// A key with the place it was written at, so that messages can point there.
struct Named {
  template <class Text>
    requires std::convertible_to<Text, AssetKey>
  Named(Text&& text, std::source_location place =
                         std::source_location::current())  // NOLINT(google-explicit-constructor)
      : key(std::forward<Text>(text)), where(place) {}
  AssetKey key;
  std::source_location where;
};

}  // namespace treadle
