// Random expressions over random graphs against the plainest model: sets of assets, and reachability by trying every way.
#include "graph_of.h"
#include <treadle/plan/selection.h>

#include <gtest/gtest.h>

#include <functional>
#include <random>
#include <set>

namespace treadle::plan {
namespace {

using Ids = std::set<NodeId>;
using Random = std::mt19937;

int pick(Random& random, int below) {
  return std::uniform_int_distribution<int>(0, below - 1)(random);
}

Definitions random_definitions(Random& random) {
  Definitions d;
  const int assets = 1 + pick(random, 14);
  const int sources = pick(random, 3);
  for (int i = 0; i < sources; ++i) {
    SourceAssetDef source;
    source.asset.key = "s" + std::to_string(i);
    source.asset.group = "g" + std::to_string(pick(random, 3));
    d.sources.push_back(source);
  }
  for (int i = 0; i < assets; ++i) {
    std::vector<std::string> deps;
    for (int s = 0; s < sources; ++s) {
      if (pick(random, 5) == 0) deps.push_back("s" + std::to_string(s));
    }
    for (int a = 0; a < i; ++a) {
      if (pick(random, 3) == 0) deps.push_back("a" + std::to_string(a));
    }
    StepDef step = step_of({"a" + std::to_string(i)}, deps);
    AssetInfo& info = step.outputs[0].asset;
    info.group = "g" + std::to_string(pick(random, 3));
    if (pick(random, 2)) info.kinds.push_back("k" + std::to_string(pick(random, 3)));
    if (pick(random, 3) == 0) info.tags = {{"t", "v" + std::to_string(pick(random, 2))}};
    d.steps.push_back(step);
  }
  std::shuffle(d.steps.begin(), d.steps.end(), random);
  return d;
}

// The whole of the model: what every construct means, said with sets.
struct Model {
  const AssetGraph& graph;

  Ids where(const std::function<bool(const Node&)>& test) const {
    Ids out;
    for (NodeId id = 0; id < graph.nodes().size(); ++id) {
      if (test(graph.node(id))) out.insert(id);
    }
    return out;
  }
  Ids made() const {
    return where([](const Node& n) { return n.step != nullptr; });
  }
  // Whether `to` follows from `from` on a way of 1 to `depth` edges.
  bool reaches(NodeId from, NodeId to, int depth) const {
    if (depth == 0) return false;
    for (const NodeId parent : graph.node(to).parents) {
      if (parent == from || reaches(from, parent, depth - 1)) return true;
    }
    return false;
  }
  Ids upstream(const Ids& of, int depth) const {
    return where([&, this](const Node& n) {
      const auto id = static_cast<NodeId>(&n - graph.nodes().data());
      if (!n.step) return false;
      return of.contains(id) ||
             std::any_of(of.begin(), of.end(), [&](NodeId to) { return reaches(id, to, depth); });
    });
  }
  Ids downstream(const Ids& of, int depth) const {
    return where([&, this](const Node& n) {
      const auto id = static_cast<NodeId>(&n - graph.nodes().data());
      return of.contains(id) || std::any_of(of.begin(), of.end(),
                                            [&](NodeId from) { return reaches(from, id, depth); });
    });
  }
  Ids ends(const Ids& of, bool sinks) const {
    Ids out;
    for (const NodeId id : of) {
      const bool inner = std::any_of(of.begin(), of.end(), [&](NodeId other) {
        return sinks ? reaches(id, other, 1000) : reaches(other, id, 1000);
      });
      if (!inner) out.insert(id);
    }
    return out;
  }
};

struct Case {
  std::string text;  // stands for itself as an operand of anything
  Ids ids;
};

class Generator {
 public:
  Generator(const AssetGraph& graph, Random& random) : model_{graph}, random_(random) {}

