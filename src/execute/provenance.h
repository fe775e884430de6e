// What a materialization was made of, and the data version that follows from it. Pure.
#pragma once

#include <treadle/model/event.h>

#include <string>

namespace treadle::execute {

// The data version of an output for which neither the user nor the IO manager named one, as Dagster derives it: SHA-256 over
// the code version (the run's id when it is unknown: every run makes a new version) and the inputs' data versions in the order
// of their keys ("INITIAL" for one that is unknown).
std::string derive_data_version(const Provenance& provenance, const std::string& run_id);

}  // namespace treadle::execute
