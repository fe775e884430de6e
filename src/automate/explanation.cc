// Explanations for people and for programs.
#include <treadle/automate/evaluate.h>
#include <treadle/base/json.h>

namespace treadle::automate {
namespace {

void write_text(const Explanation& node, const Entities& entities, std::string indent, bool last,
                bool root, std::string& out) {
  const bool holds = !node.holds.is_none();
  if (!root) out += indent + (last ? "└─ " : "├─ ");
  out += holds ? "✓ " : "✗ ";
  const auto& label = node.condition.node().label;
  out += label ? *label : node.condition.name();
  const Entity& entity = entities[node.entity];
  if (holds && entity.partitions)
    out += "  " + entity.partitions->text(node.holds.subset(entity.size), 3);
  for (const auto& [name, value] : node.metadata)
    if (name.ends_with("_timestamp"))
      out += "  " + name.substr(0, name.size() - 10) + " " + value.substr(0, 19) + "Z";
  out += '\n';
  if (!root) indent += last ? "   " : "│  ";
  for (std::size_t i = 0; i < node.children.size(); ++i)
    write_text(node.children[i], entities, indent, i + 1 == node.children.size(), false, out);
}

void write_slice(JsonWriter& w, std::string_view name, const Slice& slice, const Entity& entity) {
  w.key(name);
  if (!entity.partitions) {
    w.value(!slice.is_none());
    return;
  }
  w.begin_object().field("count", slice.count(entity.size));
  w.field("partitions", entity.partitions->text(slice.subset(entity.size), 100)).end_object();
}

void write_json(const Explanation& node, const Entities& entities, JsonWriter& w) {
  const Entity& entity = entities[node.entity];
  w.begin_object().field("name", node.condition.name());
  if (node.condition.node().label) w.field("label", *node.condition.node().label);
  w.field("operator", node.condition.operator_type()).field("entity", entity.key);
  write_slice(w, "true", node.holds, entity);
  write_slice(w, "candidates", node.candidates, entity);
  if (!node.metadata.empty()) {
    w.key("metadata").begin_object();
    for (const auto& [name, value] : node.metadata) w.field(name, value);
    w.end_object();
  }
  w.key("children").begin_array();
  for (const Explanation& child : node.children) write_json(child, entities, w);
  w.end_array().end_object();
}

}  // namespace

std::string Explanation::text(const Entities& entities) const {
  std::string out;
  write_text(*this, entities, "", true, true, out);
  return out;
}

std::string Explanation::to_json(const Entities& entities) const {
  JsonWriter w;
  write_json(*this, entities, w);
  return std::move(w).str();
}

}  // namespace treadle::automate
