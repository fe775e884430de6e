// expect: ParameterOfType<const std::vector<int>&>::IsWiredToAssetOfType<const int&>
#include <treadle/treadle.hpp>

#include <vector>

void declare(treadle::Defs& defs) {
  auto count = defs.asset("count", [] { return 1; });
  defs.check("not_empty", count, [](const std::vector<int>& v) { return !v.empty(); });
}
