// Selections as values: composing them, comparing them, writing them as text.
#include "selection_expr.h"

#include <algorithm>

namespace treadle::plan {
namespace {

using Expr = Selection::Expr;
using Kind = Expr::Kind;

ExprPtr make_list(Kind kind, std::vector<ExprPtr> operands) {
  if (operands.size() == 1) return std::move(operands[0]);
  auto expr = std::make_shared<Expr>();
  expr->kind = kind;
  for (ExprPtr& operand : operands) {
    if (operand->kind == kind) {
      expr->children.insert(expr->children.end(), operand->children.begin(),
                            operand->children.end());
    } else {
      expr->children.push_back(std::move(operand));
    }
  }
  return expr;
}

// What Dagster's grammar reads without quotes.
bool is_plain(const Pattern& pattern, bool with_wildcards) {
  std::string text;
  for (std::size_t i = 0; i < pattern.pieces.size(); ++i) {
    if (i > 0) text += '*';
    text += pattern.pieces[i];
  }
  if (text.empty() || text == "*" || (!with_wildcards && !pattern.exact())) return false;
  const auto is_letter = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
  };
  // A wildcard in a piece would read as one of ours.
  for (const std::string& piece : pattern.pieces) {
    if (piece.find('*') != std::string::npos) return false;
  }
  if (!is_letter(text[0]) && text[0] != '*') return false;
  static constexpr std::string_view kKeywords[] = {"and", "or", "not"};
  std::string lower = text;
  for (char& c : lower) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  if (std::find(std::begin(kKeywords), std::end(kKeywords), lower) != std::end(kKeywords)) {
    return false;
  }
  return std::all_of(text.begin(), text.end(), [&](char c) {
    return is_letter(c) || (c >= '0' && c <= '9') || c == '/' || c == '*';
  });
}

void write_pattern(const Pattern& pattern, bool with_wildcards, std::string& out) {
  const bool quote = !is_plain(pattern, with_wildcards);
  if (quote) out += '"';
  for (std::size_t i = 0; i < pattern.pieces.size(); ++i) {
    if (i > 0) out += '*';
    for (const char c : pattern.pieces[i]) {
      if (c == '"' || c == '\\' || c == '*') out += '\\';
      out += c;
    }
  }
  if (quote) out += '"';
}

constexpr std::pair<std::string_view, Kind> kFunctions[] = {
    {"sinks", Kind::kSinks},
    {"roots", Kind::kRoots},
    {"with_external", Kind::kWithExternal},
    {"upstream_external", Kind::kUpstreamExternal},
    {"neighbors", Kind::kNeighbors},
};

std::string_view function_name(Kind kind) {
  for (const auto& [name, known] : kFunctions) {
    if (known == kind) return name;
  }
  return {};
}

void write(const Expr& expr, std::string& out);

void write_attribute(std::string_view name, const Expr& expr, std::string& out) {
  out += name;
  out += ':';
  if (expr.null) {
    out += "<null>";
    return;
  }
  write_pattern(expr.pattern, expr.kind == Kind::kKey, out);
  if (expr.tag_value) {
    out += '=';
    write_pattern(*expr.tag_value, false, out);
  }
}

void write_list(std::string_view word, const Expr& expr, std::string& out) {
  for (std::size_t i = 0; i < expr.children.size(); ++i) {
    if (i > 0) out += word;
    const bool parentheses = expr.kind == Kind::kAnd && expr.children[i]->kind == Kind::kOr;
    if (parentheses) out += '(';
    write(*expr.children[i], out);
    if (parentheses) out += ')';
  }
}

void write_operand(const Expr& expr, bool parentheses, std::string& out) {
  if (parentheses) out += '(';
  write(expr, out);
  if (parentheses) out += ')';
}

void write_around(const Expr& expr, std::string& out) {
  const auto level = [](int depth) {
    return depth == Expr::kEverything ? std::string() : std::to_string(depth);
  };
  if (expr.up) out += level(*expr.up) + '+';
  const Kind kind = expr.children[0]->kind;
  write_operand(*expr.children[0],
                kind == Kind::kAll || kind == Kind::kAround || kind == Kind::kNot ||
                    kind == Kind::kAnd || kind == Kind::kOr,
                out);
  if (expr.down) out += '+' + level(*expr.down);
}

void write(const Expr& expr, std::string& out) {
  switch (expr.kind) {
    case Kind::kAll:
      out += '*';
      return;
    case Kind::kKey:
      return write_attribute("key", expr, out);
    case Kind::kKeyPrefix:
      return write_attribute("key_prefix", expr, out);
    case Kind::kGroup:
      return write_attribute("group", expr, out);
    case Kind::kKind:
      return write_attribute("kind", expr, out);
    case Kind::kTag:
      return write_attribute("tag", expr, out);
    case Kind::kOwner:
      return write_attribute("owner", expr, out);
    case Kind::kExternal:
      out += "is:external";
      return;
    case Kind::kMaterializable:
      out += "is:materializable";
      return;
    case Kind::kAround:
      return write_around(expr, out);
    case Kind::kSinks:
    case Kind::kRoots:
    case Kind::kWithExternal:
    case Kind::kUpstreamExternal:
    case Kind::kNeighbors:
      out += function_name(expr.kind);
      return write_operand(*expr.children[0], true, out);
    case Kind::kNot: {
      out += "not ";
      const Kind kind = expr.children[0]->kind;
      return write_operand(*expr.children[0], kind == Kind::kAnd || kind == Kind::kOr, out);
    }
    case Kind::kAnd:
      return write_list(" and ", expr, out);
    case Kind::kOr:
      return write_list(" or ", expr, out);
  }
}

}  // namespace

