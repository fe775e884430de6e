// What each bind_<topic>.cc adds to the extension module.
#pragma once

#include <nanobind/nanobind.h>

namespace treadle::python {

void bind_step(nanobind::module_& module);
void bind_home(nanobind::module_& module);
void bind_definitions(nanobind::module_& module);
void bind_artifact(nanobind::module_& module);
void bind_native_io_manager(nanobind::module_& module);
void bind_graph(nanobind::module_& module);
void bind_tracking(nanobind::module_& module);
void bind_server(nanobind::module_& module);
void bind_partitions(nanobind::module_& module);
void bind_cli(nanobind::module_& module);
void bind_config(nanobind::module_& module);
void bind_conditions(nanobind::module_& module);
void bind_automation(nanobind::module_& module);
void bind_cron(nanobind::module_& module);

}  // namespace treadle::python
