// Finding the run a command names. A unique prefix of the id is enough; "latest" is the newest run.
#pragma once

#include "session.h"
#include <treadle/model/run.h>

namespace treadle::cli {

// kNotFound suggests how to see the runs.
Result<Run> get_run(app::Home& home, const std::string& id);

}  // namespace treadle::cli
