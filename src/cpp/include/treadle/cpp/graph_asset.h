// Assets made by graphs of ops: what a graph takes and gives, as assets and checks. Defs::graph_asset is the way in.
#pragma once

#include <treadle/cpp/body.h>
#include <treadle/cpp/compose.h>
#include <treadle/define/graph.h>

#include <cstddef>
#include <memory>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

namespace treadle::cpp {

// What the options say, before it is known which outputs of the graph it belongs to.
struct GraphAssetParts {
  GraphAssetDef def;
  std::vector<OutputDef> outputs;
  std::vector<CheckDef> checks;
};
GraphAssetParts graph_asset_of(const AssetOptions& options);
GraphAssetParts graph_asset_of(const MultiAssetOptions& options);

// Joins the graph (or the one op) to what is wired, which `inputs` has, and its outputs to assets and, where `is_check` says so, checks.
void wire_graph_asset(GraphAssetParts& parts, const std::shared_ptr<const StepDef>& op,
                      const std::shared_ptr<const GraphDef>& graph, std::vector<InputDef> inputs,
                      const std::vector<bool>& is_check);

// The handles of what a graph gives: those of checks are left out.
template <class H>
struct GraphAssets;
template <class T>
struct GraphAssets<Node<T>> {
  static constexpr bool kIsCheck = std::is_same_v<T, CheckResult>;
  static std::vector<bool> checks() { return {kIsCheck}; }
  static auto handles(const GraphAssetParts& parts, std::size_t& next) {
    if constexpr (kIsCheck) {
      return std::tuple<>();
    } else {
      return std::tuple<Asset<T>>(Asset<T>(parts.outputs[next++].asset.key));
    }
  }
};
template <class... H>
struct GraphAssets<std::tuple<H...>> {
  static std::vector<bool> checks() { return {GraphAssets<H>::kIsCheck...}; }
  static auto handles(const GraphAssetParts& parts, std::size_t& next) {
    // Braces: from left to right.
    auto each = std::tuple{GraphAssets<H>::handles(parts, next)...};
    return std::apply([](auto... handle) { return std::tuple_cat(std::move(handle)...); },
                      std::move(each));
  }
};

template <class... In, class... Wired>
std::vector<InputDef> graph_asset_inputs(Types<In...>, const Wired&... wired) {
  static_cast<void>(
      Match<Types<In...>, typename Joined<typename Wire<Wired>::Given...>::type>::kOk);
  StepDef inputs;
  (declare(inputs, wired), ...);
  return std::move(inputs.inputs);
}

}  // namespace treadle::cpp
