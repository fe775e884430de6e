// IO managers for Python values: those written in Python, and the one that keeps values in memory.
#pragma once

#include "object.h"
#include <treadle/define/io_manager.h>

#include <memory>
#include <string>
#include <vector>

namespace treadle::python {

// treadle._core.NativeIOManager: one of the core's own, which a resource in Python stands for.
struct NativeIOManager {
  std::shared_ptr<IOManager> manager;
};

// Wraps a treadle._io.managers.IOManagerHolder.
std::shared_ptr<IOManager> make_python_io_manager(nb::object holder,
                                                  std::vector<std::string> required);

// Values of one run by asset, gone with it. Thread-safe.
std::shared_ptr<IOManager> make_memory_io_manager();

}  // namespace treadle::python
