// partitions_bench questions: milliseconds of each question about one asset with 1,000,000 hourly
// partitions, and the bytes that its definition and status take, as JSON.
// partitions_bench home COUNT: the same asset in a home in which COUNT partitions are made: seconds
// to record them, and for its status, its staleness and the facts of its condition.
// partitions_bench keys COUNT: seconds to add so many dynamic keys to a home, to find one and to list
// a page of them.
// partitions_bench run COUNT: seconds to materialize so many partitions of an asset that does nothing
// in one run.
#include <treadle/app/automation.h>
#include <treadle/app/partitions.h>
#include <treadle/app/status.h>
#include <treadle/define/time_grid.h>
#include <treadle/plan/partition_mapping.h>
#include <treadle/treadle.hpp>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <malloc.h>
#include <string>

using namespace treadle;

namespace {

// 1980 and a million hours: February 2094.
constexpr Micros kNow = 3'918'000'000'000'000;
constexpr std::int64_t kMillion = 1'000'000;

template <class T>
T take(Result<T> result) {
  if (!result) {
    std::fprintf(stderr, "%s\n", result.error().message.c_str());
    std::exit(1);
  }
  return std::move(*result);
}
void take(const Result<void>& result) {
  if (result) return;
  std::fprintf(stderr, "%s\n", result.error().message.c_str());
  std::exit(1);
}

class Timer {
 public:
  double seconds() const {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
  }

