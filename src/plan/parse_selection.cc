// The selection syntax: a lexer that works on demand and a recursive descent parser. Lowest precedence first:
//
//   list      := or { [","] or }          all of them; without a comma only between operands that are no and/or/not
//   or        := and { "or" and }
//   and       := not { "and" not }
//   not       := "not" not | around
//   around    := [ [digits] "+" ] operand [ "+" [digits] ]
//   operand   := "(" list ")" | function "(" list ")" | attribute ":" value | "*" | key
//
// A bare key is Dagster's older syntax: each "+" beside it is one level, a "*" at its end all of them.
#include "selection_lexer.h"
#include <treadle/base/result.h>
#include <treadle/base/suggest.h>

#include <algorithm>
#include <array>

namespace treadle::plan {
namespace {

using Kind = Selection::Expr::Kind;

constexpr int kMaxDepth = 500;
constexpr std::size_t kMaxSize = 16 << 20;

struct Attribute {
  std::string_view name;
  Kind kind;
};
constexpr std::array<Attribute, 6> kAttributes = {{{"key", Kind::kKey},
                                                   {"key_prefix", Kind::kKeyPrefix},
                                                   {"group", Kind::kGroup},
                                                   {"kind", Kind::kKind},
                                                   {"tag", Kind::kTag},
                                                   {"owner", Kind::kOwner}}};
// Of Dagster's syntax, what is about its user interface or about things that Treadle does not have.
constexpr std::array<std::string_view, 11> kUnsupported = {
    "code_location", "status",          "column", "table_name", "column_tag", "changed_in_branch",
    "partitions",    "automation_type", "sensor", "schedule",   "job"};

class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text), token_(token_at(text, 0)) {}

  Result<ExprPtr> run() {
    TREADLE_TRY(ExprPtr expr, list());
    if (token_.kind == TokenKind::kRight) return mistake("this ')' closes nothing", "Remove it.");
    return expr;
  }

 private:
  tl::unexpected<Error> mistake_at(std::size_t at, std::string_view what, std::string_view cure,
                                   Errc code = Errc::kInvalidArgument) const {
    std::size_t column = 1;
    for (std::size_t i = 0; i < at && i < text_.size(); ++i) {
      column += (static_cast<unsigned char>(text_[i]) & 0xc0) != 0x80;
    }
    std::string message = "selection '" + shown(text_) + "': " + std::string(what) + " at column " +
                          std::to_string(column) + ".";
    if (!cure.empty()) message += " " + std::string(cure);
    return fail(code, std::move(message));
  }
  tl::unexpected<Error> mistake(std::string_view what, std::string_view cure) const {
    return mistake_at(token_.at, what, cure);
  }

  Token peek() const { return token_at(text_, token_.end()); }
  Token peek_after(const Token& token) const { return token_at(text_, token.end()); }
  Token take() {
    const Token taken = token_;
    token_ = peek();
    return taken;
  }

  static bool is_operator(const Token& token) {
    return token.kind == TokenKind::kWord &&
           (is_keyword(token.text, "and") || is_keyword(token.text, "or"));
  }
  static bool starts_operand(const Token& token) {
    return token.kind == TokenKind::kLeft || token.kind == TokenKind::kQuoted ||
           (token.kind == TokenKind::kWord && !is_operator(token) &&
            !is_keyword(token.text, "not"));
  }

  Result<ExprPtr> list() {
    std::vector<ExprPtr> all;
    bool combined_before = false, comma = true;
    while (true) {
      combined_ = false;
      const std::size_t start = token_.at;
      TREADLE_TRY(ExprPtr one, alternatives());
      if (!comma && (combined_ || combined_before)) {
        return mistake_at(start, "a list without commas is mixed with and, or, not",
                          "Put 'and', 'or' or ',' between, or use parentheses.");
      }
      combined_before = combined_;
      all.push_back(std::move(one));
      if (token_.kind == TokenKind::kEnd || token_.kind == TokenKind::kRight) break;
      comma = token_.kind == TokenKind::kComma;
      if (comma) {
        take();
        // As in "a, b,".
        if (token_.kind == TokenKind::kEnd || token_.kind == TokenKind::kRight) break;
        continue;
      }
      const bool starts = starts_operand(token_) || token_.kind == TokenKind::kPlus;
      if (!starts || !token_.after_space) return unexpected_token();
    }
    combined_ = all.size() > 1;
    return make_or(std::move(all));
  }

