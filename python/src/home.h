// treadle._core.Home: an open home as Python holds it.
#pragma once

#include "object.h"
#include <treadle/app/home.h>
#include <treadle/model/event.h>

#include <memory>

namespace treadle::python {

struct PythonHome {
  std::unique_ptr<app::Home> home;
};

// A fact that user code reports: (kind, asset, partition, message, metadata, rest of the payload).
Event fact_of(nb::handle kind, nb::handle asset, nb::handle partition, nb::handle message,
              nb::handle metadata, nb::handle rest);

}  // namespace treadle::python
