#include <treadle/db/database.h>

namespace treadle::db {

Result<void> Statement::run() {
  while (true) {
    TREADLE_TRY(const bool row, step());
    if (!row) return {};
  }
}

}  // namespace treadle::db
