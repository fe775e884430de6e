// Wiring ops together, in graphs and jobs.
//
//   defs.job("all", [&](td::Compose& c) {
//     auto doubled = c(chunks).map([&](td::Node<int> n) { return c(twice, n); });
//     c(total, doubled.collect());
//   });
//
// Using an op adds a node and gives handles of its outputs; wiring one to an input of another type does not compile. An input takes
// the output of a node, a value, an asset, and, when it is a std::vector<T>, also a list of outputs (fan-in) or all values of a
// dynamic one. Further arguments, of type td::Node<void>, only order. What the names alone tell is checked when the job is used.
#pragma once

#include <treadle/cpp/op.h>

#include <concepts>
#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

namespace treadle {

// What is said of one use of an op or a graph.
struct NodeOptions {
  std::string alias = {};  // its name; "" = the op's, then twice_2, twice_3, ...
  Tags tags = {};
  std::vector<Hook> hooks = {};
  std::optional<RetryPolicy> retry_policy = {};
};

// Only order: a handle without its value.
template <class T>
Node<void> after(const Node<T>& node) {
  return {node.from};
}

// Nothing is wired to this input: it has the value of its td::In, or the one that the run's configuration says:
//   {"ops": {"add": {"inputs": {"a": 3}}}}
struct Unwired {};
inline constexpr Unwired unwired;  // NOLINT(readability-identifier-naming)

struct GraphOptions {
  std::string name = {};
  std::string description = {};
  std::vector<std::string> inputs = {};  // their names; "" = in1, in2, ...
  std::vector<std::string> outputs =
      {};  // their names; "" = out1, out2, ...; of a single one "result"
  Tags tags = {};
  // What a run says of the graph instead of its nodes: td::config_mapping.
  std::shared_ptr<const ConfigMapping> config_mapping = {};
  std::source_location where = std::source_location::current();
};

class Compose;

namespace cpp {

// One argument of a use, as it goes into the graph.
struct Argument {
  Dependency::Kind kind = Dependency::Kind::kDirect;
  std::vector<NodeOutput> from = {};
  AssetKey asset = {};
  std::optional<Value> value = {};
  bool order_only = false;
  bool unwired = false;
};

// How an input of type T takes what is given.
template <class T>
Argument argument_for(const Node<T>& node) {
  return {.from = {node.from}};
}
template <class T>
Argument argument_for(const Asset<T>& asset) {
  return {.kind = Dependency::Kind::kAsset, .asset = asset.key()};
}
template <class T>
  requires is_vector<T>
Argument argument_for(const std::vector<Node<typename T::value_type>>& nodes) {
  Argument argument{.kind = Dependency::Kind::kFanIn};
  for (const auto& node : nodes) argument.from.push_back(node.from);
  return argument;
}
template <class T>
  requires is_vector<T>
Argument argument_for(const Collected<typename T::value_type>& collected) {
  return {.kind = Dependency::Kind::kCollect, .from = {collected.from}};
}
template <class T>
Argument argument_for(const T& value) {
  return {.value = Value::of(value)};
}
template <class T>
Argument argument_for(const Unwired&) {
  return {.unwired = true};
}
inline Argument order_of(const Node<void>& node) {
  return {.from = {node.from}, .order_only = true};
}

// The input of type T of an op is given a G. Named so that the compiler's notes read as the explanation.
template <class T, class G>
struct InputOfType {
  static constexpr bool kIsGivenAHandleOfItsType =
      requires(const G& given) { argument_for<T>(given); };
  static_assert(kIsGivenAHandleOfItsType,
                "treadle: an input of this op has another type than what is given to it: it takes "
                "a td::Node or a value of its type, a td::Asset, and a std::vector also a list of "
                "td::Nodes or what collect() gives. Call map() on a dynamic output first.");
};

// Gives the handles of a node's outputs.
template <class Used>
struct Handles;
template <class T>
struct Handles<Node<T>> {
  static Node<T> of(const std::string& node, const std::vector<std::string>& outputs) {
    return {{node, outputs.empty() ? "result" : outputs[0]}};
  }
};
template <class T>
struct Handles<Mapped<T>> {
  static Mapped<T> of(const std::string& node, const std::vector<std::string>& outputs) {
    return {{node, outputs[0]}};
  }
};
template <class... H>
struct Handles<std::tuple<H...>> {
  static std::tuple<H...> of(const std::string& node, const std::vector<std::string>& outputs) {
    std::size_t next = 0;
    return std::tuple<H...>{H{{node, outputs[next++]}}...};
  }
};

}  // namespace cpp

// The graph that is being composed. Lives during the call of the composing function.
class Compose {
 public:
  explicit Compose(GraphDef& graph) : graph_(graph) {}
  Compose(const Compose&) = delete;

  // Uses an op or a graph.
  template <class Used, class... In, class... Given>
  Used operator()(const Op<Used, In...>& op, const Given&... given) {
    return use({}, op, given...);
  }
  // The same under a name of its own, or with more options.
  template <class Used, class... In, class... Given>
  Used operator()(NodeOptions options, const Op<Used, In...>& op, const Given&... given) {
    return use(std::move(options), op, given...);
  }
  template <class Used, class... In, class... Given>
  Used operator()(std::string alias, const Op<Used, In...>& op, const Given&... given) {
    return use({.alias = std::move(alias)}, op, given...);
  }

