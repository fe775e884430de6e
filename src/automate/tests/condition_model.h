// Conditions evaluated the slow and obvious way: partition by partition over the whole history, with
// every set written out. For tests that compare.
#pragma once

#include "history.h"
#include <treadle/base/cron.h>
#include <treadle/plan/selection.h>

#include <optional>

namespace treadle::automate {

class ConditionModel {
 public:
  using Set = std::set<std::int64_t>;
  using Kind = AutomationCondition::Kind;

  explicit ConditionModel(const History& history) : h_(history) {}

  // Call right after History::tick(): what each condition is true for, by key.
  std::map<std::string, Set> tick() {
    std::map<std::string, Set> out;
    requested_.clear();
    for (const EntityId id : e().order()) {
      if (!e()[id].condition) continue;
      root_ = std::string(e()[id].key);
      const auto cursor = cursors_.find(root_);
      before_ = cursor == cursors_.end() ? nullptr : &cursor->second;
      const Set holds = eval(*e()[id].condition, id);
      out[root_] = holds;
      requested_[id].insert(holds.begin(), holds.end());
      // Checks in the function of an asset are evaluated with it.
      if (!e()[id].check && !holds.empty())
        for (const EntityId check : e()[id].checks) requested_[check].insert(0);
    }
    for (const auto& [key, holds] : out) cursors_[key] = {h_.now, h_.last_event, holds};
    states_ = std::move(next_);
    next_.clear();
    for (const auto& [key, version] : new_versions_) versions_[key] = version;
    new_versions_.clear();
    return out;
  }

 private:
  struct Before {
    Micros time;
    std::int64_t event;
    Set requested;
  };
  using Place = std::tuple<std::string, std::uint64_t, EntityId>;

  const Entities& e() const { return *h_.entities; }
  Set all(EntityId id) const {
    Set out;
    for (std::int64_t i = 0; i < e()[id].size; ++i) out.insert(i);
    return out;
  }
  static Set set_of(const std::map<std::string, PartitionSubset>& from, const std::string& key) {
    const auto at = from.find(key);
    if (at == from.end()) return {};
    const auto numbers = at->second.numbers();
    return {numbers.begin(), numbers.end()};
  }
  template <class Keep>
  Set those(EntityId id, Keep keep) const {
    Set out;
    for (const std::int64_t n : all(id))
      if (keep(n)) out.insert(n);
    return out;
  }

  // The materializations of one partition that the history tells of, oldest first.
  std::vector<History::Made> made(EntityId id, std::int64_t n, std::int64_t after = -1) const {
    std::vector<History::Made> out;
    for (const History::Made& m : h_.made) {
      if (m.key != e()[id].key || m.event <= after) continue;
      if (e()[id].partitions && e()[id].partitions->key(n) != m.partition) continue;
      out.push_back(m);
    }
    return out;
  }
  bool tags_match(const AutomationCondition::Node& node, std::size_t run) const {
    return node.tags.matches(h_.runs[run].first);
  }
  // Upstream partitions that one is made from, one by one.
  Set reads(EntityId child, EntityId parent, std::int64_t n) const {
    const auto slice =
        e().upstream(child, parent, Slice::of(PartitionSubset::one(n), e()[child].size));
    const auto numbers = slice->subset(e()[parent].size).numbers();
    return {numbers.begin(), numbers.end()};
  }

