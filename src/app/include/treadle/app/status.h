// What is to be said of each asset and partition: fresh or not, and why.
#pragma once

#include <treadle/app/home.h>
#include <treadle/app/partitions.h>
#include <treadle/plan/partition_staleness.h>
#include <treadle/plan/staleness.h>

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace treadle {
class JsonWriter;
}

namespace treadle::app {

inline constexpr Micros kMicrosPerDay = 86'400'000'000;

// The code version that staleness compares: the user's, else derived from the function.
std::string code_version_of(const plan::Node& node);

struct StatusOptions {
  Micros now = 0;
  // An asset that nothing declared here reads is unneeded when it was neither made nor consumed for
  // so long; 0 = never.
  Micros unneeded_after = 30 * kMicrosPerDay;
};

struct AssetReport {
  plan::NodeId node = plan::kNoNode;
  // "fresh", "stale", "missing", "partial", "failed", "check failed", "unneeded"; "source" of what
  // is made elsewhere.
  std::string_view word;
  std::vector<std::string> failed_checks;
  // Of checks over partitions among these: where the latest evaluation did not pass.
  std::vector<std::pair<std::string, PartitionSubset>> failed_check_partitions;
  bool unneeded = false;
  Micros made = 0;                            // 0 = never
  Micros consumed = 0;                        // when a run last read it; 0 = never
  std::optional<PartitionStatus> partitions;  // nothing: not partitioned
  plan::PartitionStaleness stale;             // of these
  // Whether what is kept follows from the code and inputs of now, and nothing is missing.
  bool is_fresh() const {
    return word == "fresh" || word == "check failed" || word == "unneeded" || word == "source";
  }
};

// The answer for a selection of assets. Borrows the graph.
class Status {
 public:
  // `home` null: nothing was ever made.
  static Result<Status> read(Home* home, const plan::AssetGraph& graph,
                             const std::vector<plan::NodeId>& selected,
                             const StatusOptions& options);

  const std::vector<AssetReport>& assets() const { return assets_; }
  // By node, also of those that are not selected and have no partitions.
  const std::vector<plan::AssetStatus>& staleness() const { return statuses_; }

  // One sentence for each reason why it is not fresh, without full stops.
  std::vector<std::string> reasons(const AssetReport& asset) const;
  // The same as a tree, down to what has changed; each asset once.
  struct Branch {
    std::string text;
    std::vector<Branch> because;
  };
  std::vector<Branch> why(const AssetReport& asset) const;

  // {"assets": [{"asset", "status", "unneeded", "made", "consumed", "failed_checks", "reasons",
  // "partitions"}]}, as `treadle status --json` prints it; with `why` also {"why": [{"text",
  // "because"}]}.
  std::string json(bool why = false) const;

 private:
  explicit Status(const plan::AssetGraph& graph) : graph_(&graph) {}
  void branch(plan::NodeId node, int depth, std::vector<bool>& seen,
              std::vector<Branch>& into) const;

  const plan::AssetGraph* graph_;
  Micros now_ = 0;
  std::vector<plan::AssetStatus> statuses_;
  std::vector<AssetReport> assets_;
};

// "kind", "text", "upstream", "from", "to" of a reason, as fields of the object that is being written.
void write_reason_fields(JsonWriter& json, const plan::StaleReason& reason,
                         const plan::AssetGraph& graph);

}  // namespace treadle::app
