// expect: a bare name says no type: write td::by_name<T>("name") to get the value
#include <treadle/treadle.hpp>

void declare(treadle::Defs& defs) {
  defs.asset("half", [](int i) { return i / 2; }, "count");
}