  Set eval(const AutomationCondition& condition, EntityId id) {
    const AutomationCondition::Node& node = condition.node();
    const std::string key(e()[id].key);
    const bool check = e()[id].check != nullptr;
    switch (node.kind) {
      case Kind::kMissing:
        if (check) return h_.check_results.contains(key) ? Set{} : all(id);
        return those(id, [&](std::int64_t n) { return made(id, n).empty(); });
      case Kind::kRunInProgress:
        return set_of(h_.running, key);
      case Kind::kBackfillInProgress:
        return set_of(h_.backfilling, key);
      case Kind::kExecutionFailed:
        return set_of(h_.failed, key);
      case Kind::kWillBeRequested:
        return e().find(root_) == id || e().edge(e().find(root_), id).same_run ? requested_[id]
                                                                               : Set{};
      case Kind::kNewlyRequested: {
        const auto at = cursors_.find(key);
        return at == cursors_.end() ? Set{} : at->second.requested;
      }
      case Kind::kNewlyUpdated:
      case Kind::kDataVersionChanged:
        if (!before_ || check) return {};
        return those(id, [&](std::int64_t n) { return !made(id, n, before_->event).empty(); });
      case Kind::kCodeVersionChanged: {
        const auto now = h_.code_versions.find(key);
        if (check || now == h_.code_versions.end()) return {};
        const std::string place = root_ + "/" + key;
        const auto was = versions_.find(place);
        new_versions_[place] = now->second;
        return was != versions_.end() && was->second != now->second ? all(id) : Set{};
      }
      case Kind::kInitialEvaluation:
        return before_ ? Set{} : all(id);
      case Kind::kCronTickPassed: {
        const auto tick = CronSchedule::parse(node.cron, node.timezone)->at_or_before(h_.now);
        return before_ && *tick >= before_->time ? all(id) : Set{};
      }
      case Kind::kInLatestTimeWindow:
        return those(id, [&](std::int64_t n) {
          const PartitionSet* set = e()[id].partitions;
          if (!set || !set->has_windows()) return true;
          const TimeWindow last = *set->window(set->size() - 1);
          return node.lookback > 0 ? set->window(n)->start >= last.end - node.lookback
                                   : n == set->size() - 1;
        });
      case Kind::kCheckResult: {
        const auto at = h_.check_results.find(key);
        return check && at != h_.check_results.end() && at->second == node.flag ? all(id) : Set{};
      }
      case Kind::kExecutedWithRootTarget:
      case Kind::kExecutedWithTags: {
        if (check || h_.made.empty()) return {};
        const History::Made* last = nullptr;
        for (const History::Made& m : h_.made)
          if (m.key == key) last = &m;
        if (!last) return {};
        bool yes = tags_match(node, last->run);
        if (node.kind == Kind::kExecutedWithRootTarget) {
          yes = false;
          for (const std::string& one : h_.runs[last->run].second)
            yes = yes || one.substr(0, one.find('@')) == root_;
          yes = yes && key != root_;
        }
        return those(id, [&](std::int64_t n) {
          return yes && (!e()[id].partitions || e()[id].partitions->key(n) == last->partition);
        });
      }
      case Kind::kAnyNewUpdateHasTags:
      case Kind::kAllNewUpdatesHaveTags:
        if (!before_ || before_->event == 0 || check) return {};
        return those(id, [&](std::int64_t n) {
          const auto news = made(id, n, before_->event);
          const auto fits = [&](const History::Made& m) { return tags_match(node, m.run); };
          if (news.empty()) return false;
          return node.kind == Kind::kAnyNewUpdateHasTags
                     ? std::any_of(news.begin(), news.end(), fits)
                     : std::all_of(news.begin(), news.end(), fits);
        });
      case Kind::kAnd: {
        Set out = all(id);
        for (const AutomationCondition& operand : node.children) {
          const Set one = eval(operand, id);
          std::erase_if(out, [&](std::int64_t n) { return !one.contains(n); });
        }
        return out;
      }
      case Kind::kOr: {
        Set out;
        for (const AutomationCondition& operand : node.children) out.merge(eval(operand, id));
        return out;
      }
      case Kind::kNot: {
        const Set one = eval(node.children[0], id);
        return those(id, [&](std::int64_t n) { return !one.contains(n); });
      }
      case Kind::kSince:
        return since(node, id);
      case Kind::kNewlyTrue: {
        const Set now = eval(node.children[0], id);
        const Place place{root_, node.identity, id};
        const auto was = states_.find(place);
        next_[place] = now;
        return those(id, [&](std::int64_t n) {
          return now.contains(n) && (was == states_.end() || !was->second.contains(n));
        });
      }
      case Kind::kAnyDeps:
      case Kind::kAllDeps: {
        const bool any = node.kind == Kind::kAnyDeps;
        std::vector<std::pair<EntityId, Set>> deps;
        for (const EntityId dep : dependencies(node, id))
          deps.emplace_back(dep, eval(node.children[0], dep));
        return those(id, [&](std::int64_t n) {
          const auto holds = [&](const std::pair<EntityId, Set>& dep) {
            const Set read = reads(id, dep.first, n);
            return std::any_of(read.begin(), read.end(),
                               [&](std::int64_t u) { return dep.second.contains(u); });
          };
          return any ? std::any_of(deps.begin(), deps.end(), holds)
                     : std::all_of(deps.begin(), deps.end(), holds);
        });
      }
      case Kind::kAnyChecks:
      case Kind::kAllChecks: {
        bool any = false, every = true;
        for (const EntityId one : e()[id].checks) {
          if (node.flag && !e()[one].check->blocking) continue;
          const bool yes = !eval(node.children[0], one).empty();
          any = any || yes;
          every = every && yes;
        }
        return (node.kind == Kind::kAnyChecks ? any : every) ? all(id) : Set{};
      }
      case Kind::kAssetMatches: {
        const EntityId target = e().find(node.key.text());
        const Set there = eval(node.children[0], target);
        const bool down = target != id && e().find_edge(target, id) != nullptr;
        return those(id, [&](std::int64_t n) {
          for (const std::int64_t u : there)
            if (down ? reads(target, id, u).contains(n) : reads(id, target, n).contains(u))
              return true;
          return false;
        });
      }
      default:
        throw std::logic_error("the model does not know " + condition.name());
    }
  }