 private:
  template <class Used, class... In, class... Given>
  Used use(NodeOptions options, const Op<Used, In...>& op, const Given&... given) {
    static_assert(sizeof...(Given) >= sizeof...(In),
                  "treadle: this op has more inputs than are given to it");
    std::vector<cpp::Argument> arguments;
    arguments.reserve(sizeof...(Given));
    add<In...>(arguments, given...);
    const Placed placed = place(op.op(), op.graph(), std::move(options), std::move(arguments));
    return cpp::Handles<Used>::of(placed.name, placed.outputs);
  }
  template <class T, class... Rest, class G, class... More>
  static void add(std::vector<cpp::Argument>& arguments, const G& given, const More&... more) {
    if constexpr (cpp::InputOfType<T, G>::kIsGivenAHandleOfItsType) {
      arguments.push_back(cpp::argument_for<T>(given));
    }
    add<Rest...>(arguments, more...);
  }
  template <class... None, class... More>
    requires(sizeof...(None) == 0)
  static void add(std::vector<cpp::Argument>& arguments, const More&... more) {
    static_assert((std::same_as<More, Node<void>> && ...),
                  "treadle: more is given than the op has inputs: what only orders is a "
                  "td::Node<void>, see td::after(node)");
    (arguments.push_back(cpp::order_of(more)), ...);
  }

  struct Placed {
    std::string name;
    std::vector<std::string> outputs;
  };
  Placed place(std::shared_ptr<const StepDef> op, std::shared_ptr<const GraphDef> inner,
               NodeOptions options, std::vector<cpp::Argument> arguments);

  GraphDef& graph_;
  std::map<std::string, int> uses_;  // by name of the op, without an alias
};

namespace cpp {

std::shared_ptr<GraphDef> new_graph(std::string name, std::source_location where);
std::shared_ptr<GraphDef> new_graph(const GraphOptions& options);
void add_graph_input(GraphDef& graph, bool nothing, const GraphOptions& options);
void add_graph_output(GraphDef& graph, NodeOutput from, bool several, const GraphOptions& options);

// What a composing function takes after the td::Compose&, and returns.
template <class Params>
struct GraphInputs {
  static_assert(sizeof(Params) == 0,
                "treadle: the function of a graph takes a td::Compose&, then a td::Node<T> for "
                "each input");
};
template <class T>
inline constexpr bool is_node = false;
template <class T>
inline constexpr bool is_node<Node<T>> = true;
template <class... T>
struct GraphInputs<Types<Compose&, T...>> {
  static_assert((is_node<std::remove_cvref_t<T>> && ...),
                "treadle: after the td::Compose& the function of a graph takes a td::Node<T> for "
                "each input");
  template <class N>
  struct InputOf;
  template <class U>
  struct InputOf<Node<U>> {
    using type = U;
  };
  template <class Used>
  using OpOf = Op<Used, typename InputOf<std::remove_cvref_t<T>>::type...>;
  template <class F>
  static auto call(F& compose, GraphDef& graph, const GraphOptions& options) {
    (add_graph_input(graph, std::same_as<std::remove_cvref_t<T>, Node<void>>, options), ...);
    Compose c(graph);
    [[maybe_unused]] std::size_t next = 0;
    // Braces: from left to right.
    std::tuple<Compose&, std::remove_cvref_t<T>...> given{
        c, std::remove_cvref_t<T>{{"", graph.inputs[next++].name}}...};
    return std::apply([&](auto&... each) { return compose(each...); }, given);
  }
};

template <class T>
void add_outputs(GraphDef&, const T&, const GraphOptions&) {
  static_assert(sizeof(T) == 0,
                "treadle: the function of a graph returns the td::Node of its output, or a "
                "std::tuple of several");
}
template <class T>
void add_outputs(GraphDef& graph, const Node<T>& node, const GraphOptions& options) {
  add_graph_output(graph, node.from, false, options);
}
template <class T>
void add_outputs(GraphDef& graph, const Mapped<T>& mapped, const GraphOptions& options) {
  add_graph_output(graph, mapped.from, false, options);
}
template <class... H>
void add_outputs(GraphDef& graph, const std::tuple<H...>& handles, const GraphOptions& options) {
  std::apply([&](const auto&... each) { (add_graph_output(graph, each.from, true, options), ...); },
             handles);
}

}  // namespace cpp

// A graph: ops wired together, to be used like one op. The function takes the td::Compose& and a td::Node for each input, and
// returns the handle of its output, or a std::tuple of several.
template <class F>
auto graph(GraphOptions options, F compose) {
  using Inputs = cpp::GraphInputs<typename cpp::Signature<F>::Params>;
  using Result = std::remove_cvref_t<typename cpp::Signature<F>::Result>;
  auto made = cpp::new_graph(options);
  if constexpr (std::is_void_v<Result>) {
    Inputs::call(compose, *made, options);
    return typename Inputs::template OpOf<std::tuple<>>(nullptr, std::move(made));
  } else {
    cpp::add_outputs(*made, Inputs::call(compose, *made, options), options);
    return typename Inputs::template OpOf<Result>(nullptr, std::move(made));
  }
}
template <class F>
auto graph(std::string name, F compose,
           std::source_location where = std::source_location::current()) {
  return graph(GraphOptions{.name = std::move(name), .where = where}, std::move(compose));
}

}  // namespace treadle
