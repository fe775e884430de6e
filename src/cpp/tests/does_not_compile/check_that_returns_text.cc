// expect: treadle: the function of a check returns a td::CheckResult, a bool
#include <treadle/treadle.hpp>
namespace td = treadle;

int main() {
  td::Defs defs;
  auto a = defs.asset("a", [] { return 1; });
  defs.check("c", a, [](int) { return std::string("good"); });
}