  Case any(int size) {
    if (size <= 0) return leaf();
    switch (pick(random_, 8)) {
      case 0: {
        const Case a = any(size / 2), b = any(size / 2);
        Case out{a.text + word(" or ", " OR ") + b.text, a.ids};
        out.ids.insert(b.ids.begin(), b.ids.end());
        return parenthesized(out);
      }
      case 1: {
        const Case a = any(size / 2), b = any(size / 2);
        Case out{"(" + a.text + ")" + word(" and ", " And ") + "(" + b.text + ")", {}};
        std::set_intersection(a.ids.begin(), a.ids.end(), b.ids.begin(), b.ids.end(),
                              std::inserter(out.ids, out.ids.end()));
        return parenthesized(out);
      }
      case 2: {
        const Case a = any(size / 2), b = leaf();
        Case out{a.text + " and " + word("not ", "NOT ") + b.text, {}};
        std::set_difference(a.ids.begin(), a.ids.end(), b.ids.begin(), b.ids.end(),
                            std::inserter(out.ids, out.ids.end()));
        return parenthesized(out);
      }
      case 3: {
        const Case a = leaf();
        const Ids made = model_.made();
        Case out{"not " + a.text, {}};
        std::set_difference(made.begin(), made.end(), a.ids.begin(), a.ids.end(),
                            std::inserter(out.ids, out.ids.end()));
        // Alternatives around it keep it from being taken away from something by an 'and' outside.
        return parenthesized({out.text + " or " + out.text, out.ids});
      }
      case 4:
      case 5:
        return parenthesized(around(any(size - 1)));
      case 6: {
        const Case a = any(size - 1);
        return {"sinks(" + a.text + ")", model_.ends(a.ids, true)};
      }
      default: {
        const Case a = any(size - 1);
        return {"roots( " + a.text + " )", model_.ends(a.ids, false)};
      }
    }
  }

 private:
  std::string word(const char* a, const char* b) { return pick(random_, 2) ? a : b; }
  static Case parenthesized(Case of) { return {"(" + of.text + ")", of.ids}; }

  Case around(const Case& of) {
    const int up = pick(random_, 5) - 1, down = pick(random_, 5) - 1;
    Case out{of.text, {}};
    const bool goes_up = pick(random_, 2), goes_down = !goes_up || pick(random_, 2);
    if (goes_up) {
      out.text = (up < 0 ? "" : std::to_string(up)) + "+" + out.text;
      out.ids = model_.upstream(of.ids, up < 0 ? 1000 : up);
    }
    if (goes_down) {
      out.text += "+" + (down < 0 ? "" : std::to_string(down));
      const Ids more = model_.downstream(of.ids, down < 0 ? 1000 : down);
      out.ids.insert(more.begin(), more.end());
    }
    return out;
  }

  Case leaf() {
    const auto digit = std::to_string(pick(random_, 3));
    switch (pick(random_, 6)) {
      case 0: {
        const auto nodes = model_.graph.nodes();
        const auto id = static_cast<NodeId>(pick(random_, static_cast<int>(nodes.size())));
        return {"key:\"" + nodes[id].info->key.text() + "\"", {id}};
      }
      case 1:
        return {"group:g" + digit, model_.where([&](const Node& n) {
                  return n.step && n.info->group == "g" + digit;
                })};
      case 2:
        return {"kind:k" + digit, model_.where([&](const Node& n) {
                  return n.step && n.info->kinds == std::vector<std::string>{"k" + digit};
                })};
      case 3:
        return {"tag:t=v" + digit, model_.where([&](const Node& n) {
                  return n.step && n.info->tags == Tags{{"t", "v" + digit}};
                })};
      case 4:
        return {"key:*" + digit,
                model_.where([&](const Node& n) { return n.info->key.text().ends_with(digit); })};
      default:
        return {"(*)", model_.made()};
    }
  }

  Model model_;
  Random& random_;
};

TEST(Selection, AgreesWithThePlainModelAndReadsBackItsOwnText) {
  Random random(20261121);
  int selected_something = 0;
  for (int round = 0; round < 3000; ++round) {
    const Definitions d = random_definitions(random);
    const AssetGraph g(d);
    const Case expected = Generator(g, random).any(1 + pick(random, 12));
    const auto selection = parse_selection(expected.text);
    ASSERT_TRUE(selection) << selection.error().message;
    const auto selected = select(*selection, g);
    ASSERT_TRUE(selected) << expected.text << ": " << selected.error().message;
    ASSERT_EQ(Ids(selected->begin(), selected->end()), expected.ids) << expected.text;
    ASSERT_EQ(selected->size(), expected.ids.size());
    selected_something += !selected->empty();

    const auto again = parse_selection(selection->text());
    ASSERT_TRUE(again) << selection->text() << ": " << again.error().message;
    ASSERT_TRUE(*again == *selection) << expected.text << " became " << selection->text();
  }
  EXPECT_GT(selected_something, 1000);
}

}  // namespace
}  // namespace treadle::plan
