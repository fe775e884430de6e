#include "bindings.h"

NB_MODULE(_core, module) {
  module.attr("__doc__") =
      "The compiled part: the engine, the record and the store, as the package uses them. Not for "
      "users.";
  // Users' objects may outlive the interpreter's last sweep (module globals); that is no leak of
  // ours.
  nanobind::set_leak_warnings(false);
  treadle::python::bind_partitions(module);
  treadle::python::bind_step(module);
  treadle::python::bind_home(module);
  treadle::python::bind_definitions(module);
  treadle::python::bind_artifact(module);
  treadle::python::bind_native_io_manager(module);
  treadle::python::bind_graph(module);
  treadle::python::bind_server(module);
  treadle::python::bind_tracking(module);
  treadle::python::bind_cli(module);
  treadle::python::bind_config(module);
  treadle::python::bind_conditions(module);
  treadle::python::bind_automation(module);
  treadle::python::bind_cron(module);
}
