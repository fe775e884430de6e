// C++ types as people write them, for messages and events.
#pragma once

#include <string>
#include <typeinfo>

namespace treadle {

// "std::vector<std::string>" for what the compiler calls "std::vector<std::__cxx11::basic_string<char, ...>, ...>": without
// default template arguments and inline namespaces.
std::string type_name(const std::type_info& type);

}  // namespace treadle
