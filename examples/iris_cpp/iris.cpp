// From a CSV file to a checked classifier, every step kept as a versioned artifact; the same graph
// as examples/iris in Python:
//
//   iris_csv ── raw_iris ─┬─ training_set ── model ─┐
//                         └─ test_set ──────────────┴─ evaluation ── check: accuracy_is_high
//
// Build it, then run it with `./iris materialize`; `./iris --help` says what else it can do.
#include <treadle/treadle.hpp>

#include <array>
#include <cmath>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

namespace td = treadle;

// The values that flow between the functions. TREADLE_FIELDS lets a struct be kept as JSON (a dict
// for Python).
struct Flower {
  std::array<double, 4> lengths{};  // sepal and petal, centimetres
  std::string species;
};
TREADLE_FIELDS(Flower, lengths, species)
using Table = std::vector<Flower>;

struct Metrics {
  double accuracy = 0;
  std::size_t flowers = 0;
};
TREADLE_FIELDS(Metrics, accuracy, flowers)

// An error that may happen is a value: the step fails with this message.
td::Result<Table> read_csv(const td::File& file) {
  std::ifstream in(file.path);
  std::string line;
  std::getline(in, line);  // the header
  Table table;
  while (std::getline(in, line)) {
    std::istringstream cells(line);
    Flower flower;
    char comma = 0;
    for (double& length : flower.lengths) cells >> length >> comma;
    if (!(cells >> flower.species))
      return td::fail("Line " + std::to_string(table.size() + 2) + " is no flower: " + line);
    table.push_back(flower);
  }
  if (table.empty()) return td::fail(file.path + " has no flowers.");
  return table;
}

// Every fourth flower of each species is for testing, so the split is the same each time.
std::pair<Table, Table> split(const Table& flowers) {
  Table training, test;
  std::map<std::string, int> seen;
  for (const Flower& flower : flowers)
    (++seen[flower.species] % 4 == 0 ? test : training).push_back(flower);
  return {training, test};
}

// A Gaussian naive Bayes classifier: each length of a species follows a normal distribution of its
// own.
struct Species {
  std::array<double, 4> mean{}, variance{};
  double count = 0;
};
using Classifier = std::map<std::string, Species>;

Classifier fit(const Table& flowers) {
  Classifier species;
  for (const auto& [lengths, name] : flowers) {
    for (int i = 0; i < 4; ++i) species[name].mean[i] += lengths[i];
    ++species[name].count;
  }
  for (auto& [name, s] : species)
    for (double& mean : s.mean) mean /= s.count;
  for (const auto& [lengths, name] : flowers) {
    Species& s = species[name];
    for (int i = 0; i < 4; ++i) s.variance[i] += std::pow(lengths[i] - s.mean[i], 2) / s.count;
  }
  return species;
}

std::string predict(const Classifier& species, const std::array<double, 4>& lengths) {
  std::pair<double, std::string> best(-INFINITY, "");
  for (const auto& [name, s] : species) {
    double log_likelihood = std::log(s.count);
    for (int i = 0; i < 4; ++i)
      log_likelihood -=
          std::log(s.variance[i]) / 2 + std::pow(lengths[i] - s.mean[i], 2) / (2 * s.variance[i]);
    best = std::max(best, {log_likelihood, name});
  }
  return best.second;
}

// The model is kept as a file, as a trained model mostly is: written to the step's scratch folder,
// stored when it is returned.
td::File train(td::Context& context, const Table& training_set) {
  const Classifier species = fit(training_set);
  td::File file{context.scratch_path("iris.model")};
  std::ofstream out(file.path);
  out.precision(17);
  for (const auto& [name, s] : species) {
    out << name << ' ' << s.count;
    for (int i = 0; i < 4; ++i) out << ' ' << s.mean[i] << ' ' << s.variance[i];
    out << '\n';
  }
  context.info("fitted " + std::to_string(species.size()) + " species to " +
               std::to_string(training_set.size()) + " flowers");
  return file;
}

Classifier load(const td::File& model) {
  Classifier species;
  std::ifstream in(model.path);
  std::string name;
  while (in >> name) {
    Species& s = species[name];
    in >> s.count;
    for (int i = 0; i < 4; ++i) in >> s.mean[i] >> s.variance[i];
  }
  return species;
}

// A value with facts about it: they are shown with the asset, and kept with this materialization.
td::Output<Metrics> evaluate(const td::File& model, const Table& test_set) {
  const Classifier species = load(model);
  std::map<std::string, std::map<std::string, int>> confusion;  // what it is, what the model said
  int right = 0;
  for (const auto& [lengths, name] : test_set) {
    const std::string said = predict(species, lengths);
    ++confusion[name][said];
    right += said == name;
  }
  std::string head = "| |", rule = "| --- |", rows;
  for (const auto& [name, s] : species) {
    head += " " + name + " |";
    rule += " --- |";
    rows += "\n| **" + name + "** |";
    for (const auto& [said, t] : species)
      rows += " " + std::to_string(confusion[name][said]) + " |";
  }
  const Metrics metrics{static_cast<double>(right) / static_cast<double>(test_set.size()),
                        test_set.size()};
  return {metrics,
          {{"accuracy", metrics.accuracy},
           {"confusion", td::MetadataValue::md(head + "\n" + rule + rows)}}};
}

td::CheckResult accuracy_is_high(const Metrics& metrics) {
  return {.passed = metrics.accuracy >= 0.9,
          .metadata = {{"accuracy", metrics.accuracy}, {"at_least", 0.9}}};
}

// The graph. Each declaration gives back a typed handle: wiring a function to an asset of another
// type does not compile. With a code version, only what follows from a changed function is stale;
// without one, every rebuild makes an asset stale.
int main(int argc, char** argv) {
  td::Defs defs;
  auto iris_csv = defs.file_source(
      {.key = "iris_csv", .group = "data", .description = "150 flowers, Fisher 1936."}, IRIS_CSV);
  auto raw_iris =
      defs.asset({.key = "raw_iris", .group = "data", .code_version = "1"}, read_csv, iris_csv);
  auto [training_set, test_set] =
      defs.multi_asset({{.key = "training_set", .group = "data", .code_version = "1"},
                        {.key = "test_set", .group = "data", .code_version = "1"}},
                       split, raw_iris);
  auto model = defs.asset({.key = "model",
                           .group = "model",
                           .description = "A Gaussian naive Bayes classifier.",
                           .owners = {"team:botany"},
                           .kinds = {"cpp"},
                           .code_version = "1"},
                          train, training_set);
  auto evaluation = defs.asset({.key = "evaluation", .group = "model", .code_version = "1"},
                               evaluate, model, test_set);
  defs.check("accuracy_is_high", evaluation, accuracy_is_high,
             {.blocking = true, .description = "At least nine of ten flowers are named rightly."});
  return td::main(argc, argv, defs);
}
