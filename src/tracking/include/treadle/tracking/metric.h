// define_metric: what a metric is plotted over and what of it goes into the summary.
#pragma once

#include <treadle/base/result.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace treadle::tracking {

struct MetricDefinition {
  std::string name;         // a key, or a glob with one trailing '*': "train/*"
  std::string step_metric;  // "" = _step
  bool step_sync = true;
  bool hidden = false;
  std::vector<std::string> summary;  // "min" "max" "mean" "best" "last" "first" "copy" "none"
  std::string goal;                  // "minimize" | "maximize" | ""
};

// The definitions as W&B keeps them in the config (`_wandb.m`), both ways. `config` is plain.
std::vector<MetricDefinition> metric_definitions(std::string_view config);
// The config with this definition added, or instead of the one of that name.
Result<std::string> with_metric_definition(std::string_view config,
                                           const MetricDefinition& definition);

// Computes a run's summary while rows are logged: last values, and what the definitions ask for.
// Single thread.
class Summarizer {
 public:
  // Goes on from an existing summary ("{}" for a new run).
  static Result<Summarizer> make(std::string_view summary);
  Summarizer(Summarizer&&) noexcept;
  Summarizer& operator=(Summarizer&&) noexcept;
  ~Summarizer();

  void define(const MetricDefinition& definition);
  // One row, as logged.
  Result<void> add(std::string_view json_row);
  // Set by hand: from then on the value stays until the key is logged again.
  Result<void> set(std::string_view json_object);
  Result<void> remove(std::string_view key);
  std::string summary() const;  // JSON object text

 private:
  struct State;
  explicit Summarizer(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace treadle::tracking
