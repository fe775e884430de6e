// Which assets of a graph an expression means.
#include "selection_lexer.h"
#include <treadle/base/suggest.h>
#include <treadle/plan/plan.h>

#include <algorithm>
#include <set>
#include <utility>

namespace treadle::plan {
namespace {

using Expr = Selection::Expr;
using Kind = Expr::Kind;
using Set = std::vector<char>;  // by node

constexpr std::string_view kKindTag = "dagster/kind/";

bool any_of(const std::vector<std::string>& values, const Expr& expr) {
  if (expr.null) return values.empty();
  return std::any_of(values.begin(), values.end(),
                     [&](const std::string& v) { return expr.pattern.matches(v); });
}

bool has_tag(const AssetInfo& info, const Expr& expr) {
  if (expr.null) return info.tags.empty();
  for (const auto& [name, value] : info.tags) {
    if (!expr.pattern.matches(name)) continue;
    if (expr.tag_value ? expr.tag_value->matches(value) : value.empty()) return true;
  }
  // Kinds are tags too, as in Dagster.
  if (expr.tag_value && !expr.tag_value->blank()) return false;
  return std::any_of(info.kinds.begin(), info.kinds.end(), [&](const std::string& kind) {
    return expr.pattern.matches(std::string(kKindTag) + kind);
  });
}

class Evaluation {
 public:
  explicit Evaluation(const AssetGraph& graph) : graph_(graph), nodes_(graph.nodes()) {}

  // Adds what the expression means to `out`. The problem is kept rather than returned: the first one counts.
  void add(const Expr& expr, Set& out) {
    switch (expr.kind) {
      case Kind::kAll:
        return add_where(expr, out, [&](const Node& node) { return meant(node); });
      case Kind::kMaterializable:
        return add_where(expr, out, [](const Node& node) { return node.step != nullptr; });
      case Kind::kExternal:
        return add_where(expr, out, [](const Node& node) { return node.step == nullptr; });
      case Kind::kKey:
        return add_keys(expr, out);
      case Kind::kKeyPrefix:
        return add_where(expr, out, [&](const Node& node) {
          const std::string_view key = node.info->key.text();
          const std::string& prefix = expr.pattern.pieces[0];
          return meant(node) && key.starts_with(prefix) &&
                 (key.size() == prefix.size() || key[prefix.size()] == '/');
        });
      case Kind::kGroup:
        return add_where(expr, out, [&](const Node& node) {
          return meant(node) && !expr.null && expr.pattern.matches(node.info->group);
        });
      case Kind::kKind:
        return add_where(expr, out, [&](const Node& node) {
          return meant(node) && any_of(node.info->kinds, expr);
        });
      case Kind::kTag:
        return add_where(
            expr, out, [&](const Node& node) { return meant(node) && has_tag(*node.info, expr); });
      case Kind::kOwner:
        return add_where(expr, out,
                         [&](const Node& node) { return any_of(node.info->owners, expr); });
      case Kind::kAround:
        return add_around(expr, out);
      case Kind::kSinks:
        return add_ends(of(*expr.children[0]), out, &Node::children, true);
      case Kind::kRoots:
        return add_ends(of(*expr.children[0]), out, &Node::parents, false);
      case Kind::kWithExternal: {
        const bool before = std::exchange(with_external_, true);
        add(*expr.children[0], out);
        with_external_ = before;
        return;
      }
      case Kind::kUpstreamExternal: {
        const Set found = reach(of(*expr.children[0]), Expr::kEverything, &Node::parents);
        for (std::size_t i = 0; i < out.size(); ++i) out[i] |= found[i] && !nodes_[i].step;
        return;
      }
      case Kind::kNeighbors: {
        const Set inner = of(*expr.children[0]);
        std::vector<NodeId> some;
        for (NodeId id = 0; id < inner.size(); ++id) {
          if (inner[id]) some.push_back(id);
        }
        for (const NodeId id : complete_steps(graph_, some)) out[id] = 1;
        return;
      }
      case Kind::kNot:
        return add_difference({}, {expr.children[0].get()}, out);
      case Kind::kAnd: {
        std::vector<const Expr*> wanted, unwanted;
        for (const ExprPtr& child : expr.children) {
          if (child->kind == Kind::kNot) {
            unwanted.push_back(child->children[0].get());
          } else {
            wanted.push_back(child.get());
          }
        }
        return add_difference(wanted, unwanted, out);
      }
      case Kind::kOr:
        for (const ExprPtr& child : expr.children) add(*child, out);
        return;
    }
  }

  Set of(const Expr& expr) {
    Set set(nodes_.size());
    add(expr, set);
    return set;
  }

  std::vector<AssetKey> unknown;      // keys that name no asset
  const Expr* first_empty = nullptr;  // the first attribute that matches nothing

 private:
  // What '*' and attributes select from.
  bool meant(const Node& node) const { return node.step != nullptr || with_external_; }

  template <class Test>
  void add_where(const Expr& expr, Set& out, Test test) {
    bool any = false;
    for (std::size_t i = 0; i < nodes_.size(); ++i) {
      if (!test(nodes_[i])) continue;
      any = true;
      out[i] = 1;
    }
    if (!any && !first_empty) first_empty = &expr;
  }

  void add_keys(const Expr& expr, Set& out) {
    if (!expr.pattern.exact()) {
      return add_where(
          expr, out, [&](const Node& node) { return expr.pattern.matches(node.info->key.text()); });
    }
    const AssetKey key(expr.pattern.pieces[0]);
    if (const NodeId id = graph_.find(key); id != kNoNode) {
      out[id] = 1;
    } else {
      unknown.push_back(key);
    }
  }

