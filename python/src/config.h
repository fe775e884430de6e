// Configuration between Python and the core: dicts and what is in them.
#pragma once

#include "object.h"
#include <treadle/define/config_schema.h>

namespace treadle::python {

// What is no plain value (None, bool, int, float, str, list, dict) stays the object it is. Needs the lock.
ConfigValue config_value_of(nb::handle object);
nb::object to_python(const ConfigValue& value);
// [(reason, path, message, names)]. Needs the lock.
nb::list to_python(const std::vector<ConfigError>& errors);

}  // namespace treadle::python
