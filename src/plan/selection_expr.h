// Private to the room: the expression behind a Selection, shared by the parser, the writer and the evaluation.
#pragma once

#include <treadle/plan/selection.h>

#include <cstdint>
#include <optional>

namespace treadle::plan {

// Text with wildcards: the literal pieces between them. One piece: the exact text.
struct Pattern {
  std::vector<std::string> pieces{""};
  static Pattern exactly(std::string text) { return {{std::move(text)}}; }
  bool exact() const { return pieces.size() == 1; }
  bool blank() const { return exact() && pieces[0].empty(); }
  bool matches(std::string_view text) const;
  bool operator==(const Pattern&) const = default;
};

struct Selection::Expr {
  enum class Kind : std::uint8_t {
    kAll,
    kKey,
    kKeyPrefix,  // the key itself and all below it
    kGroup,
    kKind,
    kTag,
    kOwner,
    kExternal,
    kMaterializable,
    kAround,  // what is up- and downstream of the child
    kSinks,
    kRoots,
    kWithExternal,  // the child, in which '*', groups, kinds and tags mean source assets as well
    kUpstreamExternal,  // the source assets that the child follows from, however far
    kNeighbors,         // the child, with all that the same calls make
    kNot,
    kAnd,  // of the operands that are kNot, what they negate is taken away
    kOr,
  };
  Kind kind = Kind::kAll;
  Pattern pattern;                   // of the attributes; a tag's key
  std::optional<Pattern> tag_value;  // none: a tag without a value
  bool null = false;                 // "<null>": the assets that have no such attribute
  // kAround: levels, kEverything = all of them; none = not this way.
  std::optional<int> up, down;
  std::vector<std::shared_ptr<const Expr>> children;

  static constexpr int kEverything = -1;
  bool operator==(const Expr& other) const;
};

using ExprPtr = std::shared_ptr<const Selection::Expr>;

ExprPtr make_attribute(Selection::Expr::Kind kind, Pattern pattern);
ExprPtr make_key(const AssetKey& key);
ExprPtr make_around(ExprPtr of, std::optional<int> up, std::optional<int> down);
// "sinks", "roots", ...
std::optional<Selection::Expr::Kind> function_named(std::string_view name);
ExprPtr make_function(Selection::Expr::Kind kind, ExprPtr of);
ExprPtr make_not(ExprPtr of);  // of a negation: what it negates
// One operand stays itself; operands of the same kind are merged in. No alternatives mean nothing: "not *".
ExprPtr make_and(std::vector<ExprPtr> operands);
ExprPtr make_or(std::vector<ExprPtr> operands);

}  // namespace treadle::plan
