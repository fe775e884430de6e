// Configuration: a struct says what a run may set, and mistakes are told before anything runs.
#include <treadle/treadle.hpp>

#include <iostream>
#include <sstream>

namespace td = treadle;

struct Training {
  td::Required<std::string> target;
  double rate = 0.5;
};
TREADLE_FIELDS(Training, target, rate)

int main() {
  auto train = td::op(
      "train",
      [](const Training& config) {
        std::ostringstream text;
        text << *config.target << " at " << config.rate;
        return text.str();
      },
      td::Config<Training>());

  td::Defs defs;
  defs.job("training", [&](td::Compose& c) { c(train); });

  const char* config = R"({"ops": {"train": {"config": {"target": "price", "rate": 0.25}}}})";
  const td::RunReport run =
      td::run_job(defs, "training", {.config = config, .temporary_home = true});
  std::cout << run.output<std::string>("train").value() << '\n';

  config = R"({"ops": {"train": {"config": {"rate": 0.25}}}})";
  if (!td::run_job(defs, "training", {.config = config, .temporary_home = true}).success())
    std::cout << "refused: it does not say the target\n";
}
