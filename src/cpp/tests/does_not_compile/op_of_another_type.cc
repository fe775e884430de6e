// expect: treadle: an input of this op has another type than what is given to it
#include <treadle/treadle.hpp>
namespace td = treadle;

int main() {
  auto text = td::op("text", [] { return std::string("one"); });
  auto twice = td::op("twice", [](int n) { return n * 2; });
  td::Defs defs;
  defs.job("j", [&](td::Compose& c) { c(twice, c(text)); });
}
