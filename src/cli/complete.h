// Shell completion: what may come next on a command line. Pure but for the names of kept things,
// which the caller supplies.
#pragma once

#include "spec.h"

#include <functional>
#include <string>
#include <vector>

namespace treadle::cli {

struct Candidate {
  std::string word;
  std::string description;
};

struct Completion {
  std::vector<Candidate> candidates;
  // What the shell should offer besides: files, folders or nothing.
  WordKind kind = WordKind::kText;
};

// Names of kept things of a kind (asset keys, artifacts, runs).
using NameSource = std::function<std::vector<Candidate>(WordKind)>;

// `words`: after the program's name, the last one being completed (it may be "").
Completion complete(const CommandSpec& root, const std::vector<std::string>& words,
                    const NameSource& names);

// The script a shell loads; it asks `PROGRAM __complete WORDS...`.
std::string completion_script(const std::string& shell, const std::string& program);

}  // namespace treadle::cli