  Set since(const AutomationCondition::Node& node, EntityId id) {
    const Set trigger = eval(node.children[0], id), reset = eval(node.children[1], id);
    const auto trigger_times = times(node.children[0], id),
               reset_times = times(node.children[1], id);
    const Place place{root_, node.identity, id};
    const auto was = states_.find(place);
    const Set out = those(id, [&](std::int64_t n) {
      const bool before = was != states_.end() && was->second.contains(n);
      if (!trigger.contains(n) || !reset.contains(n))
        return (before || trigger.contains(n)) && !reset.contains(n);
      // Both at once: the later one, where the times are known.
      if (trigger_times.empty() || reset_times.empty()) return false;
      const auto t = trigger_times.find(n), r = reset_times.find(n);
      return t != trigger_times.end() && (r == reset_times.end() || t->second > r->second);
    });
    next_[place] = out;
    return out;
  }

  // When a condition became true, of those that can tell.
  std::map<std::int64_t, Micros> times(const AutomationCondition& condition, EntityId id) {
    const AutomationCondition::Node& node = condition.node();
    std::map<std::int64_t, Micros> out;
    switch (node.kind) {
      case Kind::kNewlyUpdated:
        for (const std::int64_t n : eval(condition, id)) out[n] = made(id, n).back().time;
        if (!e()[id].partitions && !out.empty()) out[0] = made(id, 0).back().time;
        break;
      case Kind::kNewlyRequested:
        if (!before_) break;
        for (const std::int64_t n : eval(condition, id)) out[n] = before_->time;
        break;
      case Kind::kCronTickPassed:
        for (const std::int64_t n : eval(condition, id))
          out[n] = *CronSchedule::parse(node.cron, node.timezone)->at_or_before(h_.now);
        break;
      case Kind::kSince:
        return times(node.children[0], id);
      case Kind::kAnyDeps:
        for (const EntityId dep : dependencies(node, id))
          for (const auto& [u, time] : times(node.children[0], dep))
            for (const std::int64_t n : all(id))
              if (reads(id, dep, n).contains(u)) out[n] = std::max(out[n], time);
        break;
      default:
        break;
    }
    return out;
  }

  std::vector<EntityId> dependencies(const AutomationCondition::Node& node, EntityId id) const {
    const auto selects = [&](const std::string& text, EntityId asset) {
      const auto found = plan::select(plan::parse_selection(text).value(), *h_.graph);
      return found && std::find(found->begin(), found->end(), asset) != found->end();
    };
    std::vector<EntityId> out;
    for (const Edge& edge : e()[id].parents)
      if ((!node.allow || selects(*node.allow, edge.parent)) &&
          (!node.ignore || !selects(*node.ignore, edge.parent)))
        out.push_back(edge.parent);
    return out;
  }

  const History& h_;
  std::string root_;
  const Before* before_ = nullptr;
  std::map<EntityId, Set> requested_;
  std::map<std::string, Before> cursors_;
  std::map<Place, Set> states_, next_;
  std::map<std::string, std::string> versions_, new_versions_;
};

}  // namespace treadle::automate
