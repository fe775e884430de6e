// Where versions come from and where they went: the graph of versions and runs, and what exactly made
// one version.
#pragma once

#include <treadle/artifact/store.h>

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace treadle::artifact {

struct LineageOptions {
  int up = -1;    // steps from version to version towards what it was made of; -1 = any number
  int down = -1;  // towards what was made of it
  std::size_t most = 10'000;  // versions; the rest is left out (Lineage::cut)
};

// A run made the version, or used it. Both are positions in Lineage's lists.
struct LineageEdge {
  enum class Kind { kMade, kUsed } kind = Kind::kMade;
  std::size_t run = 0;
  std::size_t version = 0;
};

// Each version, run and edge once, however many ways lead to it. Deleted versions are left out.
struct Lineage {
  std::vector<Version> versions;  // the one asked for first
  std::vector<std::string> runs;  // ids
  std::vector<LineageEdge> edges;
  bool cut = false;  // there is more than `most`
};
Result<Lineage> lineage(Store& store, const Version& version, const LineageOptions& options = {});

// What the walk asks, wherever versions and runs are kept. Runs are named by texts that only the source
// reads.
class LineageSource {
 public:
  virtual ~LineageSource() = default;
  // Up: the run that made the version, or none; down: those that used it.
  virtual Result<std::vector<std::string>> runs_beside(const Version& version, bool up) = 0;
  // Up: what the run used; down: what it made.
  virtual Result<std::vector<Version>> beyond(const std::string& run, bool up) = 0;
};
Result<Lineage> lineage(LineageSource& source, const Version& version,
                        const LineageOptions& options = {});

// What made a version.
struct Origin {
  Version version;
  std::string run_id;            // "" = made by hand
  std::vector<Version> inputs;   // what that run used and had before it, in order of time
  std::vector<Version> outputs;  // what else it made
  std::optional<CodeSource> code;
};
Result<Origin> origin_of(Store& store, const Version& version);
// Where its code came from; nothing when nobody said.
Result<std::optional<CodeSource>> code_of(Store& store, const Version& version);

}  // namespace treadle::artifact
