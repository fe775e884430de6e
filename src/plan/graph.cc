#include <treadle/plan/graph.h>

#include <queue>

namespace treadle::plan {
namespace {

// Parents before children: first the sources without parents, which are among the nodes from `made` on, then the others, the
// smallest id first among those that are ready. Nodes on a cycle (find_problems names it) come last, in order of declaration.
std::vector<NodeId> sort_topologically(const std::vector<Node>& nodes, std::size_t made) {
  std::vector<NodeId> order;
  order.reserve(nodes.size());
  const auto is_first = [&](NodeId id) { return id >= made && nodes[id].parents.empty(); };
  for (std::size_t id = made; id < nodes.size(); ++id) {
    if (is_first(static_cast<NodeId>(id))) order.push_back(static_cast<NodeId>(id));
  }
  bool declared_in_order = true;
  for (NodeId id = 0; id < nodes.size() && declared_in_order; ++id) {
    for (const NodeId parent : nodes[id].parents)
      declared_in_order &= parent < id || is_first(parent);
  }
  if (declared_in_order) {
    for (NodeId id = 0; id < nodes.size(); ++id) {
      if (!is_first(id)) order.push_back(id);
    }
    return order;
  }
  std::vector<std::uint32_t> waiting(nodes.size());
  std::priority_queue<NodeId, std::vector<NodeId>, std::greater<>> ready;
  for (NodeId id = 0; id < nodes.size(); ++id) {
    for (const NodeId parent : nodes[id].parents) waiting[id] += !is_first(parent);
    if (waiting[id] == 0 && !is_first(id)) ready.push(id);
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
  const std::vector<StepDef>& steps = definitions.steps;
  std::size_t made = 0, inputs = 0;
  for (const StepDef& step : steps) {
    made += step.outputs.size();
    inputs += step.inputs.size();
  }
  by_key_ = NameTable(definitions.sources.size() + made);

  const auto add = [this](const AssetInfo& info) -> Node* {
    const auto id = static_cast<NodeId>(nodes_.size());
    if (info.key.empty() || by_key_.add(info.key.text(), id) != id) return nullptr;
    nodes_.emplace_back().info = &info;
    return &nodes_.back();
  };
  nodes_.reserve(definitions.sources.size() + made);
  for (const StepDef& step : steps) {
    for (std::uint32_t i = 0; i < step.outputs.size(); ++i) {
      if (Node* node = add(step.outputs[i].asset)) {
        node->step = &step;
        node->output = i;
      }
    }
  }
  const std::size_t made_nodes = nodes_.size();
  for (const SourceAssetDef& source : definitions.sources) {
    if (Node* node = add(source.asset)) node->source = &source;
  }
  const auto imply = [&](const AssetKey& key) {
    implied_.push_back(std::make_unique<AssetInfo>());
    implied_.back()->key = key;
    const auto id = static_cast<NodeId>(nodes_.size());
    add(*implied_.back());
    return id;
  };
  for (const SourceAssetDef& source : definitions.sources) {
    for (const AssetKey& dep : source.deps) {
      if (find(dep) == kNoNode) imply(dep);
    }
  }
  for (const StepDef& step : steps) {
    for (const AssetKey& key : step.observes) {
      if (const NodeId id = find(key); id != kNoNode) nodes_[id].observer = &step;
    }
  }
  inputs_.reserve(inputs);
  first_input_.reserve(steps.size());
  for (const StepDef& step : steps) {
    first_input_.push_back(inputs_.size());
    for (const InputDef& input : step.inputs) {
      NodeId id = find(input.asset);
      if (id == kNoNode && !input.asset.empty()) id = imply(input.asset);
      inputs_.push_back(id);
    }
  }
  connect();
  order_ = sort_topologically(nodes_, made_nodes);
}

void AssetGraph::connect() {
  std::vector<NodeId> last_child(nodes_.size(), kNoNode);
  std::vector<std::uint32_t> children(nodes_.size());
  const auto add_parent = [&](NodeId parent, NodeId child) {
    if (parent == kNoNode || parent == child || last_child[parent] == child) return;
    last_child[parent] = child;
    ++children[parent];
    nodes_[child].parents.push_back(parent);
  };
  for (NodeId id = 0; id < nodes_.size(); ++id) {
    Node& node = nodes_[id];
    if (node.source) {
      for (const AssetKey& key : node.source->deps) add_parent(find(key), id);
    }
    if (!node.step) continue;
    if (const auto& follows = node.step->outputs[node.output].follows_from) {
      for (const AssetKey& key : *follows) add_parent(find(key), id);
      continue;
    }
    const std::span<const NodeId> parents = inputs(*node.step);
    node.parents.reserve(parents.size());
    for (const NodeId parent : parents) add_parent(parent, id);
  }
  for (NodeId id = 0; id < nodes_.size(); ++id) nodes_[id].children.reserve(children[id]);
  for (NodeId id = 0; id < nodes_.size(); ++id) {
    for (const NodeId parent : nodes_[id].parents) nodes_[parent].children.push_back(id);
  }
}

}  // namespace treadle::plan
