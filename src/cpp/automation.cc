#include "run_report.h"
#include <treadle/app/automation.h>
#include <treadle/app/instigators.h>
#include <treadle/automate/condition_context.h>
#include <treadle/automate/evaluate.h>
#include <treadle/base/suggest.h>
#include <treadle/cpp/automation.h>
#include <treadle/plan/plan.h>

#include <algorithm>
#include <charconv>

namespace treadle {
namespace {

// An event's id as a cursor; anything else is the beginning.
std::int64_t event_in(const std::string& cursor) {
  std::int64_t id = 0;
  std::from_chars(cursor.data(), cursor.data() + cursor.size(), id);
  return id;
}

void append(TickResult& all, TickResult one) {
  std::move(one.requests.begin(), one.requests.end(), std::back_inserter(all.requests));
  std::move(one.dynamic_partitions.begin(), one.dynamic_partitions.end(),
            std::back_inserter(all.dynamic_partitions));
  if (!one.skip_reason.empty()) all.skip_reason = std::move(one.skip_reason);
}

using Holds = std::function<std::optional<std::vector<std::string>>(const ConditionContext&)>;

class OwnCondition final : public CustomCondition {
 public:
  OwnCondition(std::string name, Holds holds) : name_(std::move(name)), holds_(std::move(holds)) {}
  std::string name() const override { return name_; }

  Result<Outcome> evaluate(const automate::ConditionContext& context) const override {
    const automate::Entity& entity = (*context.entities)[context.entity];
    const PartitionSubset candidates = context.candidates.subset(entity.size);
    try {
      const auto keys = holds_(ConditionContext(context));
      if (!keys) return Outcome{candidates, {}};
      std::vector<std::int64_t> numbers;
      for (const std::string& key : *keys) {
        if (!entity.partitions) continue;
        TREADLE_TRY(const std::int64_t number, entity.partitions->index_of(key));
        numbers.push_back(number);
      }
      return Outcome{PartitionSubset::of(std::move(numbers)) & candidates, {}};
    } catch (const std::exception& error) {
      return fail(Errc::kInternal, "The condition '" + name_ + "' failed: " + error.what());
    }
  }

