// Automation conditions over a home: the facts they ask for, read from the record.
#pragma once

#include <treadle/app/home.h>
#include <treadle/automate/evaluate.h>

#include <memory>
#include <vector>

namespace treadle::app {

// A moment of a home, for automate::evaluate. Borrows the graph.
struct AutomationMoment {
  std::unique_ptr<automate::Entities> entities;
  automate::Facts facts;
};

// What the home knows at `now` that evaluating these conditions after `cursor` may ask for.
// `dynamic` null: the keys of dynamic partitions are those of the home. `otherwise`: as
// automate::Entities::at.
Result<AutomationMoment> automation_moment(Home& home, const plan::AssetGraph& graph, Micros now,
                                           const automate::Cursor& cursor,
                                           const DynamicKeys* dynamic = nullptr,
                                           const AutomationCondition& otherwise = {});

}  // namespace treadle::app
