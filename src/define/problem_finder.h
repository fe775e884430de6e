// Private to the room: what the parts of find_problems share.
#pragma once

#include <treadle/define/definitions.h>
#include <treadle/define/name_table.h>

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace treadle {

// Who makes an asset: exactly one of the two is set.
struct Maker {
  const StepDef* step = nullptr;
  std::uint32_t output = 0;
  const SourceAssetDef* source = nullptr;
};

// Definitions by name, so that no rule has to search. Of duplicates the first is kept.
struct DefinitionIndex {
  explicit DefinitionIndex(const Definitions& definitions);

  const Definitions& definitions;

  const Maker* find_maker(const AssetKey& key) const {
    const std::uint32_t found = by_key_.find(key.text());
    return found == NameTable::kNone ? nullptr : &makers_[found];
  }
  // The makers of what a step reads, parallel to its inputs; null: nobody.
  std::span<const Maker* const> makers_of_inputs(const StepDef& step) const {
    return std::span(input_makers_).subspan(first_input_[index_of(step)], step.inputs.size());
  }
  // The step of an op inside a graph of assets; null when there is none.
  const StepDef* find_step(const std::string& name) const;
  // Index of a step of the definitions.
  std::size_t index_of(const StepDef& step) const { return &step - definitions.steps.data(); }
  // " Did you mean 'x'?" over all assets made or declared. Costs a pass over them, so that only the
  // first few calls look.
  std::string suggest_asset(const AssetKey& key) const;

 private:
  std::vector<Maker> makers_;
  NameTable by_key_;
  std::vector<const Maker*> input_makers_;
  std::vector<std::size_t> first_input_;  // by step
  // Steps that outputs of other steps are wired to or from; made when first asked for.
  mutable std::unordered_map<std::string_view, const StepDef*> steps_by_name_;
  mutable int suggestions_left_ = 20;
};

// Problems with the place in the order of declaration at which to report them.
class Findings {
 public:
  // Sources come first, then steps, then the rest.
  void at_source(std::size_t index) { rank_ = index; }
  void at_step(std::size_t index) { rank_ = kSteps + index; }
  void at_end() { rank_ = kEnd; }
  void add(Problem problem) {
    found_.emplace_back(std::pair(rank_, found_.size()), std::move(problem));
  }
  void add(std::string code, std::string subject, const Place& place, std::string message,
           std::string cure) {
    add({std::move(code), std::move(subject), place, std::move(message), std::move(cure)});
  }
  std::vector<Problem> sorted() &&;

 private:
  static constexpr std::size_t kSteps = std::size_t{1} << 40;
  static constexpr std::size_t kEnd = std::size_t{1} << 50;
  std::size_t rank_ = 0;
  // By rank, then as they were found.
  std::vector<std::pair<std::pair<std::size_t, std::size_t>, Problem>> found_;
};

// "Asset 'a'", "Multi-asset 'train_test'", "Check 'rows' of 'a'": the start of a sentence about a
// step.
std::string sentence_name(const StepDef& step);
// The asset key of a step with one asset, else the step's name: Problem::subject.
std::string subject_of(const StepDef& step);
// " (pipeline.py:3)" or "".
std::string in_place(const Place& place);

// The rules, by topic; each in the .cc file of its name.
void check_naming(const AssetInfo& asset, const Place& place, Findings& findings);
void check_duplicates(const DefinitionIndex& index, Findings& findings);
void check_step_wiring(const DefinitionIndex& index, const StepDef& step, Findings& findings);
void check_hooks(const DefinitionIndex& index, const StepDef& step, Findings& findings);
// What an op needs, whatever it is wired to.
void check_op(const DefinitionIndex& index, const StepDef& step, const std::string& in_job,
              Findings& findings);
void check_job(const Definitions& definitions, const JobDef& job, Findings& findings);
void check_io_manager(const DefinitionIndex& index, const std::string& key, const std::string& who,
                      const std::string& subject, const Place& place, Findings& findings);
void check_resource_needs(const DefinitionIndex& index, Findings& findings);
void check_retry_policy(const RetryPolicy& policy, const std::string& who,
                        const std::string& subject, const Place& place, Findings& findings);
// That partitions of what a step makes and of what it reads can be mapped to each other.
void check_partitions(const DefinitionIndex& index, const StepDef& step, Findings& findings);
void check_instigators(const Definitions& definitions, Findings& findings);
void check_cycles(const DefinitionIndex& index, Findings& findings);

}  // namespace treadle
