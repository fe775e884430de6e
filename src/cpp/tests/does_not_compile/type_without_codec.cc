// expect: values of this type cannot be kept as they are: describe the struct with TREADLE_FIELDS
// expect: ValuesOfType<Table>
#include <treadle/treadle.hpp>

struct Table {
  int rows = 0;
};

void declare(treadle::Defs& defs) {
  defs.asset("table", [] { return Table{}; });
}
