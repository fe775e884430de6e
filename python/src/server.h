// treadle._core.Server: a W&B server, as Python holds it.
#pragma once

#include <treadle/client/connection.h>

#include <memory>

namespace treadle::python {

struct PythonServer {
  std::shared_ptr<client::Connection> connection;
};

}  // namespace treadle::python
