// expect: treadle: the function of a graph returns the td::Node of its output
#include <treadle/treadle.hpp>
namespace td = treadle;

int main() {
  td::Defs defs;
  defs.job("j", td::graph("g", [](td::Compose&) { return 3; }));
}
