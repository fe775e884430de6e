// expect: treadle: after the td::Compose& the function of a graph takes a td::Node<T> for each input
#include <treadle/treadle.hpp>
namespace td = treadle;

int main() {
  td::Defs defs;
  td::graph("g", [](td::Compose&, int) {});
}
