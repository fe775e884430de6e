// expect: the function of this multi-asset returns another number of values than assets are named
#include <treadle/treadle.hpp>

void declare(treadle::Defs& defs) {
  defs.multi_asset({"a", "b", "c"}, [] { return std::pair(1, 2); });
}
