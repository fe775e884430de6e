// treadle._core.Condition: conditions as values.
#include "automation.h"
#include "bindings.h"
#include "convert.h"
#include <treadle/define/automation_condition.h>

#include <nanobind/operators.h>

namespace treadle::python {
namespace {

using C = AutomationCondition;

RunTagFilter filter_of(nb::handle keys, nb::handle values) {
  RunTagFilter out;
  if (!keys.is_none()) {
    const auto texts = texts_of(keys);
    out.keys.emplace(texts.begin(), texts.end());
  }
  if (!values.is_none()) {
    out.values.emplace();
    for (const auto& [key, value] : nb::cast<nb::dict>(values))
      out.values->emplace(text_of(key), text_of(value));
  }
  return out;
}

// Misuse becomes a Python exception of Dagster's name.
template <class Call>
auto declared(Call&& call) {
  try {
    return call();
  } catch (const DefinitionError& error) {
    raise("CheckError", error.problems().empty() ? error.what() : error.problems()[0].message);
  }
}

// Operands and conditions that take nothing, by name.
C plain(nb::handle name) {
  static const std::map<std::string, C (*)()> kPlain = {
      {"missing", C::missing},
      {"run_in_progress", C::run_in_progress},
      {"backfill_in_progress", C::backfill_in_progress},
      {"in_progress", C::in_progress},
      {"execution_failed", C::execution_failed},
      {"will_be_requested", C::will_be_requested},
      {"newly_requested", C::newly_requested},
      {"newly_updated", C::newly_updated},
      {"newly_missing", C::newly_missing},
      {"data_version_changed", C::data_version_changed},
      {"code_version_changed", C::code_version_changed},
      {"initial_evaluation", C::initial_evaluation},
      {"check_passed", C::check_passed},
      {"check_failed", C::check_failed},
      {"freshness_passed", C::freshness_passed},
      {"freshness_warned", C::freshness_warned},
      {"freshness_failed", C::freshness_failed},
      {"executed_with_root_target", C::executed_with_root_target},
      {"any_downstream_conditions", C::any_downstream_conditions},
      {"any_deps_updated", C::any_deps_updated},
      {"any_deps_missing", C::any_deps_missing},
      {"any_deps_in_progress", C::any_deps_in_progress},
      {"all_deps_blocking_checks_passed", C::all_deps_blocking_checks_passed},
      {"eager", C::eager},
      {"on_missing", C::on_missing}};
  return kPlain.at(text_of(name))();
}

nb::object label_of(const C& condition) {
  const auto& label = condition.node().label;
  return label ? nb::object(to_text(*label)) : nb::none();
}

nb::list children_of(const C& condition) {
  nb::list out;
  for (const C& child : condition.node().children) out.append(nb::cast(child));
  return out;
}

}  // namespace

void bind_conditions(nb::module_& module) {
  nb::class_<C>(module, "Condition")
      .def_static("plain", plain)
      .def_static(
          "cron_tick_passed",
          [](nb::handle cron, nb::handle zone) {
            return declared([&] { return C::cron_tick_passed(text_of(cron), text_of(zone)); });
          })
      .def_static("all_deps_updated_since_cron",
                  [](nb::handle cron, nb::handle zone) {
                    return declared([&] {
                      return C::all_deps_updated_since_cron(text_of(cron), text_of(zone));
                    });
                  })
      .def_static("on_cron",
                  [](nb::handle cron, nb::handle zone) {
                    return declared([&] { return C::on_cron(text_of(cron), text_of(zone)); });
                  })
      .def_static("in_latest_time_window",
                  [](std::int64_t lookback) { return C::in_latest_time_window(lookback); })
      .def_static(
          "executed_with_tags",
          [](nb::handle keys, nb::handle values) {
            return C::executed_with_tags(filter_of(keys, values));
          },
          nb::arg().none(), nb::arg().none())
      .def_static(
          "any_new_update_has_run_tags",
          [](nb::handle keys, nb::handle values) {
            return C::any_new_update_has_run_tags(filter_of(keys, values));
          },
          nb::arg().none(), nb::arg().none())
      .def_static(
          "all_new_updates_have_run_tags",
          [](nb::handle keys, nb::handle values) {
            return C::all_new_updates_have_run_tags(filter_of(keys, values));
          },
          nb::arg().none(), nb::arg().none())
      .def_static("any_deps_match", [](const C& c) { return C::any_deps_match(c); })
      .def_static("all_deps_match", [](const C& c) { return C::all_deps_match(c); })
      .def_static("any_job_root_assets_match",
                  [](const C& c) { return C::any_job_root_assets_match(c); })
      .def_static("all_job_root_assets_match",
                  [](const C& c) { return C::all_job_root_assets_match(c); })
      .def_static("any_checks_match",
                  [](const C& c, bool blocking) { return C::any_checks_match(c, blocking); })
      .def_static("all_checks_match",
                  [](const C& c, bool blocking) { return C::all_checks_match(c, blocking); })
      .def_static("asset_matches",
                  [](nb::handle parts, const C& c) { return C::asset_matches(key_of(parts), c); })
      .def_static("custom",
                  [](nb::object condition) { return C::custom(make_python_condition(condition)); })
      .def("both", [](const C& a, const C& b) { return a & b; })
      .def("either", [](const C& a, const C& b) { return a | b; })
      .def("negated", [](const C& a) { return ~a; })
      .def("since", [](const C& a, const C& reset) { return a.since(reset); })
      .def("since_last_handled", &C::since_last_handled)
      .def("newly_true", &C::newly_true)
      .def(
          "with_label",
          [](const C& c, nb::handle label) {
            return c.with_label(label.is_none() ? std::nullopt
                                                : std::optional<std::string>(text_of(label)));
          },
          nb::arg().none())
      .def("allow", [](const C& c, nb::handle selection) { return c.allow(text_of(selection)); })
      .def("ignore", [](const C& c, nb::handle selection) { return c.ignore(text_of(selection)); })
      .def("replace", [](const C& c, const C& old, const C& with) { return c.replace(old, with); })
      .def("replace_named", [](const C& c, nb::handle name,
                               const C& with) { return c.replace(text_of(name), with); })
      .def("without", [](const C& c,
                         const C& operand) { return declared([&] { return c.without(operand); }); })
      .def("equals", [](const C& a, const C& b) { return a == b; })
      .def_prop_ro("identity", [](const C& c) { return c.node().identity; })
      .def_prop_ro("name", [](const C& c) { return to_text(c.name()); })
      .def_prop_ro("description", [](const C& c) { return to_text(c.description()); })
      .def_prop_ro("label", label_of)
      .def_prop_ro("class_name", [](const C& c) { return to_text(c.class_name()); })
      .def_prop_ro("operator_type", [](const C& c) { return to_text(c.operator_type()); })
      .def_prop_ro("text", [](const C& c) { return to_text(c.text()); })
      .def_prop_ro("children", children_of);
}

}  // namespace treadle::python
