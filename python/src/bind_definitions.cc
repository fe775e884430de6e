// treadle._core.Definitions: checking, selecting and running what was declared in Python.
#include "bindings.h"
#include "convert.h"
#include "definitions.h"
#include "forking.h"
#include "home.h"
#include "run_options.h"
#include "signals.h"
#include <treadle/app/partition_runs.h>
#include <treadle/app/status.h>
#include <treadle/plan/selection.h>

namespace treadle::python {
namespace {

std::vector<plan::NodeId> select(PythonDefinitions& self, const std::string& text,
                                 bool allow_missing = false) {
  auto selected = [&]() -> Result<std::vector<plan::NodeId>> {
    TREADLE_TRY(const plan::Selection selection, plan::parse_selection(text));
    return plan::select(selection, self.graph(), true, allow_missing);
  }();
  if (!selected) raise("DagsterInvalidSubsetError", selected.error().message);
  return std::move(*selected);
}

void check_selection(nb::handle text) {
  const auto selection = plan::parse_selection(text_of(text));
  if (!selection)
    raise("DagsterInvalidAssetSelectionError",
          "Invalid selection string: " + text_of(text) + "\n" + selection.error().message);
}

nb::list selected_keys(PythonDefinitions& self, nb::handle selection, bool allow_missing) {
  nb::list keys;
  for (const plan::NodeId node : select(self, text_of(selection), allow_missing)) {
    keys.append(to_text(self.graph().node(node).info->key.text()));
  }
  return keys;
}

// From (parts of the asset's key, name of the check).
plan::CheckNames check_names_of(nb::handle told) {
  plan::CheckNames names;
  const Items items(told);
  for (std::size_t i = 0; i < items.size(); ++i) {
    const Items one(items.at(i));
    names.emplace(key_of(one.at(0)), one.text(1));
  }
  return names;
}

// `parent`: the run that is executed again, `steps` those of its steps (none: from where it failed); "" = none, and all
// that is selected runs.
nb::tuple materialize(PythonDefinitions& self, PythonHome& home, nb::handle selection,
                      nb::handle only_checks, bool in_memory, nb::handle run_id,
                      nb::handle job_name, nb::handle tags, nb::handle run_config,
                      nb::handle retry_policy, nb::handle executor, nb::handle parent,
                      nb::handle steps) {
  execute::Cancellation cancellation;
  execute::RunOptions options;
  options.run_id = text_of(run_id);
  options.job_name = text_of(job_name);
  options.selection = text_of(selection);
  options.run_config = text_of(run_config);
  options.default_retry_policy = retry_policy_of(retry_policy);
  options.cancellation = &cancellation;
  options.fork_hooks = fork_hooks();
  use_executor(options, executor);
  for (const auto& [key, value] : nb::cast<nb::dict>(tags)) {
    options.tags.emplace(text_of(key), text_of(value));
  }
  const std::vector<plan::NodeId> selected = select(self, options.selection);
  if (options.selection == "*") options.selection.clear();
  std::optional<plan::CheckNames> checks;
  if (!only_checks.is_none()) checks = check_names_of(only_checks);
  self.use_io_manager_of(*home.home, in_memory);
  const std::string parent_run = text_of(parent);
  std::optional<std::vector<std::string>> again;
  if (!steps.is_none()) again = texts_of(steps);

  Result<execute::RunResult> result;
  {
    const SignalScope signals(cancellation);
    const nb::gil_scoped_release release;
    result = parent_run.empty()
                 ? app::materialize(*home.home, self.graph(), selected, std::move(options), true,
                                    checks ? &*checks : nullptr)
                 : app::execute_steps_again(*home.home, self.graph(), parent_run, again,
                                            std::move(options));
  }
  // A signal that came while no Python code ran has done its work: the run is cancelled.
  if (cancellation.requested() && PyErr_CheckSignals() != 0) PyErr_Clear();
  raise_unless_planned(result, parent_run);
  return outcome_of(value_or_raise(std::move(result)));
}

// What `treadle status --why --json` prints.
nb::object status(PythonDefinitions& self, PythonHome& home, nb::handle selection,
                  Micros unneeded_after) {
  const std::vector<plan::NodeId> selected = select(self, text_of(selection));
  return to_text(value_or_raise(without_lock([&]() -> Result<std::string> {
    TREADLE_TRY(const app::Status status,
                app::Status::read(home.home.get(), self.graph(), selected,
                                  {.now = system_clock().now(), .unneeded_after = unneeded_after}));
    return status.json(true);
  })));
}

// The tags of each run that these partitions take. `which`: a text as on the command line, or keys.
nb::list partition_runs(PythonDefinitions& self, PythonHome& home, nb::handle selection,
                        nb::handle which) {
  const std::vector<plan::NodeId> selected = select(self, text_of(selection));
  app::PartitionChoice choice{.partition_word = "a key", .partitions_word = "partitions"};
  if (nb::isinstance<nb::str>(which)) {
    choice.partitions = text_of(which);
  } else {
    choice.keys = texts_of(which);
    if (choice.keys.empty()) return {};
  }
  const auto runs =
      app::choose_partitions(home.home.get(), self.graph(), selected, choice, system_clock().now());
  if (!runs) raise("DagsterInvalidSubsetError", runs.error().message);
  nb::list out;
  for (const auto& of_run : runs->tags) {
    nb::dict tags;
    for (const auto& [name, value] : of_run) tags[to_text(name)] = to_text(value);
    out.append(tags);
  }
  return out;
}

}  // namespace

void bind_definitions(nb::module_& module) {
  module.def("check_selection", check_selection);
  nb::class_<PythonDefinitions>(module, "Definitions")
      .def(nb::init<nb::handle, nb::handle, nb::handle, nb::handle, nb::handle, nb::handle,
                    nb::handle>(),
           nb::arg(), nb::arg(), nb::arg(), nb::arg(), nb::arg(), nb::arg(),
           nb::arg("partitioning") = nb::none())
      .def("select", selected_keys, nb::arg(), nb::arg("allow_missing") = false)
      .def("set_automation", &PythonDefinitions::set_automation)
      .def("set_job_checks", &PythonDefinitions::set_job_checks)
      .def("materialize", materialize, nb::arg(), nb::arg(), nb::arg().none(), nb::arg(), nb::arg(),
           nb::arg(), nb::arg(), nb::arg(), nb::arg().none(), nb::arg(), nb::arg(),
           nb::arg().none())
      .def("status", status)
      .def("partition_runs", partition_runs)
      .def("close_io_managers", &PythonDefinitions::close_io_managers);
}

}  // namespace treadle::python
