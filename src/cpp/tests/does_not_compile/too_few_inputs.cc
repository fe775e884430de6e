// expect: the function takes another number of inputs than the assets that are wired to it
#include <treadle/treadle.hpp>

void declare(treadle::Defs& defs) {
  auto count = defs.asset("count", [] { return 1; });
  defs.asset("sum", [](int a, int b) { return a + b; }, count);
}
