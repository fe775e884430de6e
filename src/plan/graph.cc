#include <treadle/plan/graph.h>

#include <queue>

namespace treadle::plan {
namespace {

// Parents before children, the smallest id first among those that are ready. Nodes on a cycle
// (find_problems names it) come last, in order of declaration.
std::vector<NodeId> sort_topologically(const std::vector<Node>& nodes) {
  std::vector<NodeId> order;
  order.reserve(nodes.size());
  bool declared_in_order = true;
  for (NodeId id = 0; id < nodes.size() && declared_in_order; ++id) {
    for (const NodeId parent : nodes[id].parents) declared_in_order &= parent < id;
  }
  if (declared_in_order) {
    for (NodeId id = 0; id < nodes.size(); ++id) order.push_back(id);
    return order;
  }
  std::vector<std::uint32_t> waiting(nodes.size());
  std::priority_queue<NodeId, std::vector<NodeId>, std::greater<>> ready;
  for (NodeId id = 0; id < nodes.size(); ++id) {
    waiting[id] = static_cast<std::uint32_t>(nodes[id].parents.size());
    if (waiting[id] == 0) ready.push(id);
  }
  while (!ready.empty()) {
    const NodeId id = ready.top();
    ready.pop();
    order.push_back(id);
    for (const NodeId child : nodes[id].children) {
      if (--waiting[child] == 0) ready.push(child);
    }
  }
  for (NodeId id = 0; id < nodes.size() && order.size() < nodes.size(); ++id) {
    if (waiting[id] != 0) order.push_back(id);
  }
  return order;
}

}  // namespace

AssetGraph::AssetGraph(const Definitions& definitions) : definitions_(definitions) {
  std::size_t made = 0;
  for (const StepDef& step : definitions.steps) made += step.outputs.size();
  const std::size_t expected = definitions.sources.size() + made;
  by_key_.reserve(expected + expected / 8);
  nodes_.reserve(expected);

  const auto add = [this](const AssetInfo& info) -> Node& {
    by_key_[info.key.text()] = static_cast<NodeId>(nodes_.size());
    nodes_.emplace_back().info = &info;
    return nodes_.back();
  };
  for (const SourceAssetDef& source : definitions.sources) {
    if (find(source.asset.key) == kNoNode) add(source.asset).source = &source;
  }
  // Known before any input is looked at, so that a consumer may be declared before its producer.
  for (const StepDef& step : definitions.steps) {
    for (const OutputDef& output : step.outputs) {
      if (!output.asset.key.empty()) by_key_.try_emplace(output.asset.key.text(), kNoNode);
    }
  }
  for (const StepDef& step : definitions.steps) {
    for (const InputDef& input : step.inputs) {
      if (input.asset.empty() || by_key_.contains(input.asset.text())) continue;
      implied_.push_back(std::make_unique<AssetInfo>());
      implied_.back()->key = input.asset;
      add(*implied_.back());
    }
    for (std::uint32_t i = 0; i < step.outputs.size(); ++i) {
      const AssetInfo& info = step.outputs[i].asset;
      // Of two assets with one key (a problem that find_problems reports) the first is kept.
      if (info.key.empty() || find(info.key) != kNoNode) continue;
      Node& node = add(info);
      node.step = &step;
      node.output = i;
    }
  }

  std::vector<NodeId> last_child(nodes_.size(), kNoNode);
  const auto connect = [&](NodeId parent, NodeId child) {
    if (parent == kNoNode || parent == child || last_child[parent] == child) return;
    last_child[parent] = child;
    nodes_[child].parents.push_back(parent);
    nodes_[parent].children.push_back(child);
  };
  std::vector<NodeId> inputs;
  const StepDef* inputs_of = nullptr;
  for (NodeId id = 0; id < nodes_.size(); ++id) {
    const StepDef* step = nodes_[id].step;
    if (!step) continue;
    if (const auto& follows = step->outputs[nodes_[id].output].follows_from) {
      for (const AssetKey& key : *follows) connect(find(key), id);
      continue;
    }
    if (inputs_of != step) {
      inputs_of = step;
      inputs.clear();
      for (const InputDef& input : step->inputs) inputs.push_back(find(input.asset));
    }
    for (const NodeId parent : inputs) connect(parent, id);
  }
  order_ = sort_topologically(nodes_);
}

NodeId AssetGraph::find(const AssetKey& key) const {
  const auto found = by_key_.find(key.text());
  return found == by_key_.end() ? kNoNode : found->second;
}

}  // namespace treadle::plan
