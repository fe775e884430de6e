// treadle._core.OpJob: a job of ops, checked and run; and what ops and hooks reach of the engine.
#include "bindings.h"
#include "convert.h"
#include "definitions.h"
#include "forking.h"
#include "graph.h"
#include "home.h"
#include "hook.h"
#include "run_options.h"
#include "signals.h"
#include "step_body.h"

namespace treadle::python {
namespace {

// `selection`: of steps. `parent`: the run that is executed again, "" = none; then `steps` says which steps, None = those from
// which it failed on. `executor`: see run_options.h.
nb::tuple execute_op_job(PythonDefinitions& self, PythonHome& home, nb::handle selection,
                         bool in_memory, nb::handle run_id, nb::handle tags, nb::handle run_config,
                         nb::handle executor, nb::handle parent, nb::handle steps) {
  self.use_io_manager_of(*home.home, in_memory);
  const JobDef& job = self.definitions().jobs.front();
  const std::vector<std::string> selected = texts_of(selection);
  const std::string parent_run = text_of(parent);
  std::optional<std::vector<std::string>> again;
  if (!steps.is_none()) again = texts_of(steps);
  execute::Cancellation cancellation;
  execute::RunOptions options;
  options.run_id = text_of(run_id);
  options.run_config = text_of(run_config);
  for (const std::string& text : selected) {
    options.selection += options.selection.empty() ? text : "," + text;
  }
  options.cancellation = &cancellation;
  options.fork_hooks = fork_hooks();
  use_executor(options, executor);
  for (const auto& [key, value] : nb::cast<nb::dict>(tags)) {
    options.tags.emplace(text_of(key), text_of(value));
  }
  Result<execute::RunResult> result;
  {
    const SignalScope signals(cancellation);
    const nb::gil_scoped_release release;
    result = parent_run.empty() ? app::execute_job(*home.home, self.definitions(), job, selected,
                                                   std::move(options))
                                : app::execute_job_again(*home.home, self.definitions(), job,
                                                         parent_run, again, std::move(options));
  }
  // A signal that came while no Python code ran has done its work: the run is cancelled.
  if (cancellation.requested() && PyErr_CheckSignals() != 0) PyErr_Clear();
  raise_unless_planned(result, parent_run);
  return outcome_of(value_or_raise(std::move(result)));
}

// The keys of the steps that an op selection means.
nb::list select_ops(PythonDefinitions& self, nb::handle selection) {
  const JobDef& job = self.definitions().jobs.front();
  const auto plan = plan::plan_job(self.definitions(), job, texts_of(selection));
  if (!plan) {
    std::string text;
    for (const Problem& problem : plan.error()) {
      if (!text.empty()) text += '\n';
      text += problem.text();
    }
    raise("DagsterInvalidSubsetError", text);
  }
  nb::list keys;
  for (const plan::PlannedStep& step : plan->steps) keys.append(to_text(step.def->name));
  return keys;
}

[[noreturn]] void stop_op(Step& step, StepFailure failure) {
  step.failure = std::move(failure);
  PyErr_SetNone(stop_step_type().ptr());
  throw nb::python_error();
}

nb::object op_load_input(Step& step, std::size_t index, std::size_t at) {
  StepContext& context = step.get();
  auto value = without_lock([&] { return context.load_input_at(index, at); });
  if (!value) stop_op(step, std::move(value).error());
  return object_in(*value);
}

void op_handle_output(Step& step, std::size_t index, nb::handle value, bool has_value,
                      nb::handle type_name, bool passed, nb::handle metadata, nb::handle tags,
                      nb::handle mapping_key) {
  StepContext& context = step.get();
  OutputReport report;
  report.output = index;
  if (has_value) report.value = value_of(nb::borrow(value));
  report.type_name = text_of(type_name);
  report.type_check_passed = passed;
  report.metadata = metadata_of(metadata);
  if (!tags.is_none()) report.tags = tags_of(tags);
  report.mapping_key = text_of(mapping_key);
  StepOutcome outcome = without_lock([&] { return context.handle_output(std::move(report)); });
  if (!outcome) stop_op(step, std::move(outcome).error());
}

nb::object hook_failure(const Hook& hook) {
  const StepFailure* failure = hook.get().failure();
  if (failure == nullptr) return nb::none();
  const auto* origin = std::any_cast<Object>(&failure->origin);
  return nb::make_tuple(to_text(failure->message), to_text(failure->error_class),
                        to_text(failure->stack),
                        origin != nullptr ? nb::borrow(origin->get()) : nb::object(nb::none()));
}

nb::list hook_outputs(const Hook& hook) {
  nb::list told;
  for (const HookOutput& output : hook.get().outputs()) {
    told.append(
        nb::make_tuple(output.output, to_text(output.mapping_key), object_in(output.value),
                       to_text(output.metadata.empty() ? "" : metadata_to_json(output.metadata))));
  }
  return told;
}

const char* hook_ended(const Hook& hook) {
  switch (hook.get().ended()) {
    case HookContext::Ended::kSuccess:
      return "success";
    case HookContext::Ended::kFailure:
      return "failure";
    case HookContext::Ended::kRetry:
      break;
  }
  return "retry";
}

LogLevel hook_level(int level) {
  if (level >= 50) return LogLevel::kCritical;
  if (level >= 40) return LogLevel::kError;
  if (level >= 30) return LogLevel::kWarning;
  return level >= 20 ? LogLevel::kInfo : LogLevel::kDebug;
}

}  // namespace

void bind_graph(nb::module_& module) {
  module.def("execute_op_job", execute_op_job, nb::arg(), nb::arg(), nb::arg(), nb::arg(),
             nb::arg(), nb::arg(), nb::arg(), nb::arg(), nb::arg(), nb::arg().none());
  module.def("select_ops", select_ops);
  module.def("check_graph", check_graph);
  module.def("op_input_size", [](Step& s, std::size_t i) { return s.get().input_size(i); });
  module.def("op_input_is_list", [](Step& s, std::size_t i) { return s.get().input_is_list(i); });
  module.def("op_load_input", op_load_input);
  module.def("op_handle_output", op_handle_output, nb::arg(), nb::arg(), nb::arg().none(),
             nb::arg(), nb::arg(), nb::arg(), nb::arg().none(), nb::arg().none(), nb::arg());
  module.def("op_report_input", [](Step& s, std::size_t i, nb::handle type_name, bool passed) {
    s.get().report_input(
        {.input = i, .type_name = text_of(type_name), .type_check_passed = passed, .metadata = {}});
  });
  module.def("op_mapping_key", [](Step& s) { return to_text(s.get().mapping_key()); });
  module.def("op_node_key", [](Step& s) { return to_text(s.get().node_key()); });

  nb::class_<Hook>(module, "Hook")
      .def_prop_ro("ended", hook_ended)
      .def_prop_ro("run_id", [](Hook& h) { return to_text(h.get().run_id()); })
      .def_prop_ro("job_name", [](Hook& h) { return to_text(h.get().job_name()); })
      .def_prop_ro("step_key", [](Hook& h) { return to_text(h.get().step_key()); })
      .def_prop_ro("op_name", [](Hook& h) { return to_text(h.get().op_name()); })
      .def_prop_ro("retry_number", [](Hook& h) { return h.get().retry_number(); })
      .def("failure", hook_failure)
      .def("outputs", hook_outputs)
      .def("resource",
           [](Hook& h, nb::handle key) { return object_in(h.get().resource(text_of(key))); })
      .def("log", [](Hook& h, int level, nb::handle message) {
        h.get().log(hook_level(level), text_of(message));
      });
}

}  // namespace treadle::python
