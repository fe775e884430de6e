// treadle._core: evaluating the conditions of definitions against a home.
#include "automation.h"
#include "bindings.h"
#include "convert.h"
#include "definitions.h"
#include "home.h"
#include <treadle/automate/condition_context.h>
#include <treadle/automate/freshness.h>

#include <nanobind/stl/optional.h>

namespace treadle::python {
namespace {

using automate::EntityId;
using automate::Explanation;
using automate::Slice;

// What evaluate() gave, with what it began with: explanations are made on demand.
struct Evaluated {
  MomentPtr moment;
  automate::Cursor before;
  automate::Evaluation evaluation;
};

std::int64_t size_of(const Subset& subset) {
  return subset.moment->entities()[subset.entity].size;
}

Subset with(const Subset& subset, Slice slice) {
  return {subset.moment, subset.entity, std::move(slice)};
}

nb::list keys_of(const Subset& subset) {
  nb::list out;
  for (const std::string& key : subset.moment->entities().keys(subset.entity, subset.slice))
    out.append(to_text(key));
  return out;
}

// The same keys in a subset of the other one's moment; partitions that are gone are left out.
Slice slice_for(const Subset& subset, const Subset& like) {
  if (subset.moment == like.moment && subset.entity == like.entity) return subset.slice;
  const automate::Entity& entity = like.moment->entities()[like.entity];
  if (!entity.partitions) return subset.slice;
  std::vector<std::int64_t> numbers;
  for (const std::string& key : subset.moment->entities().keys(subset.entity, subset.slice))
    if (const auto number = entity.partitions->find(key)) numbers.push_back(*number);
  return Slice::of(PartitionSubset::of(std::move(numbers)), entity.size);
}

EntityId entity_of(const automate::Entities& entities, nb::handle key) {
  const EntityId id = entities.find(text_of(key));
  if (id == automate::kNoEntity)
    raise("CheckError", "'" + text_of(key) + "' is no asset or check of these definitions.");
  return id;
}

Subset subset_of_keys(const MomentPtr& moment, nb::handle key, nb::handle keys) {
  const EntityId id = entity_of(moment->entities(), key);
  const automate::Entity& entity = moment->entities()[id];
  if (!entity.partitions) return {moment, id, Slice::all_if(nb::len(keys) > 0)};
  std::vector<std::int64_t> numbers;
  for (const std::string& one : texts_of(keys))
    numbers.push_back(value_or_raise(entity.partitions->index_of(one)));
  return {moment, id, Slice::of(PartitionSubset::of(std::move(numbers)), entity.size)};
}

nb::object mapped(const Subset& subset, nb::handle key, bool up) {
  const automate::Entities& entities = subset.moment->entities();
  const EntityId to = entity_of(entities, key);
  return nb::cast(
      Subset{subset.moment, to,
             value_or_raise(up ? entities.upstream(subset.entity, to, subset.slice)
                               : entities.downstream(subset.entity, to, subset.slice))});
}

// (condition, true subset, candidate subset, metadata, children)
nb::tuple explanation_tuple(const MomentPtr& moment, const Explanation& node) {
  nb::list children, metadata;
  for (const Explanation& child : node.children) children.append(explanation_tuple(moment, child));
  for (const auto& [name, value] : node.metadata)
    metadata.append(nb::make_tuple(to_text(name), to_text(value)));
  return nb::make_tuple(nb::cast(node.condition), nb::cast(Subset{moment, node.entity, node.holds}),
                        nb::cast(Subset{moment, node.entity, node.candidates}), metadata, children);
}

Evaluated evaluate(nb::object definitions, PythonHome& home, Micros now,
                   const automate::Cursor& cursor, nb::handle only, nb::handle otherwise) {
  auto& self = nb::cast<PythonDefinitions&>(definitions);
  auto moment = std::make_shared<Moment>();
  moment->definitions = Object(definitions);
  const AutomationCondition of_others =
      otherwise.is_none() ? AutomationCondition() : nb::cast<AutomationCondition>(otherwise);
  {
    const nb::gil_scoped_release release;
    auto read = app::automation_moment(*home.home, self.graph(), now, cursor, nullptr, of_others);
    const nb::gil_scoped_acquire acquire;
    moment->moment = value_or_raise(std::move(read));
  }
  std::vector<EntityId> entities;
  if (!only.is_none())
    for (const std::string& key : texts_of(only))
      if (const EntityId id = moment->entities().find(key); id != automate::kNoEntity)
        entities.push_back(id);
  Evaluated out{moment, cursor, {}};
  if (!only.is_none() && entities.empty()) {
    out.evaluation.cursor = cursor;
    return out;
  }
  const EvaluatingScope scope(moment);
  out.evaluation = value_or_raise(without_lock([&] {
    return automate::evaluate(moment->entities(), moment->moment.facts, cursor, entities);
  }));
  return out;
}

nb::list subsets(const Evaluated& self, const std::vector<automate::Requested>& found) {
  nb::list out;
  for (const automate::Requested& one : found)
    out.append(nb::make_tuple(to_text(self.moment->entities()[one.entity].key),
                              nb::cast(Subset{self.moment, one.entity, one.slice})));
  return out;
}

Explanation explanation_of(const Evaluated& self, nb::handle key) {
  const EntityId id = entity_of(self.moment->entities(), key);
  const EvaluatingScope scope(self.moment);
  return value_or_raise(without_lock([&] {
    return automate::explain(self.moment->entities(), self.moment->moment.facts, self.before,
                             self.evaluation, id);
  }));
}

// Of the moment that is being evaluated.
Subset subset_now(EntityId id, Slice slice) {
  return {EvaluatingScope::current(), id, std::move(slice)};
}

void bind_context(nb::module_& module) {
  using Context = automate::ConditionContext;
  nb::class_<Context>(module, "ConditionContext")
      .def_prop_ro("key", [](const Context& c) { return to_text((*c.entities)[c.entity].key); })
      .def_prop_ro("root_key", [](const Context& c) { return to_text((*c.entities)[c.root].key); })
      .def_prop_ro("now", [](const Context& c) { return c.entities->now(); })
      .def_prop_ro("last_event_id", [](const Context& c) { return c.facts->last_event_id; })
      .def_prop_ro("previous_time", [](const Context& c) { return c.previous_time; })
      .def_prop_ro("previous_event_id", [](const Context& c) { return c.previous_event_id; })
      .def_prop_ro(
          "cursor",
          [](const Context& c) { return c.cursor ? nb::object(to_text(*c.cursor)) : nb::none(); })
      .def_prop_ro("candidates",
                   [](const Context& c) { return subset_now(c.entity, c.candidates); })
      .def_prop_ro("previous_true",
                   [](const Context& c) -> std::optional<Subset> {
                     if (!c.previous_true) return std::nullopt;
                     return subset_now(c.entity, *c.previous_true);
                   })
      .def("empty",
           [](const Context& c, nb::handle key) {
             return subset_now(entity_of(*c.entities, key), Slice::none());
           })
      .def("full",
           [](const Context& c, nb::handle key) {
             return subset_now(entity_of(*c.entities, key), Slice::all());
           })
      .def("of_keys",
           [](const Context&, nb::handle key, nb::handle keys) {
             return subset_of_keys(EvaluatingScope::current(), key, keys);
           })
      .def("evaluate",
           [](const Context& c, const AutomationCondition& condition, const Subset& candidates) {
             return subset_now(candidates.entity, value_or_raise(without_lock([&] {
                                 return c.evaluate(condition, candidates.entity, candidates.slice);
                               })));
           });
}

}  // namespace

void bind_automation(nb::module_& module) {
  nb::class_<Subset>(module, "Subset")
      .def_prop_ro("key",
                   [](const Subset& s) { return to_text(s.moment->entities()[s.entity].key); })
      .def_prop_ro(
          "is_partitioned",
          [](const Subset& s) { return s.moment->entities()[s.entity].partitions != nullptr; })
      .def_prop_ro("partitions",
                   [](const Subset& s) -> std::optional<PartitionSet> {
                     const PartitionSet* set = s.moment->entities()[s.entity].partitions;
                     return set ? std::optional(*set) : std::nullopt;
                   })
      .def_prop_ro("is_empty", [](const Subset& s) { return s.slice.count(size_of(s)) == 0; })
      .def_prop_ro("size", [](const Subset& s) { return s.slice.count(size_of(s)); })
      .def("keys", keys_of)
      .def("text",
           [](const Subset& s) {
             const automate::Entity& entity = s.moment->entities()[s.entity];
             return to_text(entity.partitions ? entity.partitions->text(s.slice.subset(entity.size))
                                              : std::string(s.slice.is_none() ? "no" : "yes"));
           })
      .def(
          "contains",
          [](const Subset& s, nb::handle key) {
            const PartitionSet* set = s.moment->entities()[s.entity].partitions;
            if (!set) return !s.slice.is_none();
            const auto number = set->find(text_of(key));
            return number && s.slice.contains(*number);
          },
          nb::arg().none())
      .def("union",
           [](const Subset& a, const Subset& b) {
             return with(a, Slice::unite(a.slice, slice_for(b, a), size_of(a)));
           })
      .def("intersection",
           [](const Subset& a, const Subset& b) {
             return with(a, Slice::intersect(a.slice, slice_for(b, a), size_of(a)));
           })
      .def("difference",
           [](const Subset& a, const Subset& b) {
             return with(a, Slice::subtract(a.slice, slice_for(b, a), size_of(a)));
           })
      .def("equals", [](const Subset& a, const Subset& b) { return a.slice == slice_for(b, a); })
      .def("of_keys", [](const Subset& s, nb::handle key,
                         nb::handle keys) { return subset_of_keys(s.moment, key, keys); })
      .def("mapped", mapped);
  nb::class_<automate::Cursor>(module, "AutomationCursor")
      .def(nb::init<>())
      .def_rw("evaluation_id", &automate::Cursor::evaluation_id)
      .def("to_json", [](const automate::Cursor& c) { return to_text(c.to_json()); })
      .def_static("from_json", [](nb::handle text) {
        return value_or_raise(automate::Cursor::from_json(text_of(text)));
      });
  nb::class_<Evaluated>(module, "Evaluation")
      .def_prop_ro("cursor", [](const Evaluated& e) { return e.evaluation.cursor; })
      .def_prop_ro("total",
                   [](const Evaluated& e) { return e.evaluation.total(e.moment->entities()); })
      .def_prop_ro("results", [](const Evaluated& e) { return subsets(e, e.evaluation.results); })
      .def_prop_ro("requested",
                   [](const Evaluated& e) { return subsets(e, e.evaluation.requested); })
      .def("explain",
           [](const Evaluated& e, nb::handle key) {
             return explanation_tuple(e.moment, explanation_of(e, key));
           })
      .def("explain_text",
           [](const Evaluated& e, nb::handle key) {
             return to_text(explanation_of(e, key).text(e.moment->entities()));
           })
      .def("explain_json", [](const Evaluated& e, nb::handle key) {
        return to_text(explanation_of(e, key).to_json(e.moment->entities()));
      });
  bind_context(module);
  module.def("check_freshness_policy",
             [](nb::handle policy) { value_or_raise(freshness_policy_of(policy)); });
  module.def(
      "evaluate_freshness",
      [](nb::handle policy, std::optional<Micros> latest, Micros now) {
        const FreshnessPolicy p = value_or_raise(freshness_policy_of(policy));
        return nb::make_tuple(to_text(to_string(automate::evaluate_freshness(p, latest, now))),
                              to_text(automate::describe_freshness(p, latest, now)));
      },
      nb::arg(), nb::arg().none(), nb::arg());
  module.def("evaluate_automation", evaluate, nb::arg(), nb::arg(), nb::arg(), nb::arg(),
             nb::arg().none(), nb::arg().none() = nb::none());
}

}  // namespace treadle::python
