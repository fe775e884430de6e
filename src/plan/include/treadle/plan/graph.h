// The asset graph: definitions indexed so that questions about them take time proportional to the
// answer. Pure; immutable once built; borrows the Definitions, which must outlive it and not
// change.
#pragma once

#include <treadle/define/definitions.h>
#include <treadle/define/name_table.h>

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace treadle::plan {

using NodeId = std::uint32_t;  // index of an asset in the graph
inline constexpr NodeId kNoNode = ~NodeId{0};

struct Node {
  const AssetInfo* info = nullptr;
  const StepDef* step = nullptr;           // null: a source asset
  std::uint32_t output = 0;                // index into step->outputs
  const SourceAssetDef* source = nullptr;  // null: made by `step`
  const StepDef* observer = nullptr;       // of a source asset: the step that looks at it, if any
  std::vector<NodeId>
      parents;  // in order of declaration, each once; of this output only (OutputDef::follows_from)
  std::vector<NodeId> children;  // in order of declaration, each once
};

static_assert(kNoNode == NameTable::kNone);

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
  NodeId find(const AssetKey& key) const { return by_key_.find(key.text()); }
  // The assets that a step of these definitions reads or follows, parallel to StepDef::inputs.
  std::span<const NodeId> inputs(const StepDef& step) const {
    const std::size_t index = &step - definitions_.steps.data();
    return std::span(inputs_).subspan(first_input_[index], step.inputs.size());
  }
  // Parents before children; sources that follow from nothing first, else ties in order of declaration.
  const std::vector<NodeId>& topological_order() const { return order_; }

 private:
  void connect();

  const Definitions& definitions_;
  std::vector<Node> nodes_;
  std::vector<std::unique_ptr<AssetInfo>> implied_;
  NameTable by_key_;
  std::vector<NodeId> inputs_;            // of all steps
  std::vector<std::size_t> first_input_;  // by step
  std::vector<NodeId> order_;
};

}  // namespace treadle::plan