  tl::unexpected<Error> unexpected_token() const {
    switch (token_.kind) {
      case TokenKind::kBad:
        return bad_token();
      case TokenKind::kEnd:
        return mistake("expected a selection", "Write a key, an attribute like group:name, or *.");
      case TokenKind::kColon:
        return mistake("unexpected ':'",
                       "Put a name that contains ':' in double quotes: key:\"a:b\".");
      case TokenKind::kEqual:
        return mistake("unexpected '='", "Only a tag has a value: tag:name=value.");
      case TokenKind::kWord:
        if (is_keyword(token_.text, "not")) {
          return mistake("unexpected 'not'", "Write 'and not' to take something away.");
        }
        if (is_operator(token_)) {
          return mistake("nothing stands before '" + std::string(token_.text) + "'",
                         "Write a selection on both sides of it.");
        }
        [[fallthrough]];
      default:
        return mistake("unexpected '" + shown(token_.text) + "'",
                       "Write 'and', 'or' or ',' between two selections.");
    }
  }

  tl::unexpected<Error> bad_token() const {
    switch (token_.text[0]) {
      case '"':
        return mistake("a quote is opened and not closed", "Add a '\"' at the end of the name.");
      case '\'':
        return mistake("unexpected single quote", "Use double quotes.");
      case '&':
        return mistake("unexpected '&'", "Write 'and'.");
      case '|':
        return mistake("unexpected '|'", "Write 'or'.");
      case '!':
        return mistake("unexpected '!'", "Write 'not'.");
      default:
        return mistake("unexpected '" + shown(token_.text) + "'",
                       "Put names with such characters in double quotes.");
    }
  }

  Result<ExprPtr> alternatives() {
    std::vector<ExprPtr> all;
    while (true) {
      TREADLE_TRY(ExprPtr one, conjunction());
      all.push_back(std::move(one));
      if (token_.kind != TokenKind::kWord || !is_keyword(token_.text, "or")) break;
      combined_ = true;
      take();
    }
    return make_or(std::move(all));
  }

  Result<ExprPtr> conjunction() {
    std::vector<ExprPtr> all;
    while (true) {
      TREADLE_TRY(ExprPtr one, negation());
      all.push_back(std::move(one));
      if (token_.kind != TokenKind::kWord || !is_keyword(token_.text, "and")) break;
      combined_ = true;
      take();
    }
    return make_and(std::move(all));
  }

  Result<ExprPtr> negation() {
    bool negated = false, any = false;
    while (token_.kind == TokenKind::kWord && is_keyword(token_.text, "not") &&
           peek().kind != TokenKind::kColon) {
      take();
      any = true;
      negated = !negated;
    }
    TREADLE_TRY(ExprPtr of, around());
    combined_ |= any;
    return negated ? make_not(std::move(of)) : of;
  }

  // Levels for `pluses` signs and perhaps a number: beside a bare key each sign is one.
  Result<int> levels(std::size_t at, int pluses, std::string_view digits, bool bare) const {
    if (pluses > 1 && (!bare || !digits.empty())) {
      return mistake_at(at, "more than one '+'", "Write the number of levels: 2+key:name+2.");
    }
    if (digits.empty()) return bare ? pluses : Selection::Expr::kEverything;
    return digits.size() > 9 ? 1'000'000'000 : std::stoi(std::string(digits));
  }

  int take_pluses() {
    int count = 0;
    while (token_.kind == TokenKind::kPlus && (count == 0 || !token_.after_space)) {
      take();
      ++count;
    }
    return count;
  }