  // What all of `wanted` mean (none: everything that can be materialized) without what any of `unwanted` means.
  void add_difference(const std::vector<const Expr*>& wanted,
                      const std::vector<const Expr*>& unwanted, Set& out) {
    Set set = of(wanted.empty() ? all_ : *wanted[0]);
    for (std::size_t w = 1; w < wanted.size(); ++w) {
      const Set other = of(*wanted[w]);
      for (std::size_t i = 0; i < set.size(); ++i) set[i] &= other[i];
    }
    for (const Expr* expr : unwanted) {
      const Set other = of(*expr);
      for (std::size_t i = 0; i < set.size(); ++i) set[i] &= static_cast<char>(1 - other[i]);
    }
    for (std::size_t i = 0; i < set.size(); ++i) out[i] |= set[i];
  }

  void add_around(const Expr& expr, Set& out) {
    const Set start = of(*expr.children[0]);
    if (expr.up) {
      const Set found = reach(start, *expr.up, &Node::parents);
      // As in Dagster, going up ends at what can be materialized.
      for (std::size_t i = 0; i < out.size(); ++i) {
        if (nodes_[i].step) out[i] |= found[i];
      }
    }
    if (expr.down) {
      const Set found = reach(start, *expr.down, &Node::children);
      for (std::size_t i = 0; i < out.size(); ++i) out[i] |= found[i];
    }
  }

  Set reach(const Set& start, int depth, std::vector<NodeId> Node::* next) const {
    Set reached = start;
    std::vector<NodeId> level, following;
    for (NodeId id = 0; id < start.size(); ++id) {
      if (start[id]) level.push_back(id);
    }
    for (int d = 0; d != depth && !level.empty(); ++d) {
      following.clear();
      for (const NodeId id : level) {
        for (const NodeId neighbour : nodes_[id].*next) {
          if (reached[neighbour]) continue;
          reached[neighbour] = 1;
          following.push_back(neighbour);
        }
      }
      std::swap(level, following);
    }
    return reached;
  }

  // The members from which no other member can be reached, on however long a way outside of the set.
  void add_ends(const Set& set, Set& out, std::vector<NodeId> Node::* next, bool from_the_end) {
    Set leads_to_member(set.size());
    const std::vector<NodeId>& order = graph_.topological_order();
    for (std::size_t i = 0; i < order.size(); ++i) {
      const NodeId id = order[from_the_end ? order.size() - 1 - i : i];
      for (const NodeId neighbour : nodes_[id].*next) {
        leads_to_member[id] |= set[neighbour] | leads_to_member[neighbour];
      }
      if (set[id] && !leads_to_member[id]) out[id] = 1;
    }
  }

  const AssetGraph& graph_;
  std::span<const Node> nodes_;
  const Expr all_;
  bool with_external_ = false;
};

Error unknown_keys(const std::vector<AssetKey>& unknown, const AssetGraph& graph) {
  std::vector<std::string> names;
  for (const Node& node : graph.nodes()) names.push_back(node.info->key.text());
  std::string message;
  for (std::size_t i = 0; i < unknown.size(); ++i) {
    if (!message.empty()) message += ' ';
    if (i == 5) {
      message += "So it is with " + std::to_string(unknown.size() - i) + " more.";
      break;
    }
    message += "There is no asset '" + shown(unknown[i].text()) + "'." +
               did_you_mean(unknown[i].text(), names);
  }
  return {Errc::kNotFound, message};
}

// What the graph has of the attribute, for a near name.
std::vector<std::string> values_of(Kind kind, const AssetGraph& graph) {
  std::set<std::string> values;
  for (const Node& node : graph.nodes()) {
    if (kind == Kind::kGroup && node.step) values.insert(node.info->group);
    if (kind == Kind::kKind) values.insert(node.info->kinds.begin(), node.info->kinds.end());
    if (kind == Kind::kOwner) values.insert(node.info->owners.begin(), node.info->owners.end());
    if (kind == Kind::kTag) {
      for (const auto& [name, value] : node.info->tags) {
        values.insert(value.empty() ? name : name + "=" + value);
      }
    }
  }
  return {values.begin(), values.end()};
}

Error nothing_selected(const Selection& selection, const Expr* first_empty,
                       const AssetGraph& graph) {
  std::string message = "Selection '" + shown(selection.text()) + "' selects no asset.";
  if (first_empty && !first_empty->null) {
    const Expr& expr = *first_empty;
    const std::vector<std::string> values = values_of(expr.kind, graph);
    std::string given = expr.pattern.pieces[0];
    if (expr.tag_value) given += "=" + expr.tag_value->pieces[0];
    if (expr.pattern.exact()) message += did_you_mean(given, values);
    if (!values.empty() && values.size() <= 8) {
      message += " There is:";
      for (std::size_t i = 0; i < values.size(); ++i) {
        message += (i == 0 ? " '" : ", '") + values[i] + "'";
      }
      message += ".";
    }
  }
  return {Errc::kNotFound, message};
}

}  // namespace

Result<std::vector<NodeId>> select(const Selection& selection, const AssetGraph& graph,
                                   bool allow_empty, bool allow_missing) {
  Evaluation evaluation(graph);
  const Set set = evaluation.of(selection.expr());
  if (!evaluation.unknown.empty() && !allow_missing)
    return fail(unknown_keys(evaluation.unknown, graph));
  std::vector<NodeId> selected;
  for (const NodeId id : graph.topological_order()) {
    if (set[id]) selected.push_back(id);
  }
  if (selected.empty() && !allow_empty) {
    return fail(nothing_selected(selection, evaluation.first_empty, graph));
  }
  return selected;
}

}  // namespace treadle::plan