 private:
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

template <class F>
double milliseconds(F&& question) {
  const Timer timer;
  question();
  return timer.seconds() * 1000;
}

// Every answer is looked at, so that none is left out by the compiler.
std::int64_t seen = 0;

int questions() {
  const std::size_t before = mallinfo2().uordblks;
  const PartitionsPtr hours =
      take(hourly_partitions("1980-01-01-00:00", {.timezone = "Europe/Berlin"}));
  const PartitionsPtr days = take(daily_partitions("1980-01-01", {.timezone = "Europe/Berlin"}));
  // Another definition, so that nothing of this one is known yet.
  const Micros now = take(hourly_partitions("1980-01-01-00:00", {.timezone = "Europe/Berlin"}))
                         ->grid()
                         .start_of(kMillion);
  std::optional<PartitionSet> set, day_set;
  const double count = milliseconds([&] {
    set = take(PartitionSet::at(hours, now));
    seen += set->size();
  });
  if (set->size() != kMillion) return 1;
  day_set = take(PartitionSet::at(days, now));
  const double window = milliseconds([&] { seen += set->window(777'777)->start; });
  const double key =
      milliseconds([&] { seen += static_cast<std::int64_t>(set->key(888'888).size()); });
  const std::string some = set->key(654'321);
  const double index = milliseconds([&] { seen += take(set->index_of(some)); });
  const PartitionSubset range = PartitionSubset::range(1'000, 990'000);
  const PartitionMapping mapping{TimeWindowMapping{}};
  const double up = milliseconds(
      [&] { seen += take(plan::downstream_of(mapping, *set, range, *day_set)).size(); });
  const PartitionSubset many_days = PartitionSubset::range(10, 40'000);
  const double down = milliseconds(
      [&] { seen += take(plan::upstream_of(mapping, &*day_set, &many_days, *set)).subset.size(); });
  // Ten thousand gaps, five thousand failures.
  std::vector<PartitionSubset::Range> made, bad;
  for (std::int64_t i = 0; i < 10'000; ++i) made.push_back({i * 100, i * 100 + 97});
  for (std::int64_t i = 0; i < 5'000; ++i) bad.push_back({i * 200 + 98, i * 200 + 99});
  const PartitionSubset materialized = PartitionSubset::of_ranges(std::move(made));
  const PartitionSubset failed = PartitionSubset::of_ranges(std::move(bad));
  const double subsets = milliseconds([&] {
    const PartitionSubset missing = set->all() - materialized - failed;
    seen += missing.size() + (materialized | failed).size() + (missing & range).size();
  });
  const std::size_t bytes = mallinfo2().uordblks - before;
  std::printf(
      "{\"count\": %.4f, \"window\": %.4f, \"key\": %.4f, \"index\": %.4f, \"downstream\": %.4f, "
      "\"upstream\": %.4f, \"subsets\": %.4f, \"megabytes\": %.4f, \"seen\": %lld}\n",
      count, window, key, index, up, down, subsets, static_cast<double>(bytes) / 1e6,
      static_cast<long long>(seen));
  return 0;
}

Definitions one_hourly_asset() {
  Definitions definitions;
  StepDef step;
  step.name = "measurements";
  OutputDef output;
  output.asset.key = AssetKey(step.name);
  output.asset.code_version = "1";
  // All in the past: what a home says of staleness is as of today.
  output.asset.partitions = take(hourly_partitions("1900-01-01-00:00"));
  output.asset.automation_condition = AutomationCondition::eager();
  step.outputs.push_back(std::move(output));
  definitions.steps.push_back(std::move(step));
  return definitions;
}

// As a run over all of them records it.
void record(app::Home& home, const PartitionSet& set, std::int64_t count) {
  const std::string run_id = "00000000-0000-4000-8000-000000000001";
  take(home.record().add_run({.run_id = run_id}));
  const auto writer = take(home.record().execute_run(run_id));
  for (const std::string& key : set.keys(PartitionSubset::range(0, count))) {
    Event event;
    event.type = EventType::kAssetMaterialization;
    event.step_key = event.asset_key = "measurements";
    event.partition = key;
    event.payload = R"({"provenance":{"code_version":"1","data_version":"0123456789abcdef"}})";
    writer->append(std::move(event));
  }
  Event last;
  last.type = EventType::kRunSuccess;
  take(writer->finish(RunStatus::kSuccess, std::move(last)));
}

int home_of(std::int64_t count) {
  const auto home = take(app::Home::open({}));
  const Definitions definitions = one_hourly_asset();
  const plan::AssetGraph graph(definitions);
  const PartitionsPtr& hours = definitions.steps[0].outputs[0].asset.partitions;
  const Micros now = hours->grid().start_of(count);
  const PartitionSet set = take(PartitionSet::at(hours, now));
  const double recorded = milliseconds([&] { record(*home, set, count); });
  const auto status = [&] {
    const auto found = take(app::partition_status(*home, AssetKey("measurements"), set));
    if (found.materialized.size() != count || !found.missing().empty()) std::exit(1);
  };
  const double first = milliseconds(status), again = milliseconds(status);
  const auto facts = [&] {
    const auto moment = take(app::automation_moment(*home, graph, now, {}));
    if (moment.facts.assets[0].present.size() != count) std::exit(1);
  };
  const double facts_first = milliseconds(facts), facts_again = milliseconds(facts);
  const auto stale = [&] {
    const auto found = take(app::Status::read(home.get(), graph, {0}, {.now = now}));
    if (found.assets()[0].word != "fresh") std::exit(1);
  };
  const double stale_first = milliseconds(stale), stale_again = milliseconds(stale);
  std::printf(
      "{\"record\": %.1f, \"status\": %.3f, \"status_again\": %.3f, \"facts\": %.3f, "
      "\"facts_again\": %.3f, \"stale\": %.3f, \"stale_again\": %.3f}\n",
      recorded, first, again, facts_first, facts_again, stale_first, stale_again);
  return 0;
}

int keys_of(std::int64_t count) {
  const auto home = take(app::Home::open({}));
  std::vector<std::string> keys;
  for (std::int64_t i = 0; i < count; ++i)
    keys.push_back("image-" + std::to_string(i * 7919 % count));
  const double add =
      milliseconds([&] { take(home->record().add_dynamic_partitions("images", keys)); });
  const double one =
      milliseconds([&] { take(home->record().add_dynamic_partitions("images", {"one more"})); });
  const double has =
      milliseconds([&] { seen += take(home->record().has_dynamic_partition("images", keys[5])); });
  const PartitionsPtr definition = take(dynamic_partitions("images"));
  const auto set_and_find = [&] {
    const PartitionSet set = take(PartitionSet::at(definition, kNow, &home->dynamic_keys()));
    seen += take(set.index_of("one more"));
  };
  const double load = milliseconds(set_and_find);
  take(home->record().add_dynamic_partitions("images", {"yet another"}));
  const double again = milliseconds(set_and_find);
  const double page = milliseconds([&] {
    const auto first = take(home->record().dynamic_partitions_page("images", 0, 100));
    seen += static_cast<std::int64_t>(
        take(home->record().dynamic_partitions_page("images", first.last, 100)).keys.size());
  });
  std::printf(
      "{\"add\": %.1f, \"add_one\": %.3f, \"has\": %.3f, \"load\": %.3f, \"find\": %.3f, \"page\": "
      "%.3f}\n",
      add, one, has, load, again, page);
  return 0;
}

int run_of(std::int64_t count) {
  std::vector<std::string> keys;
  for (std::int64_t i = 0; i < count; ++i) keys.push_back("p" + std::to_string(i));
  Defs defs;
  defs.asset({.key = "nothing",
              .partitions = static_partitions(std::move(keys)),
              .backfill_policy = BackfillPolicy::single_run()},
             [] {});
  const Timer timer;
  const auto runs = materialize_partitions(defs, {.partitions = "all"});
  const double seconds = timer.seconds();
  if (runs.size() != 1 || !runs.front().success()) return 1;
  std::printf("{\"seconds\": %.6f}\n", seconds);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc == 2 && std::strcmp(argv[1], "questions") == 0) return questions();
  if (argc != 3) return 2;
  const std::int64_t count = std::atoll(argv[2]);
  if (std::strcmp(argv[1], "run") == 0) return run_of(count);
  return std::strcmp(argv[1], "home") == 0 ? home_of(count) : keys_of(count);
}