  Result<ExprPtr> around() {
    const std::size_t start = token_.at;
    std::string_view up_digits;
    if (token_.kind == TokenKind::kWord && is_digits(token_.text)) {
      const Token plus = peek();
      if (plus.kind == TokenKind::kPlus && !plus.after_space && starts_operand(peek_after(plus))) {
        up_digits = take().text;
      }
    }
    const int up_pluses = take_pluses();
    bare_ = false;
    star_up_ = star_down_ = false;
    TREADLE_TRY(ExprPtr of, operand());
    const bool bare = bare_, star_up = star_up_, star_down = star_down_;

    const std::size_t down_at = token_.at;
    int down_pluses = 0;
    std::string_view down_digits;
    if (token_.kind == TokenKind::kPlus) {
      // "a +b" is a list of two; "a + b" could be either.
      const Token next = peek();
      const bool operand_follows = starts_operand(next) && !is_digits(next.text);
      if (token_.after_space && operand_follows && next.after_space) {
        return mistake(
            "a '+' stands alone between two selections",
            "Write 'or' for both of them, or put the '+' next to the one it belongs to.");
      }
      if (!token_.after_space || !operand_follows) {
        down_pluses = take_pluses();
        if (token_.kind == TokenKind::kWord && !token_.after_space && is_digits(token_.text)) {
          down_digits = take().text;
        }
      }
    }
    std::optional<int> up, down;
    if (up_pluses > 0) {
      TREADLE_TRY(up, levels(start, up_pluses, up_digits, bare));
    }
    if (down_pluses > 0) {
      TREADLE_TRY(down, levels(down_at, down_pluses, down_digits, bare));
    }
    if (star_up) up = Selection::Expr::kEverything;
    if (star_down) down = Selection::Expr::kEverything;
    return up || down ? make_around(std::move(of), up, down) : of;
  }

  Result<ExprPtr> operand() {
    if (token_.kind == TokenKind::kLeft) return parenthesized("this '('");
    if (token_.kind == TokenKind::kQuoted) return bare_key();
    if (token_.kind == TokenKind::kNull) {
      return mistake("unexpected '<null>'", "Write it after an attribute: kind:<null>.");
    }
    if (token_.kind != TokenKind::kWord) return unexpected_token();
    const Token next = peek();
    if (next.kind == TokenKind::kColon) return attribute();
    if (is_operator(token_)) return unexpected_token();
    if (is_keyword(token_.text, "not")) {
      return mistake("unexpected 'not'", "Put parentheses around it: +(not key:a).");
    }
    const auto function = function_named(token_.text);
    if (next.kind == TokenKind::kLeft && !next.after_space && !function) {
      return mistake("unknown function '" + shown(token_.text) + "'",
                     "There are sinks(...), roots(...), with_external(...), upstream_external(...) "
                     "and neighbors(...).");
    }
    if (next.kind == TokenKind::kLeft && function) {
      const Token name = take();
      TREADLE_TRY(ExprPtr of, parenthesized("'" + std::string(name.text) + "('"));
      bare_ = star_up_ = star_down_ = false;
      return make_function(*function, std::move(of));
    }
    if (token_.text == "*") {
      take();
      return std::make_shared<Selection::Expr>();
    }
    return bare_key();
  }

  Result<ExprPtr> parenthesized(const std::string& what) {
    const std::size_t opened = token_.at;
    if (++depth_ > kMaxDepth) {
      return mistake("more than " + std::to_string(kMaxDepth) + " parentheses are open",
                     "Write it flatter.");
    }
    const bool combined = combined_;
    take();
    TREADLE_TRY(ExprPtr inside, list());
    if (token_.kind != TokenKind::kRight) {
      return mistake_at(opened, what + " is not closed", "Add a ')'.");
    }
    take();
    --depth_;
    combined_ = combined;
    bare_ = star_up_ = star_down_ = false;
    return inside;
  }

  Result<ExprPtr> bare_key() {
    Token token = take();
    if (token.kind == TokenKind::kWord) {
      // A star at an end of the whole key means levels; elsewhere, or beside a '/', it is a wildcard.
      std::string_view inner = token.text;
      const bool front = inner.starts_with('*');
      if (front) inner.remove_prefix(1);
      const bool back = inner.ends_with('*');
      if (back) inner.remove_suffix(1);
      if (!inner.empty() && inner.find('*') == std::string_view::npos && inner.front() != '/' &&
          inner.back() != '/') {
        star_up_ = front;
        star_down_ = back;
        token.text = inner;
      }
    }
    bare_ = true;
    Pattern pattern = read_pattern(token);
    if (pattern.blank()) return mistake_at(token.at, "the key is empty", "Write its name.");
    return make_attribute(Kind::kKey, std::move(pattern));
  }

