#include "limits.h"

#include <algorithm>
#include <charconv>

namespace treadle::execute {
namespace {

// More than a run has steps at once: it limits nothing.
constexpr int kUnlimited = 1 << 20;

const std::string* find_tag(const Tags& tags, std::string_view name) {
  for (const auto& [key, value] : tags) {
    if (key == name) return &value;
  }
  return nullptr;
}

// The tag 'dagster/priority'; what is no number counts as 0.
int priority_of(const StepDef& step) {
  int priority = 0;
  if (const std::string* text = find_tag(step.op_tags, "dagster/priority")) {
    std::from_chars(text->data(), text->data() + text->size(), priority);
  }
  return priority;
}

}  // namespace

Limits::Limits(const plan::Plan& plan, const RunOptions& options, int at_once)
    : pools_folder_(options.pools_folder), at_once_(at_once) {
  bool limited = !options.tag_concurrency_limits.empty() || !options.pools.empty();
  for (const plan::PlannedStep& step : plan.steps) {
    limited = limited || options.shared_pools.count(step.def->pool) != 0;
  }
  any_ = limited;
  for (const plan::PlannedStep& step : plan.steps) {
    any_ = any_ || (!step.def->op_tags.empty() && priority_of(*step.def) != 0);
  }
  if (!any_) return;
  needs_.resize(plan.steps.size());
  for (std::size_t s = 0; s < plan.steps.size(); ++s) {
    const StepDef& def = *plan.steps[s].def;
    needs_[s].priority = priority_of(def);
    for (std::size_t i = 0; i < options.tag_concurrency_limits.size(); ++i) {
      const TagConcurrencyLimit& limit = options.tag_concurrency_limits[i];
      const std::string* value = find_tag(def.op_tags, limit.key);
      if (value == nullptr || (limit.value && *limit.value != *value)) continue;
      std::string name = "tag " + std::to_string(i);
      if (limit.per_unique_value) name += " " + *value;
      need(needs_[s], name, limit.limit);
    }
    const auto pool = options.pools.find(def.pool);
    if (!def.pool.empty() && pool != options.pools.end()) {
      need(needs_[s], "pool " + def.pool, pool->second);
    }
    const auto shared = options.shared_pools.find(def.pool);
    if (!def.pool.empty() && shared != options.shared_pools.end()) {
      need(needs_[s], "shared pool " + def.pool, shared->second, def.pool);
      shared_ = true;
    }
  }
}

void Limits::need(Needs& needs, const std::string& name, int limit, const std::string& pool) {
  const auto [at, is_new] = by_name_.try_emplace(name, counters_.size());
  // With room for none of this run alone, nobody could give it room: it would never end.
  if (is_new) {
    const int least = pool.empty() ? 1 : 0;
    counters_.push_back(
        {.limit = std::max(least, limit), .running = 0, .pool = pool, .places = {}, .told = false});
  }
  needs.counters.push_back(at->second);
}

void Limits::wait(std::uint32_t id, std::uint32_t step) {
  const int priority = needs_[step].priority;
  auto at = waiting_.end();
  while (at != waiting_.begin() && std::prev(at)->priority < priority) --at;
  waiting_.insert(at, {.id = id, .step = step, .priority = priority});
}

std::vector<std::uint32_t> Limits::take() {
  std::vector<std::uint32_t> taken;
  for (auto at = waiting_.begin(); at != waiting_.end() && running_ < at_once_;) {
    const std::vector<std::size_t>& needed = needs_[at->step].counters;
    const bool free = std::all_of(needed.begin(), needed.end(), [&](std::size_t c) {
      return counters_[c].running < counters_[c].limit;
    });
    if (!free || !take_places(needed)) {
      ++at;
      continue;
    }
    for (const std::size_t c : needed) ++counters_[c].running;
    ++running_;
    taken.push_back(at->id);
    at = waiting_.erase(at);
  }
  return taken;
}

bool Limits::take_places(const std::vector<std::size_t>& needed) {
  // At most one: a step has one pool.
  for (const std::size_t c : needed) {
    if (counters_[c].pool.empty()) continue;
    auto place = take_place(pools_folder_, counters_[c].pool, counters_[c].limit);
    if (!place) return false;
    counters_[c].places.push_back(std::move(*place));
  }
  return true;
}

void Limits::ended(std::uint32_t step) {
  if (!any_) return;
  for (const std::size_t c : needs_[step].counters) {
    --counters_[c].running;
    if (!counters_[c].pool.empty()) counters_[c].places.pop_back();
  }
  --running_;
}

void Limits::change_pools(const std::map<std::string, int>& limits) {
  for (Counter& counter : counters_) {
    if (counter.pool.empty()) continue;
    const auto limit = limits.find(counter.pool);
    counter.limit = limit == limits.end() ? kUnlimited : std::max(0, limit->second);
    counter.told = counter.told && counter.limit == 0;
  }
}

std::vector<std::string> Limits::newly_paused() {
  std::vector<std::string> pools;
  for (const Waiting& waiting : waiting_) {
    for (const std::size_t c : needs_[waiting.step].counters) {
      Counter& counter = counters_[c];
      if (counter.pool.empty() || counter.limit > 0 || counter.told) continue;
      counter.told = true;
      pools.push_back(counter.pool);
    }
  }
  return pools;
}

std::vector<std::uint32_t> Limits::clear() {
  std::vector<std::uint32_t> ids;
  for (const Waiting& waiting : waiting_) ids.push_back(waiting.id);
  waiting_.clear();
  return ids;
}

}  // namespace treadle::execute
