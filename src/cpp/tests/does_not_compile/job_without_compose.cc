// expect: treadle: the function of a job takes a td::Compose&
#include <treadle/treadle.hpp>
namespace td = treadle;

int main() {
  td::Defs defs;
  defs.job("j", [] {});
}
