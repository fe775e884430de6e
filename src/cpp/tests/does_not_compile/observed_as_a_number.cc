// expect: treadle: the function of an observable source returns which version it saw
#include <treadle/treadle.hpp>
namespace td = treadle;

int main() {
  td::Defs defs;
  defs.observable_source({.key = "orders"}, [] { return 3; });
}
