// Which assets a text like `group:training and not kind:onnx+` means. Pure. The grammar is
// Dagster's asset selection syntax (docs.dagster.io, "Asset selection syntax");
// docs/reference/selection.md is ours.
#pragma once

#include <treadle/base/result.h>
#include <treadle/plan/graph.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace treadle::plan {

// A parsed selection; value type (cheap to copy, shared and immutable).
class Selection {
 public:
  struct Expr;  // private to the room: selection_expr.h
  Selection();  // everything that can be materialized: "*"
  explicit Selection(std::shared_ptr<const Expr> expr) : expr_(std::move(expr)) {}
  static Selection keys(std::vector<AssetKey> keys);
  const Expr& expr() const { return *expr_; }
  // The text again, normalised: parse_selection(s.text()) == s. Dagster reads it too, save for keys that need an escape.
  std::string text() const;
  // The same expression; two expressions that happen to select the same are not equal.
  bool operator==(const Selection& other) const;

  Selection operator|(const Selection& other) const;
  Selection operator&(const Selection& other) const;
  Selection operator-(const Selection& other) const;
  // Everything up- or downstream within `depth` steps (-1 = all), this selection included unless
  // `include_self` is false.
  Selection upstream(int depth = -1, bool include_self = true) const;
  Selection downstream(int depth = -1, bool include_self = true) const;
  Selection sinks() const;
  Selection roots() const;

 private:
  std::shared_ptr<const Expr> expr_;
};

// kInvalidArgument points at the column of the mistake: "selection 'kind:': expected a value after
// 'kind:' at column 6".
Result<Selection> parse_selection(std::string_view text);

// The materializable and source assets selected, in topological order. A key pattern without a
// wildcard that names no asset is an error with the nearest key, unless `allow_missing`; so is an empty
// result of the whole expression when `allow_empty` is false.
Result<std::vector<NodeId>> select(const Selection& selection, const AssetGraph& graph,
                                   bool allow_empty = true, bool allow_missing = false);

}  // namespace treadle::plan
