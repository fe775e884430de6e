// expect: a parameter of this function has another type than the asset that is wired to it
// expect: ParameterOfType<const Table&>::IsWiredToAssetOfType<const Metrics&>
#include <treadle/treadle.hpp>

namespace td = treadle;

struct Table {
  int rows = 0;
};
TREADLE_FIELDS(Table, rows)
struct Metrics {
  double accuracy = 0;
};
TREADLE_FIELDS(Metrics, accuracy)

void declare(td::Defs& defs) {
  auto metrics = defs.asset("metrics", [] { return Metrics{}; });
  defs.asset("model", [](const Table& table) { return table.rows; }, metrics);
}
