// What a sweep tries: its config as W&B writes it (YAML), and the points of its search space.
//
//   TREADLE_TRY(const Space space, Space::parse("method: grid\nparameters:\n  lr: {values: [0.1, 0.2]}\n"));
//   space.grid_size();      // 2
//   *space.grid_point(1);   // {"lr": {"value": 0.2}}
#pragma once

#include <treadle/base/result.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace treadle::sweep {

enum class Method : std::uint8_t { kGrid, kRandom, kBayes, kCustom };

struct Metric {
  std::string name;
  bool maximize = false;
};

// When runs are compared, and which go on: `early_terminate` of the config. See early_stop.h.
struct Hyperband {
  std::vector<std::int64_t> brackets;  // how often the metric was reported then; ascending
  double eta = 3;                      // one in so many goes on
  bool strict = false;                 // only what was reported before the bracket counts
};

// A run of the sweep that ended, for methods that learn.
struct Trial {
  std::string arguments;  // as a point: {"lr": {"value": 0.1}}
  double result = 0;      // the metric's
};

// Immutable; copies share what is inside.
class Space {
 public:
  // kInvalidArgument names the parameter and what is wrong with it. `warnings`: what was taken, but
  // is probably not meant.
  static Result<Space> parse(std::string_view yaml, std::vector<std::string>* warnings = nullptr);

  Method method() const;
  const std::string& name() const;     // "" = none
  const std::string& program() const;  // "" = none
  const std::optional<Metric>& metric() const;
  const std::optional<Hyperband>& hyperband() const;
  bool is_local() const;  // a controller beside the agents decides, not the server
  std::optional<std::int64_t> run_cap() const;
  // How many points a grid has, nested parameters too; nothing for other methods.
  std::optional<std::int64_t> grid_size() const;

  // Points as JSON object texts: {"lr": {"value": 0.1}, "net": {"value": {"depth": 3}}}. The n-th
  // point is the same each time; nothing when the grid has fewer.
  std::optional<std::string> grid_point(std::int64_t n) const;
  std::string random_point(std::uint64_t seed) const;
  // The most promising of many random points, by a Gaussian process over what was tried (expected
  // improvement); a random one while fewer than three trials ended.
  std::string bayes_point(const std::vector<Trial>& trials, std::uint64_t seed) const;

  struct Data;  // defined in the room

 private:
  explicit Space(std::shared_ptr<const Data> data) : data_(std::move(data)) {}
  std::shared_ptr<const Data> data_;
};

}  // namespace treadle::sweep
