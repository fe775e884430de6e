// Executors: where steps run, and how many of a kind at once.
#include <treadle/treadle.hpp>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <iostream>
#include <thread>
#include <vector>

namespace td = treadle;
using Times = std::vector<double>;

double now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

int main() {
  auto crash = td::op("crash", [] { std::abort(); });
  auto train = td::op({.name = "train", .tags = {{"uses", "gpu"}}}, [] {
    const double begin = now();
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    return Times{begin, now()};
  });
  auto report = td::op("report", [](std::vector<Times> times) {
    std::sort(times.begin(), times.end());
    return times[0][1] <= times[1][0];
  });

  td::Defs defs;
  defs.job("night",
           [&](td::Compose& c) {
             c(crash);
             c(report, std::vector{c("small", train), c("large", train)});
           },
           {.executor = td::multiprocess_executor(
                {.tag_limits = {{.key = "uses", .value = "gpu", .limit = 1}}})});

  const td::RunReport run = td::run_job(defs, "night", {.temporary_home = true});
  for (const td::StepReport& step : run.steps())
    if (step.failure) std::cout << "crashed: " << step.step_key << '\n';
  std::cout << "one after the other: " << std::boolalpha << run.output<bool>("report").value()
            << '\n';
}
