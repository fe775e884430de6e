// treadle._core.Step and Stored: what user code reaches of the engine while it runs.
#include "bindings.h"
#include "codec.h"
#include "convert.h"
#include "partitions.h"
#include "step_body.h"
#include <treadle/base/digest.h>
#include <treadle/base/json.h>

#include <unistd.h>

namespace treadle::python {
namespace {

// Ends the step: the engine's reason waits in the Step, StopStep unwinds the user's code.
[[noreturn]] void stop(Step& step, StepFailure failure) {
  step.failure = std::move(failure);
  PyErr_SetNone(stop_step_type().ptr());
  throw nb::python_error();
}

nb::object load_input(Step& step, std::size_t index) {
  StepContext& context = step.get();
  auto value = without_lock([&] { return context.load_input(index); });
  if (!value) stop(step, std::move(value).error());
  return object_in(*value);
}

void handle_output(Step& step, std::size_t index, nb::handle value, bool has_value,
                   nb::handle type_name, nb::handle metadata, nb::handle data_version,
                   nb::handle tags, nb::handle partitions) {
  StepContext& context = step.get();
  OutputReport report;
  report.output = index;
  if (has_value) report.value = value_of(nb::borrow(value));
  report.type_name = text_of(type_name);
  report.metadata = metadata_of(metadata);
  if (!data_version.is_none()) report.data_version = text_of(data_version);
  if (!tags.is_none()) report.tags = tags_of(tags);
  if (!partitions.is_none()) {
    // [(key, metadata or None, data version or None)]
    const Items facts(partitions);
    for (std::size_t i = 0; i < facts.size(); ++i) {
      const Items fact(facts.at(i));
      if (!fact.is_none(1)) {
        report.partition_metadata.emplace_back(fact.text(0), metadata_of(fact.at(1)));
      }
      if (!fact.is_none(2)) {
        report.partition_data_versions.emplace_back(fact.text(0), fact.text(2));
      }
    }
  }
  StepOutcome outcome = without_lock([&] { return context.handle_output(std::move(report)); });
  if (!outcome) stop(step, std::move(outcome).error());
}

void report_check(Step& step, std::size_t index, bool passed, bool error_severity,
                  nb::handle description, nb::handle metadata) {
  StepOutcome outcome = step.get().report_check({.check = index,
                                                 .passed = passed,
                                                 .error_severity = error_severity,
                                                 .description = text_of(description),
                                                 .metadata = metadata_of(metadata)});
  if (!outcome) stop(step, std::move(outcome).error());
}

LogLevel level_of(int level) {
  if (level >= 50) return LogLevel::kCritical;
  if (level >= 40) return LogLevel::kError;
  if (level >= 30) return LogLevel::kWarning;
  return level >= 20 ? LogLevel::kInfo : LogLevel::kDebug;
}

void logs_captured(Step& step, nb::handle out, nb::handle err) {
  Event event;
  event.type = EventType::kLogsCaptured;
  event.message = "Captured what step \"" + step.get().step_key() + "\" printed.";
  JsonWriter payload;
  payload.begin_object();
  if (const std::string path = text_of(out); !path.empty()) payload.field("stdout", path);
  if (const std::string path = text_of(err); !path.empty()) payload.field("stderr", path);
  payload.field("pid", static_cast<std::int64_t>(::getpid())).end_object();
  event.payload = std::move(payload).str();
  step.get().report_event(std::move(event));
}

}  // namespace

Event fact_of(nb::handle kind, nb::handle asset, nb::handle partition, nb::handle message,
              nb::handle metadata, nb::handle rest) {
  Event event;
  const auto type = event_type_from(text_of(kind));
  if (!type) throw nb::value_error("unknown kind of event");
  event.type = *type;
  event.asset_key = text_of(asset);
  event.partition = text_of(partition);
  event.message = text_of(message);
  const Metadata facts = metadata_of(metadata);
  std::string payload = text_of(rest);
  if (!facts.empty()) {
    const std::string told = "{\"metadata\":" + metadata_to_json(facts);
    payload = payload.empty() ? told + "}" : told + "," + payload.substr(1);
  }
  event.payload = std::move(payload);
  return event;
}

void bind_step(nb::module_& module) {
  module.attr("StopStep") = nb::borrow(stop_step_type());
  nb::class_<Step>(module, "Step", nb::is_weak_referenceable())
      .def_prop_ro("run_id", [](Step& s) { return to_text(s.get().run_id()); })
      .def_prop_ro("job_name", [](Step& s) { return to_text(s.get().job_name()); })
      .def_prop_ro("step_key", [](Step& s) { return to_text(s.get().step_key()); })
      .def_prop_ro("retry_number", [](Step& s) { return s.get().retry_number(); })
      .def_prop_ro("cancelled", [](Step& s) { return s.get().cancelled(); })
      .def("output_selected", [](Step& s, std::size_t i) { return s.get().output_selected(i); })
      .def("check_selected", [](Step& s, std::size_t i) { return s.get().check_selected(i); })
      .def("load_input", load_input)
      .def("handle_output", handle_output, nb::arg(), nb::arg().none(), nb::arg(), nb::arg(),
           nb::arg().none(), nb::arg().none(), nb::arg().none(), nb::arg("partitions") = nb::none())
      .def_prop_ro("partitions", [](Step& s) { return slice_tuple(s.get().partitions()); })
      .def("input_partitions",
           [](Step& s, std::size_t i) { return slice_tuple(s.get().input_partitions(i)); })
      .def("report_check", report_check, nb::arg(), nb::arg(), nb::arg(), nb::arg(),
           nb::arg().none())
      .def("report_event",
           [](Step& s, nb::handle kind, nb::handle asset, nb::handle partition, nb::handle message,
              nb::handle metadata, nb::handle rest) {
             s.get().report_event(fact_of(kind, asset, partition, message, metadata, rest));
           })
      .def("log", [](Step& s, int level,
                     nb::handle message) { s.get().log(level_of(level), text_of(message)); })
      .def("logs_captured", logs_captured)
      .def("resource",
           [](Step& s, nb::handle key) { return object_in(s.get().resource(text_of(key))); });

  nb::class_<StoredView>(module, "Stored")
      .def_prop_ro("format", [](StoredView& v) { return to_text(v.stored->format()); })
      .def_prop_ro("file_name", [](StoredView& v) { return to_text(v.stored->file_name()); })
      .def("bytes",
           [](StoredView& v) {
             const std::string bytes =
                 value_or_raise(without_lock([&] { return v.stored->bytes(); }));
             return nb::bytes(bytes.data(), bytes.size());
           })
      .def("local_path", [](StoredView& v) {
        return to_text(value_or_raise(without_lock([&] { return v.stored->local_path(); })));
      });

  module.def("sha256_hex", [](const nb::bytes& data) {
    return to_text(to_hex(sha256(std::string_view(data.c_str(), data.size()))));
  });
}

}  // namespace treadle::python
