// The outputs of ops that are no assets: which have been made, and where the inputs of a step find them. Not thread-safe.
#pragma once

#include "attempt.h"
#include "readiness.h"

#include <memory>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace treadle::execute {

class OpValues {
 public:
  // Borrows both for its lifetime.
  OpValues(const plan::Plan& plan, const Readiness& readiness);

  // What a step or an instance has made, dynamic values in their order.
  void add(std::uint32_t id, const std::vector<ProducedOutput>& outputs);
  // How many values each dynamic output of the step has had in these.
  std::vector<Readiness::Values> count(std::uint32_t step,
                                       const std::vector<ProducedOutput>& outputs) const;
  // The outputs made, without repetition. A dynamic output without a value is one when it is required: an empty list.
  std::vector<std::uint32_t> made(std::uint32_t step,
                                  const std::vector<ProducedOutput>& outputs) const;
  // "" unless it is an instance.
  const std::string& mapping_key(std::uint32_t id) const;
  // Which instance of a mapped step has this key.
  std::optional<std::uint32_t> find_instance(std::uint32_t step, std::string_view key) const;
  // Where the inputs of a step or an instance are; null when none is wired to an output.
  std::shared_ptr<const InputSources> sources_of(std::uint32_t id) const;

 private:
  static std::uint64_t id_of(std::uint32_t step, std::uint32_t output) {
    return std::uint64_t{step} << 32 | output;
  }
  std::uint32_t index_of(std::uint32_t id) const;
  std::string key_of(std::uint32_t id) const;
  InputSource source(std::uint32_t id, plan::StepOutput output, const ProducedOutput* made) const;
  const ProducedOutput* find(std::uint32_t id, std::uint32_t output) const;
  void collect(const plan::StepOutput& from, std::vector<InputSource>& list) const;

  const plan::Plan& plan_;
  const Readiness& readiness_;
  bool wired_ = false;                                      // some input is wired to an output
  std::unordered_map<std::uint64_t, ProducedOutput> made_;  // by step or instance, and output
  std::unordered_map<std::uint64_t, std::vector<ProducedOutput>> dynamic_;  // by step and output
};

}  // namespace treadle::execute
