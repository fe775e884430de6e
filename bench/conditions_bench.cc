// conditions_bench COUNT PARTITIONS: COUNT assets in chains of ten with eager(), each with so many
// partitions (0: none). Prints as JSON the seconds of the first evaluation and of the next, with a
// history in which everything but the last asset of each chain has been made.
// conditions_bench ticks: seconds for the next 1,000 ticks of 1,000 schedules in 40 time zones.
#include <treadle/automate/evaluate.h>
#include <treadle/base/cron.h>

#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

using namespace treadle;

namespace {

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

constexpr Micros kNow = 1'767'225'600'000'000;

template <class T>
T take(Result<T> result) {
  if (!result) {
    std::fprintf(stderr, "%s\n", result.error().message.c_str());
    std::exit(1);
  }
  return std::move(*result);
}

constexpr std::array kZones = {"UTC",
                               "Europe/Berlin",
                               "Europe/London",
                               "Europe/Dublin",
                               "Europe/Moscow",
                               "Europe/Istanbul",
                               "Europe/Lisbon",
                               "America/New_York",
                               "America/Chicago",
                               "America/Denver",
                               "America/Los_Angeles",
                               "America/Phoenix",
                               "America/Sao_Paulo",
                               "America/Bogota",
                               "America/Caracas",
                               "America/Havana",
                               "America/St_Johns",
                               "America/Santiago",
                               "America/Asuncion",
                               "America/Nuuk",
                               "Asia/Tokyo",
                               "Asia/Seoul",
                               "Asia/Shanghai",
                               "Asia/Kolkata",
                               "Asia/Kathmandu",
                               "Asia/Tehran",
                               "Asia/Beirut",
                               "Asia/Jerusalem",
                               "Africa/Cairo",
                               "Africa/Casablanca",
                               "Africa/Lagos",
                               "Africa/Johannesburg",
                               "Australia/Sydney",
                               "Australia/Lord_Howe",
                               "Australia/Adelaide",
                               "Pacific/Auckland",
                               "Pacific/Chatham",
                               "Pacific/Apia",
                               "Antarctica/Troll",
                               "Atlantic/Azores"};

int ticks() {
  const std::array shapes = {"{} * * * *",   "{} 2 * * *",    "*/15 * * * *",   "{} 9 * * mon-fri",
                             "{} 0 1 * *",   "{} 12 l * *",   "{} 6 * * tue#2", "{} */4 * * *",
                             "0 0 {} 1-6 *", "{} 1-3 * * sun"};
  std::vector<CronSchedule> schedules;
  for (int i = 0; i < 1000; ++i) {
    std::string text = shapes[static_cast<std::size_t>(i) % shapes.size()];
    if (const auto at = text.find("{}"); at != std::string::npos)
      text.replace(at, 2, std::to_string(i % 28 + 1));
    schedules.push_back(
        take(CronSchedule::parse(text, kZones[static_cast<std::size_t>(i) % kZones.size()])));
  }
  const auto start = std::chrono::steady_clock::now();
  Micros sum = 0;
  for (const CronSchedule& schedule : schedules) {
    constexpr Micros kLong = Micros{1000} * 365 * kSecondsPerDay * kMicrosPerSecond;
    const std::vector<Micros> next = schedule.between(kNow + 1, kNow + kLong, 1000);
    if (next.size() != 1000) return 1;
    sum += next.back();
  }
  std::printf("{\"seconds\": %.6f, \"check\": %lld}\n", seconds_since(start),
              static_cast<long long>(sum % 1000));
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc == 2 && std::strcmp(argv[1], "ticks") == 0) return ticks();
  if (argc != 3) return 2;
  const int count = std::atoi(argv[1]), partitions = std::atoi(argv[2]);
  PartitionsPtr definition;
  if (partitions > 0) {
    std::vector<std::string> keys;
    for (int i = 0; i < partitions; ++i) keys.push_back("p" + std::to_string(i));
    definition = take(static_partitions(std::move(keys)));
  }
  Definitions definitions;
  for (int i = 0; i < count; ++i) {
    StepDef step;
    step.name = "asset_" + std::to_string(i);
    if (i % 10 != 0)
      step.inputs.push_back(
          {.name = "", .asset = AssetKey("asset_" + std::to_string(i - 1)), .loads_value = false});
    OutputDef output;
    output.asset.key = AssetKey(step.name);
    output.asset.automation_condition = AutomationCondition::eager();
    output.asset.partitions = definition;
    step.outputs.push_back(std::move(output));
    definitions.steps.push_back(std::move(step));
  }
  const plan::AssetGraph graph(definitions);
  automate::Facts facts;
  facts.assets.resize(graph.nodes().size());
  for (std::size_t i = 0; i < facts.assets.size(); ++i)
    if (i % 10 != 9)
      facts.assets[i].present = PartitionSubset::range(0, partitions > 0 ? partitions : 1);
  automate::Cursor cursor;
  double seconds[2];
  for (double& one : seconds) {
    const auto start = std::chrono::steady_clock::now();
    const auto entities = take(automate::Entities::at(graph, kNow));
    auto evaluation = take(automate::evaluate(*entities, facts, cursor));
    cursor = std::move(evaluation.cursor);
    one = seconds_since(start);
  }
  std::printf("{\"first\": %.6f, \"again\": %.6f}\n", seconds[0], seconds[1]);
}