std::optional<Kind> function_named(std::string_view name) {
  for (const auto& [known, kind] : kFunctions) {
    if (known == name) return kind;
  }
  return {};
}

bool Pattern::matches(std::string_view text) const {
  if (exact()) return text == pieces[0];
  if (!text.starts_with(pieces.front())) return false;
  text.remove_prefix(pieces.front().size());
  // Each piece at its first place: what follows then has the most room.
  for (std::size_t i = 1; i + 1 < pieces.size(); ++i) {
    const std::size_t at = text.find(pieces[i]);
    if (at == std::string_view::npos) return false;
    text.remove_prefix(at + pieces[i].size());
  }
  return text.ends_with(pieces.back());
}

bool Selection::Expr::operator==(const Expr& other) const {
  if (this == &other) return true;
  return kind == other.kind && pattern == other.pattern && tag_value == other.tag_value &&
         null == other.null && up == other.up && down == other.down &&
         std::equal(children.begin(), children.end(), other.children.begin(), other.children.end(),
                    [](const ExprPtr& a, const ExprPtr& b) { return *a == *b; });
}

ExprPtr make_attribute(Kind kind, Pattern pattern) {
  auto expr = std::make_shared<Expr>();
  expr->kind = kind;
  expr->pattern = std::move(pattern);
  return expr;
}

ExprPtr make_key(const AssetKey& key) {
  return make_attribute(Kind::kKey, Pattern::exactly(key.text()));
}

ExprPtr make_around(ExprPtr of, std::optional<int> up, std::optional<int> down) {
  auto expr = std::make_shared<Expr>();
  expr->kind = Kind::kAround;
  expr->up = up;
  expr->down = down;
  expr->children.push_back(std::move(of));
  return expr;
}

ExprPtr make_function(Kind kind, ExprPtr of) {
  auto expr = std::make_shared<Expr>();
  expr->kind = kind;
  expr->children.push_back(std::move(of));
  return expr;
}

ExprPtr make_not(ExprPtr of) {
  return of->kind == Kind::kNot ? of->children[0] : make_function(Kind::kNot, std::move(of));
}

ExprPtr make_and(std::vector<ExprPtr> operands) {
  return make_list(Kind::kAnd, std::move(operands));
}
ExprPtr make_or(std::vector<ExprPtr> operands) {
  if (operands.empty()) return make_not(std::make_shared<Expr>());
  return make_list(Kind::kOr, std::move(operands));
}

Selection::Selection() : expr_(std::make_shared<Expr>()) {}

Selection Selection::keys(std::vector<AssetKey> keys) {
  std::vector<ExprPtr> operands;
  operands.reserve(keys.size());
  for (const AssetKey& key : keys) operands.push_back(make_key(key));
  return Selection(make_or(std::move(operands)));
}

std::string Selection::text() const {
  std::string out;
  write(*expr_, out);
  return out;
}

bool Selection::operator==(const Selection& other) const {
  return *expr_ == *other.expr_;
}

Selection Selection::operator|(const Selection& other) const {
  return Selection(make_or({expr_, other.expr_}));
}
Selection Selection::operator&(const Selection& other) const {
  return Selection(make_and({expr_, other.expr_}));
}
Selection Selection::operator-(const Selection& other) const {
  return Selection(make_and({expr_, make_not(other.expr_)}));
}

Selection Selection::upstream(int depth, bool include_self) const {
  const ExprPtr around = make_around(expr_, std::max(depth, Expr::kEverything), {});
  return Selection(include_self ? around : make_and({around, make_not(expr_)}));
}
Selection Selection::downstream(int depth, bool include_self) const {
  const ExprPtr around = make_around(expr_, {}, std::max(depth, Expr::kEverything));
  return Selection(include_self ? around : make_and({around, make_not(expr_)}));
}
Selection Selection::sinks() const {
  return Selection(make_function(Kind::kSinks, expr_));
}
Selection Selection::roots() const {
  return Selection(make_function(Kind::kRoots, expr_));
}

}  // namespace treadle::plan
