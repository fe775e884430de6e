// treadle._core.Cron: schedules of ticks in a time zone.
#include "bindings.h"
#include "convert.h"
#include <treadle/base/cron.h>
#include <treadle/base/frozen_clock.h>

#include <nanobind/stl/optional.h>

#include <chrono>

namespace treadle::python {
namespace {

CronSchedule parse(nb::handle expressions, nb::handle zone) {
  std::vector<std::string> texts;
  if (nb::isinstance<nb::str>(expressions)) {
    texts.push_back(text_of(expressions));
  } else {
    texts = texts_of(expressions);
  }
  return value_or_raise(CronSchedule::parse(texts, text_of(zone)));
}

}  // namespace

void bind_cron(nb::module_& module) {
  module.def("freeze_clock", &freeze_system_clock, nb::arg().none());
  // What the machine says, whatever tests have done to the clocks.
  module.def("machine_clock", [] {
    const auto since = std::chrono::system_clock::now().time_since_epoch();
    return std::chrono::duration_cast<std::chrono::microseconds>(since).count();
  });
  nb::class_<CronSchedule>(module, "Cron")
      .def_static("parse", parse)
      .def_prop_ro("has_seconds", &CronSchedule::has_seconds)
      .def("next", &CronSchedule::next)
      .def("previous", &CronSchedule::previous)
      .def("at_or_after", &CronSchedule::at_or_after)
      .def("at_or_before", &CronSchedule::at_or_before)
      .def("count", &CronSchedule::count)
      .def("nth", &CronSchedule::nth);
}

}  // namespace treadle::python
