// expect: inputs are taken by value or const reference
#include <treadle/treadle.hpp>

#include <vector>

void declare(treadle::Defs& defs) {
  auto list = defs.asset("list", [] { return std::vector<int>{1}; });
  defs.asset(
      "longer",
      [](std::vector<int>& v) {
        v.push_back(2);
        return v;
      },
      list);
}
