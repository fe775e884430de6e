// What is fresh and what is not, and why, from inside a program: as `status` on the command line.
//
//   const auto status = td::status(defs, {.selection = "model+"});
//   for (const td::AssetState& asset : *status)
//     if (!asset.fresh) std::cout << asset.asset.text() << ": " << asset.why.front().text << "\n";
#pragma once

#include <treadle/define/definitions.h>
#include <treadle/define/partition_set.h>

#include <optional>
#include <string>
#include <vector>

namespace treadle {

// A reason, with those that led to it, down to what has changed.
struct Why {
  std::string text;  // "upstream 'raw' changed from 3f2a to 9c1b"
  std::vector<Why> because;
};

struct AssetState {
  AssetKey asset;
  // "fresh", "stale", "missing", "partial", "failed", "check failed", "unneeded", "source"
  std::string status;
  bool fresh = false;     // what is kept follows from the code and inputs of now
  bool unneeded = false;  // nothing here reads it, and it was neither made nor consumed for a while
  std::vector<Why> why;
  std::vector<std::string> failed_checks;
  Micros made = 0;      // 0 = never
  Micros consumed = 0;  // when a run last read it; 0 = never
  // Of an asset with partitions.
  struct OfPartitions {
    PartitionSet set;
    PartitionSubset materialized, missing, failed, in_progress, stale;
  };
  std::optional<OfPartitions> partitions;
};

struct StatusOptions {
  std::string selection = {};       // selection syntax; "" = everything
  std::string home = {};            // as MaterializeOptions::home
  double unneeded_after_days = 30;  // 0 = never
};

// Throws DefinitionError when something is wrong with the definitions.
Result<std::vector<AssetState>> status(const Definitions& definitions, StatusOptions options = {});

}  // namespace treadle