 private:
  const std::string name_;
  const Holds holds_;
};

struct Opened {
  std::unique_ptr<app::Home> home;
  Definitions definitions;
};

Result<Opened> open(const Definitions& given, const std::string& home) {
  if (auto problems = plan::check_definitions(given); !problems.empty()) {
    throw DefinitionError(std::move(problems));
  }
  Opened opened;
  TREADLE_TRY(opened.home, app::Home::open(home_options(home, false)));
  opened.definitions = given;
  app::add_defaults(opened.definitions, *opened.home);
  return opened;
}

}  // namespace

namespace cpp {

TickFunction for_each_materialization(
    AssetKey asset, std::function<Result<TickResult>(TickContext&, const Event&)> fn) {
  return [asset = std::move(asset), fn = std::move(fn)](TickContext& c) -> Result<TickResult> {
    TREADLE_TRY(const auto events, c.materializations(asset, event_in(c.cursor())));
    if (events.empty()) {
      return TickResult(SkipReason{"no new materialization of '" + asset.text() + "'"});
    }
    TickResult all;
    for (const Event& event : events) {
      TREADLE_TRY(TickResult one, fn(c, event));
      append(all, std::move(one));
    }
    all.cursor = std::to_string(events.back().id);
    return all;
  };
}

TickFunction for_each_run(RunStatus status, std::vector<std::string> jobs,
                          std::function<Result<TickResult>(TickContext&, const Run&)> fn) {
  return
      [status, jobs = std::move(jobs), fn = std::move(fn)](TickContext& c) -> Result<TickResult> {
        TREADLE_TRY(const auto events, c.run_events(status, event_in(c.cursor())));
        TickResult all;
        for (const Event& event : events) {
          all.cursor = std::to_string(event.id);
          TREADLE_TRY(const auto run, c.find_run(event.run_id));
          if (!run) continue;
          if (!jobs.empty() && std::find(jobs.begin(), jobs.end(), run->job_name) == jobs.end()) {
            continue;
          }
          TREADLE_TRY(TickResult one, fn(c, *run));
          append(all, std::move(one));
        }
        if (all.requests.empty() && all.skip_reason.empty())
          all.skip_reason = "no run asks for another";
        return all;
      };
}

}  // namespace cpp

Micros ConditionContext::now() const {
  return context_.entities->now();
}

std::string ConditionContext::asset() const {
  return std::string((*context_.entities)[context_.entity].key);
}

std::vector<std::string> ConditionContext::candidate_keys() const {
  const automate::Entity& entity = (*context_.entities)[context_.entity];
  if (!entity.partitions) return {};
  return context_.entities->keys(context_.entity, context_.candidates);
}

AutomationCondition condition(std::string name,
                              std::function<bool(const ConditionContext&)> holds) {
  return AutomationCondition::custom(std::make_shared<OwnCondition>(
      std::move(name),
      [holds =
           std::move(holds)](const ConditionContext& c) -> std::optional<std::vector<std::string>> {
        if (holds(c)) return std::nullopt;
        return std::vector<std::string>();
      }));
}

AutomationCondition partition_condition(
    std::string name, std::function<std::vector<std::string>(const ConditionContext&)> holds) {
  return AutomationCondition::custom(
      std::make_shared<OwnCondition>(std::move(name), std::move(holds)));
}

const AutomationReport::Requested* AutomationReport::find(const std::string& key) const {
  for (const Requested& one : requested) {
    if (one.key == key) return &one;
  }
  return nullptr;
}

Result<AutomationReport> evaluate_automation(const Definitions& given, AutomationOptions options) {
  TREADLE_TRY(const Opened opened, open(given, options.home));
  const plan::AssetGraph graph(opened.definitions);
  automate::Cursor before;
  if (!options.cursor.empty()) {
    TREADLE_TRY(before, automate::Cursor::from_json(options.cursor));
  }
  const Micros now = options.at != 0 ? options.at : system_clock().now();
  TREADLE_TRY(const auto moment, app::automation_moment(*opened.home, graph, now, before, nullptr,
                                                        options.default_condition));
  const automate::Entities& entities = *moment.entities;
  std::vector<automate::EntityId> only;
  for (const std::string& key : options.assets) {
    const automate::EntityId id = entities.find(key);
    if (id == automate::kNoEntity) {
      std::vector<std::string> keys;
      for (automate::EntityId i = 0; i < entities.size(); ++i) keys.emplace_back(entities[i].key);
      return fail(Errc::kNotFound, "'" + key + "' is no asset or check of these definitions." +
                                       did_you_mean(key, keys));
    }
    only.push_back(id);
  }
  TREADLE_TRY(const auto evaluation, automate::evaluate(entities, moment.facts, before, only));
  AutomationReport report;
  report.cursor = evaluation.cursor.to_json();
  for (const automate::Requested& one : evaluation.requested) {
    auto& requested = report.requested.emplace_back();
    requested.key = std::string(entities[one.entity].key);
    if (entities[one.entity].partitions) {
      requested.partitions = entities.keys(one.entity, one.slice);
    }
    // What is only requested along with another has no condition that held.
    if (entities[one.entity].condition == nullptr) continue;
    TREADLE_TRY(const auto why,
                automate::explain(entities, moment.facts, before, evaluation, one.entity));
    requested.why = why.text(entities);
  }
  return report;
}

Result<TickResult> evaluate_tick(const Definitions& given, const std::string& name,
                                 TickOptions options) {
  TREADLE_TRY(const Opened opened, open(given, options.home));
  return app::evaluate_instigator(*opened.home, opened.definitions, name,
                                  options.at != 0 ? options.at : system_clock().now(),
                                  options.cursor);
}

}  // namespace treadle
