// Resources written in Python.
#pragma once

#include "object.h"
#include <treadle/define/io_manager.h>

#include <memory>
#include <string>
#include <vector>

namespace treadle::python {

// Wraps a treadle._resources.building.ResourceHolder; its value is a ResourceHandle.
std::shared_ptr<Resource> make_python_resource(nb::object holder,
                                               std::vector<std::string> required);

}  // namespace treadle::python