  Result<ExprPtr> attribute() {
    const Token name = take();
    take();  // ':'
    const std::string written = std::string(name.text) + ":";
    if (name.text == "is") return structural();
    for (const std::string_view unsupported : kUnsupported) {
      if (name.text != unsupported) continue;
      return mistake_at(name.at, "'" + written + "' is not supported",
                        "Use key:, group:, kind:, tag:, owner: or is:.", Errc::kUnsupported);
    }
    const auto* known = std::find_if(kAttributes.begin(), kAttributes.end(),
                                     [&](const Attribute& a) { return a.name == name.text; });
    if (known == kAttributes.end()) {
      std::string cure = did_you_mean(name.text, {"key", "group", "kind", "tag", "owner", "is"});
      if (!cure.empty()) cure = cure.substr(1) + " ";
      return mistake_at(name.at, "unknown attribute '" + shown(name.text) + ":'",
                        cure + "There are key:, group:, kind:, tag:, owner: and is:.");
    }
    auto expr = std::make_shared<Selection::Expr>();
    expr->kind = known->kind;
    if (token_.kind == TokenKind::kNull && known->kind != Kind::kKey &&
        known->kind != Kind::kKeyPrefix) {
      take();
      expr->null = true;
      return expr;
    }
    TREADLE_TRY(expr->pattern, value(written, known->kind == Kind::kOwner));
    if (expr->pattern.blank()) {
      return mistake_at(token_.at, "the value of '" + written + "' is empty", "Write a name.");
    }
    if (known->kind == Kind::kTag && token_.kind == TokenKind::kEqual) {
      const std::string with_equal = written + shown(expr->pattern.pieces[0]) + "=";
      take();
      TREADLE_TRY(Pattern tag_value, value(with_equal, false));
      // A tag without a value and one with an empty value are the same.
      if (!tag_value.blank()) expr->tag_value = std::move(tag_value);
    }
    return expr;
  }

  Result<ExprPtr> structural() {
    auto expr = std::make_shared<Selection::Expr>();
    if (token_.text == "external") {
      expr->kind = Kind::kExternal;
    } else if (token_.text == "materializable") {
      expr->kind = Kind::kMaterializable;
    } else {
      return mistake("expected 'external' or 'materializable' after 'is:'", "");
    }
    take();
    return expr;
  }

  Result<Pattern> value(const std::string& after, bool with_colons) {
    if (token_.kind == TokenKind::kBad) return bad_token();
    if (token_.kind != TokenKind::kWord && token_.kind != TokenKind::kQuoted) {
      return mistake("expected a value after '" + after + "'", "");
    }
    if (is_operator(token_) || is_keyword(token_.text, "not")) {
      return mistake(
          "expected a value after '" + after + "', not '" + std::string(token_.text) + "'",
          "Put it in double quotes if that is the name.");
    }
    Token token = take();
    // "owner:team:data" needs no quotes.
    while (with_colons && token.kind == TokenKind::kWord && token_.kind == TokenKind::kColon &&
           !token_.after_space) {
      const Token rest = peek();
      if (rest.kind != TokenKind::kWord || rest.after_space) break;
      take();
      take();
      token.text = text_.substr(token.at, rest.end() - token.at);
    }
    return read_pattern(token);
  }

  std::string_view text_;
  Token token_;
  int depth_ = 0;
  // About what was parsed last:
  bool combined_ = false;                     // and, or, not outside of parentheses
  bool bare_ = false;                         // a key without "key:"
  bool star_up_ = false, star_down_ = false;  // with a star before, after it
};

}  // namespace

Result<Selection> parse_selection(std::string_view text) {
  if (text.size() > kMaxSize) {
    return fail(Errc::kInvalidArgument,
                "The selection is longer than 16 MiB. Use wildcards or groups.");
  }
  if (std::all_of(text.begin(), text.end(), is_space)) return Selection();
  TREADLE_TRY(ExprPtr expr, Parser(text).run());
  return Selection(std::move(expr));
}

}  // namespace treadle::plan
