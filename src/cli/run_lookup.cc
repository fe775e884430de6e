#include "run_lookup.h"

namespace treadle::cli {

Result<Run> get_run(app::Home& home, const std::string& id) {
  if (id == "latest") {
    events::RunFilter newest;
    newest.limit = 1;
    TREADLE_TRY(const std::vector<Run> runs, home.record().runs(newest));
    if (runs.empty()) return fail(Errc::kNotFound, "There are no runs in this home yet.");
    return runs.front();
  }
  return home.record().get_run_by_prefix(id);
}

}  // namespace treadle::cli
