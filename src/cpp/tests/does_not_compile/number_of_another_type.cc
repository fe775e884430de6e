// expect: a parameter of this function has another type than the asset that is wired to it
// expect: ParameterOfType<double>::IsWiredToAssetOfType<const int&>
#include <treadle/treadle.hpp>

void declare(treadle::Defs& defs) {
  auto count = defs.asset("count", [] { return 1; });
  defs.asset("half", [](double d) { return d / 2; }, count);
}
