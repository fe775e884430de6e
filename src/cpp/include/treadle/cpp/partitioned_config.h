// The configuration of a job's runs over partitions: a function says it for each of them.
//
//   const auto by_day = td::daily_partitioned_config("2026-01-01", [](const td::TimeWindow& day) {
//     return td::RunConfig().op("load", Load{.from = td::format_time(day.start, "%Y-%m-%d")});
//   });
//   defs.job("nightly", load, {.partitioned_config = by_day});
//   defs.schedule_partitions("nightly");       // each day, when it has ended
//   td::run_job(defs, "nightly", {.partition = "2026-01-05"});
//
// The function takes the key of a partition (std::string), or of partitions of time its window, and returns a
// td::RunConfig, JSON (std::string), or a td::Result of one of them. A second one may say the tags of the run.
#pragma once

#include <treadle/cpp/partitions.h>
#include <treadle/define/partitioned_config.h>

#include <concepts>
#include <functional>
#include <map>
#include <memory>
#include <source_location>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace treadle {

// Cheap to copy; a value. Without a definition: none.
class PartitionedConfig {
 public:
  PartitionedConfig() = default;
  explicit PartitionedConfig(std::shared_ptr<const PartitionedConfigDef> definition)
      : definition_(std::move(definition)) {}
  const std::shared_ptr<const PartitionedConfigDef>& definition() const { return definition_; }
  Partitions partitions() const;
  // Those there are at a moment (0 = now); of dynamic partitions none, they are kept in a home.
  Result<std::vector<std::string>> partition_keys(Micros now = 0) const;
  // What a run of this partition is configured with, as JSON, and tagged with. An exception of the function is the error.
  Result<std::string> run_config(const std::string& key) const;
  Result<std::map<std::string, std::string>> tags(const std::string& key) const;

 private:
  std::shared_ptr<const PartitionedConfigDef> definition_;
};

// A moment as text, in a time zone: strftime.
std::string format_time(Micros time, std::string_view format, std::string_view timezone = "UTC");

namespace cpp {

Result<TimeWindow> window_of(const PartitionsPtr& partitions, const std::string& key);
[[noreturn]] void no_windows(const PartitionsPtr& partitions, std::source_location where);

template <class T>
struct PlainResult {
  using type = Result<T>;
};
template <class T>
struct PlainResult<Result<T>> {
  using type = Result<T>;
};

// A function of a key, whatever the user's takes.
template <class F>
auto of_partition(const PartitionsPtr& partitions, F fn, std::source_location where) {
  constexpr bool kOfWindow = std::invocable<const F&, const TimeWindow&>;
  static_assert(kOfWindow || std::invocable<const F&, const std::string&>,
                "treadle: the function of a partitioned config takes the key of a partition, a "
                "const std::string&, or "
                "the window of one of time, a const td::TimeWindow&");
  if constexpr (kOfWindow) {
    if (partitions->as_time() == nullptr) no_windows(partitions, where);
    using R = typename PlainResult<std::invoke_result_t<const F&, const TimeWindow&>>::type;
    return [partitions, fn = std::move(fn)](const std::string& key) -> R {
      TREADLE_TRY(const TimeWindow window, window_of(partitions, key));
      return fn(window);
    };
  } else {
    using R = typename PlainResult<std::invoke_result_t<const F&, const std::string&>>::type;
    return [fn = std::move(fn)](const std::string& key) -> R { return fn(key); };
  }
}

struct NoPartitionTags {};

}  // namespace cpp

template <class F, class T = cpp::NoPartitionTags>
PartitionedConfig partitioned_config(const Partitions& partitions, F fn, T tags = {},
                                     std::source_location where = std::source_location::current()) {
  auto made = std::make_shared<PartitionedConfigDef>();
  made->partitions = partitions.definition();
  made->config_of = [of = cpp::of_partition(made->partitions, std::move(fn), where)](
                        const std::string& key) -> Result<std::string> {
    TREADLE_TRY(const auto config, of(key));
    static_assert(std::convertible_to<decltype(config), std::string>,
                  "treadle: the function of a partitioned config returns a td::RunConfig, JSON as "
                  "a std::string, or a "
                  "td::Result of one of them");
    return std::string(config);
  };
  if constexpr (!std::same_as<T, cpp::NoPartitionTags>) {
    made->tags_of = [of = cpp::of_partition(made->partitions, std::move(tags), where)](
                        const std::string& key) -> Result<std::map<std::string, std::string>> {
      TREADLE_TRY(auto said, of(key));
      return std::map<std::string, std::string>(std::move(said));
    };
  }
  return PartitionedConfig(std::move(made));
}

// The same of these partitions; the function of windows is td::hourly_ to td::monthly_partitioned_config's alone.
template <class F, class T = cpp::NoPartitionTags>
PartitionedConfig static_partitioned_config(
    std::vector<std::string> keys, F fn, T tags = {},
    std::source_location where = std::source_location::current()) {
  return partitioned_config(Partitions(static_partitions(std::move(keys)), where), std::move(fn),
                            std::move(tags), where);
}
// Of keys that are added to the home under a name.
template <class F, class T = cpp::NoPartitionTags>
PartitionedConfig dynamic_partitioned_config(
    std::string name, F fn, T tags = {},
    std::source_location where = std::source_location::current()) {
  return partitioned_config(Partitions(dynamic_partitions(std::move(name)), where), std::move(fn),
                            std::move(tags), where);
}
template <class F, class T = cpp::NoPartitionTags>
PartitionedConfig hourly_partitioned_config(
    std::string_view start, F fn, TimePartitionsOptions options = {}, T tags = {},
    std::source_location where = std::source_location::current()) {
  return partitioned_config(Partitions(hourly_partitions(start, std::move(options)), where),
                            std::move(fn), std::move(tags), where);
}
template <class F, class T = cpp::NoPartitionTags>
PartitionedConfig daily_partitioned_config(
    std::string_view start, F fn, TimePartitionsOptions options = {}, T tags = {},
    std::source_location where = std::source_location::current()) {
  return partitioned_config(Partitions(daily_partitions(start, std::move(options)), where),
                            std::move(fn), std::move(tags), where);
}
template <class F, class T = cpp::NoPartitionTags>
PartitionedConfig weekly_partitioned_config(
    std::string_view start, F fn, TimePartitionsOptions options = {}, T tags = {},
    std::source_location where = std::source_location::current()) {
  return partitioned_config(Partitions(weekly_partitions(start, std::move(options)), where),
                            std::move(fn), std::move(tags), where);
}
template <class F, class T = cpp::NoPartitionTags>
PartitionedConfig monthly_partitioned_config(
    std::string_view start, F fn, TimePartitionsOptions options = {}, T tags = {},
    std::source_location where = std::source_location::current()) {
  return partitioned_config(Partitions(monthly_partitions(start, std::move(options)), where),
                            std::move(fn), std::move(tags), where);
}

}  // namespace treadle
