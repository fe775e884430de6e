// The resources of a run (or of one forked step), set up together and torn down in reverse.
#pragma once

#include "attempt.h"
#include <treadle/define/definitions.h>
#include <treadle/plan/plan.h>

#include <span>
#include <string>
#include <utility>
#include <vector>

namespace treadle::execute {

// Set-up and tear-down belong to one thread; get() may be called from any thread in between.
class ResourceSet {
 public:
  // What these steps need: their own keys, those of the IO managers they load and store with, and those that either of them
  // requires. Borrows the plan. `step_key`: of the step whose process this is, "" for a whole run; named in the events.
  ResourceSet(const plan::Plan& plan, std::span<const std::uint32_t> steps,
              std::string step_key = {});
  // Tears down what is still up, silently.
  ~ResourceSet();
  ResourceSet(const ResourceSet&) = delete;

  // Required ones first. After a failure, what was set up before it is torn down again. `run_config`: JSON, "" = none.
  StepOutcome set_up(const std::string& run_id, const std::string& run_config,
                     const EventSink& sink);
  // Every resource is torn down even when one fails; failures are recorded.
  void tear_down(const EventSink& sink);
  // Empty when it is not there.
  Value get(const std::string& key) const;

 private:
  void require(const std::string& key);
  StepOutcome set_up_one(const std::string& key, const std::string& run_id,
                         const std::string& run_config);

  const Definitions& definitions_;
  std::string step_key_;
  std::vector<std::string>
      io_managers_;  // sorted; objects of the definitions, named in the events as Dagster does
  std::vector<std::string> order_;  // required resources before those that require them
  std::vector<std::string> visiting_;
  std::vector<std::pair<std::string, Value>> up_;
};

// The key of the IO manager that loads this input: its own, else that of the output or source asset it reads.
const std::string& input_io_manager_key(const plan::Plan& plan, const InputDef& input,
                                        const plan::PlannedInput& planned);

}  // namespace treadle::execute
