// The asset graph: definitions indexed so that questions about them take time proportional to the
// answer. Pure; immutable once built; borrows the Definitions, which must outlive it and not
// change.
#pragma once

#include <treadle/define/definitions.h>

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace treadle::plan {

using NodeId = std::uint32_t;  // index of an asset in the graph
inline constexpr NodeId kNoNode = ~NodeId{0};

struct Node {
  const AssetInfo* info = nullptr;
  const StepDef* step = nullptr;           // null: a source asset
  std::uint32_t output = 0;                // index into step->outputs
  const SourceAssetDef* source = nullptr;  // null: made by `step`
  std::vector<NodeId>
      parents;  // in order of declaration, each once; of this output only (OutputDef::follows_from)
  std::vector<NodeId> children;  // in order of declaration, each once
};

class AssetGraph {
 public:
  // An asset that is only named as a dependency becomes a source node without SourceAssetDef (info
  // owned by the graph), as in Dagster.
  explicit AssetGraph(const Definitions& definitions);
  AssetGraph(const AssetGraph&) = delete;

  const Definitions& definitions() const { return definitions_; }
  std::span<const Node> nodes() const { return nodes_; }
  const Node& node(NodeId id) const { return nodes_[id]; }
  // kNoNode when there is none.
  NodeId find(const AssetKey& key) const;
  // Parents before children; ties in order of declaration.
  const std::vector<NodeId>& topological_order() const { return order_; }

 private:
  const Definitions& definitions_;
  std::vector<Node> nodes_;
  std::vector<std::unique_ptr<AssetInfo>> implied_;
  std::unordered_map<std::string_view, NodeId> by_key_;
  std::vector<NodeId> order_;
};

}  // namespace treadle::plan
