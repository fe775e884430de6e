// The smallest pipeline as a program: what a whole process costs. The C++ half of
// workloads/two_assets.py.
#include <treadle/treadle.hpp>

#include <numeric>
#include <vector>

namespace td = treadle;

int main(int argc, char** argv) {
  td::Defs defs;
  const auto numbers = defs.asset("numbers", [] { return std::vector<int>{1, 2, 3}; });
  defs.asset(
      "total",
      [](const std::vector<int>& values) {
        return std::accumulate(values.begin(), values.end(), 0);
      },
      numbers);
  return td::main(argc, argv, defs);
}
