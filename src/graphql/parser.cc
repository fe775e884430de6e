#include "parser.h"

#include <charconv>
#include <cstdlib>

namespace treadle::graphql {
namespace {

bool is_name_start(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}
bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

void append_utf8(std::string& out, std::uint32_t c) {
  if (c < 0x80) {
    out += static_cast<char>(c);
  } else if (c < 0x800) {
    out += static_cast<char>(0xC0 | (c >> 6));
    out += static_cast<char>(0x80 | (c & 0x3F));
  } else if (c < 0x10000) {
    out += static_cast<char>(0xE0 | (c >> 12));
    out += static_cast<char>(0x80 | ((c >> 6) & 0x3F));
    out += static_cast<char>(0x80 | (c & 0x3F));
  } else {
    out += static_cast<char>(0xF0 | (c >> 18));
    out += static_cast<char>(0x80 | ((c >> 12) & 0x3F));
    out += static_cast<char>(0x80 | ((c >> 6) & 0x3F));
    out += static_cast<char>(0x80 | (c & 0x3F));
  }
}

// The text of """a block""": common indentation and empty first and last lines are dropped.
std::string block_text(std::string_view raw) {
  std::vector<std::string_view> lines;
  while (true) {
    const auto end = raw.find('\n');
    std::string_view line = raw.substr(0, end);
    if (line.ends_with('\r')) line.remove_suffix(1);
    lines.push_back(line);
    if (end == std::string_view::npos) break;
    raw.remove_prefix(end + 1);
  }
  const auto blank = [](std::string_view line) {
    return line.find_first_not_of(" \t") == std::string_view::npos;
  };
  std::size_t common = std::string_view::npos;
  for (std::size_t i = 1; i < lines.size(); ++i) {
    if (!blank(lines[i])) common = std::min(common, lines[i].find_first_not_of(" \t"));
  }
  for (std::size_t i = 1; i < lines.size() && common != std::string_view::npos; ++i) {
    lines[i].remove_prefix(std::min(common, lines[i].size()));
  }
  while (!lines.empty() && blank(lines.front())) lines.erase(lines.begin());
  while (!lines.empty() && blank(lines.back())) lines.pop_back();
  std::string out;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (i) out += '\n';
    out += lines[i];
  }
  for (std::size_t at = 0; (at = out.find("\\\"\"\"", at)) != std::string::npos; at += 3) {
    out.erase(at, 1);
  }
  return out;
}

}  // namespace

Parser::Parser(std::string_view text, const ParseLimits& limits) : rest_(text), limits_(limits) {
  if (text.size() > limits.bytes) throw SyntaxError{"Syntax Error: the document is too long."};
  if (rest_.starts_with("\xEF\xBB\xBF")) rest_.remove_prefix(3);
  advance();
}

Parser::Nested::Nested(Parser& p) : parser(p) {
  if (++parser.depth_ > parser.limits_.depth) {
    throw SyntaxError{"Syntax Error: nested too deeply, line " + std::to_string(parser.line_)};
  }
}

bool Parser::at(std::string_view text) const {
  return (token_.kind == TokenKind::kPunctuator || token_.kind == TokenKind::kName) &&
         token_.text == text;
}

bool Parser::accept(std::string_view text) {
  if (!at(text)) return false;
  advance();
  return true;
}

void Parser::expect(std::string_view punctuator) {
  if (!accept(punctuator)) {
    throw SyntaxError{"Syntax Error: Expected " + std::string(punctuator) + ", found " +
                      (at_end() ? "<EOF>" : std::string(token_.text)) + ", line " +
                      std::to_string(token_.line)};
  }
}

void Parser::unexpected() const {
  throw SyntaxError{"Syntax Error: Unexpected " +
                    (at_end() ? std::string("<EOF>") : std::string(token_.text.substr(0, 80))) +
                    ", line " + std::to_string(token_.line)};
}

Token Parser::next() {
  Token out = token_;
  advance();
  return out;
}

std::string Parser::name() {
  if (token_.kind != TokenKind::kName) unexpected();
  return std::string(next().text);
}

void Parser::advance() {
  while (!rest_.empty()) {
    const char c = rest_.front();
    if (c == '#') {
      rest_.remove_prefix(std::min(rest_.find('\n'), rest_.size()));
    } else if (c == ' ' || c == '\t' || c == ',' || c == '\r' || c == '\n') {
      if (c == '\n') ++line_;
      rest_.remove_prefix(1);
    } else {
      break;
    }
  }
  token_ = {TokenKind::kEnd, {}, line_};
  if (rest_.empty()) return;
  if (++tokens_ > limits_.tokens) throw SyntaxError{"Syntax Error: the document is too long."};
  const char c = rest_.front();
  std::size_t size = 1;
  if (is_name_start(c)) {
    token_.kind = TokenKind::kName;
    while (size < rest_.size() && (is_name_start(rest_[size]) || is_digit(rest_[size]))) ++size;
  } else if (is_digit(c) || c == '-') {
    token_.kind = TokenKind::kInt;
    for (; size < rest_.size(); ++size) {
      const char d = rest_[size];
      const bool exponent = d == 'e' || d == 'E';
      const bool sign =
          (d == '+' || d == '-') && (rest_[size - 1] == 'e' || rest_[size - 1] == 'E');
      if (!is_digit(d) && d != '.' && !exponent && !sign) break;
      if (!is_digit(d)) token_.kind = TokenKind::kFloat;
    }
  } else if (c == '"') {
    token_.kind = TokenKind::kString;
    if (rest_.starts_with("\"\"\"")) {
      size = 3;
      while (true) {
        const auto end = rest_.find("\"\"\"", size);
        if (end == std::string_view::npos) throw SyntaxError{"Syntax Error: Unterminated string."};
        size = end + 3;
        if (rest_[end - 1] != '\\') break;
      }
      for (const char d : rest_.substr(0, size)) line_ += d == '\n';
    } else {
      while (size < rest_.size() && rest_[size] != '"') {
        if (rest_[size] == '\n') break;
        size += rest_[size] == '\\' ? 2 : 1;
      }
      if (size >= rest_.size() || rest_[size] != '"') {
        throw SyntaxError{"Syntax Error: Unterminated string, line " + std::to_string(line_)};
      }
      ++size;
    }
  } else if (rest_.starts_with("...")) {
    token_.kind = TokenKind::kPunctuator;
    size = 3;
  } else if (std::string_view("!$&()[]{}:=@|").find(c) != std::string_view::npos) {
    token_.kind = TokenKind::kPunctuator;
  } else {
    throw SyntaxError{"Syntax Error: Unexpected character, line " + std::to_string(line_)};
  }
  token_.text = rest_.substr(0, size);
  rest_.remove_prefix(size);
}

std::string Parser::string_value(const Token& token) const {
  std::string_view text = token.text;
  if (text.starts_with("\"\"\"")) return block_text(text.substr(3, text.size() - 6));
  text = text.substr(1, text.size() - 2);
  std::string out;
  const auto bad = [&]() -> SyntaxError {
    return {"Syntax Error: Bad character escape sequence, line " + std::to_string(token.line)};
  };
  const auto unit = [&](std::size_t at) {
    std::uint32_t code = 0;
    if (at + 4 > text.size()) throw bad();
    const auto [end, error] = std::from_chars(text.data() + at, text.data() + at + 4, code, 16);
    if (error != std::errc() || end != text.data() + at + 4) throw bad();
    return code;
  };
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\') {
      out += text[i];
      continue;
    }
    if (++i >= text.size()) throw bad();
    switch (text[i]) {
      case '"':
      case '\\':
      case '/':
        out += text[i];
        break;
      case 'b':
        out += '\b';
        break;
      case 'f':
        out += '\f';
        break;
      case 'n':
        out += '\n';
        break;
      case 'r':
        out += '\r';
        break;
      case 't':
        out += '\t';
        break;
      case 'u': {
        std::uint32_t code = unit(i + 1);
        i += 4;
        if (code >= 0xD800 && code < 0xDC00 && text.substr(i + 1).starts_with("\\u")) {
          const std::uint32_t low = unit(i + 3);
          if (low >= 0xDC00 && low < 0xE000) {
            code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
            i += 6;
          }
        }
        if (code >= 0xD800 && code < 0xE000) code = 0xFFFD;
        append_utf8(out, code);
        break;
      }
      default:
        throw bad();
    }
  }
  return out;
}

TypeRef Parser::type() {
  const Nested nested(*this);
  TypeRef out;
  if (accept("[")) {
    out.item = std::make_shared<const TypeRef>(type());
    expect("]");
  } else {
    out.name = name();
  }
  out.non_null = accept("!");
  return out;
}

Value Parser::value(bool constant) {
  const Nested nested(*this);
  switch (token_.kind) {
    case TokenKind::kInt: {
      const Token token = next();
      std::int64_t number = 0;
      const char* last = token.text.data() + token.text.size();
      const auto [end, error] = std::from_chars(token.text.data(), last, number);
      if (error == std::errc() && end == last) return {number};
      if (error == std::errc::result_out_of_range) {
        return {std::strtod(std::string(token.text).c_str(), nullptr)};
      }
      throw SyntaxError{"Syntax Error: Invalid number, line " + std::to_string(token.line)};
    }
    case TokenKind::kFloat: {
      const Token token = next();
      const std::string text(token.text);
      char* end = nullptr;
      const double number = std::strtod(text.c_str(), &end);
      if (*end != '\0') {
        throw SyntaxError{"Syntax Error: Invalid number, line " + std::to_string(token.line)};
      }
      return {number};
    }
    case TokenKind::kString:
      return {string_value(next())};
    case TokenKind::kName: {
      std::string word = name();
      if (word == "true") return {true};
      if (word == "false") return {false};
      if (word == "null") return {};
      return {Value::Enum{std::move(word)}};
    }
    default:
      break;
  }
  if (!constant && accept("$")) return {Value::Variable{name()}};
  if (accept("[")) {
    Value::List list;
    while (!accept("]")) list.push_back(value(constant));
    return {std::move(list)};
  }
  if (accept("{")) {
    Value::Object object;
    while (!accept("}")) {
      std::string key = name();
      expect(":");
      object.emplace_back(std::move(key), value(constant));
    }
    return {std::move(object)};
  }
  unexpected();
}

Value::Object Parser::arguments(bool constant) {
  Value::Object out;
  if (!accept("(")) return out;
  do {
    std::string key = name();
    expect(":");
    out.emplace_back(std::move(key), value(constant));
  } while (!accept(")"));
  return out;
}

std::vector<Directive> Parser::directives(bool constant) {
  std::vector<Directive> out;
  while (accept("@")) {
    Directive directive;
    directive.name = name();
    directive.arguments = arguments(constant);
    out.push_back(std::move(directive));
  }
  return out;
}

Selection Parser::selection() {
  Selection out;
  out.line = token_.line;
  if (accept("...")) {
    if (token_.kind == TokenKind::kName && token_.text != "on") {
      out.kind = Selection::Kind::kSpread;
      out.name = name();
      out.directives = directives(false);
      return out;
    }
    out.kind = Selection::Kind::kInline;
    if (accept("on")) out.name = name();
    out.directives = directives(false);
    out.selections = selections();
    return out;
  }
  out.key = name();
  out.name = accept(":") ? name() : out.key;
  out.arguments = arguments(false);
  out.directives = directives(false);
  if (at("{")) out.selections = selections();
  return out;
}

std::vector<Selection> Parser::selections() {
  const Nested nested(*this);
  std::vector<Selection> out;
  expect("{");
  do {
    out.push_back(selection());
  } while (!accept("}"));
  return out;
}

std::vector<VariableDefinition> Parser::variables() {
  std::vector<VariableDefinition> out;
  if (!accept("(")) return out;
  do {
    VariableDefinition variable;
    expect("$");
    variable.name = name();
    expect(":");
    variable.type = type();
    if (accept("=")) variable.default_value = value(true);
    directives(true);
    out.push_back(std::move(variable));
  } while (!accept(")"));
  return out;
}

void Parser::skip_description() {
  if (token_.kind == TokenKind::kString) advance();
}

std::string TypeRef::text() const {
  return (item ? "[" + item->text() + "]" : name) + (non_null ? "!" : "");
}

const Fragment* Document::find_fragment(std::string_view name) const {
  for (const Fragment& fragment : fragments) {
    if (fragment.name == name) return &fragment;
  }
  return nullptr;
}

Result<Document> parse(std::string_view text, const ParseLimits& limits) {
  try {
    Parser parser(text, limits);
    Document document;
    if (parser.at_end()) return fail(Errc::kInvalidArgument, "Syntax Error: Unexpected <EOF>");
    while (!parser.at_end()) {
      if (parser.accept("fragment")) {
        Fragment fragment;
        fragment.name = parser.name();
        if (fragment.name == "on" || !parser.accept("on")) parser.unexpected();
        fragment.on = parser.name();
        parser.directives(false);
        fragment.selections = parser.selections();
        document.fragments.push_back(std::move(fragment));
        continue;
      }
      Operation operation;
      if (!parser.at("{")) {
        if (parser.accept("mutation")) {
          operation.kind = Operation::Kind::kMutation;
        } else if (parser.accept("subscription")) {
          operation.kind = Operation::Kind::kSubscription;
        } else if (!parser.accept("query")) {
          parser.unexpected();
        }
        if (parser.peek().kind == TokenKind::kName) operation.name = parser.name();
        operation.variables = parser.variables();
        parser.directives(false);
      }
      operation.selections = parser.selections();
      document.operations.push_back(std::move(operation));
    }
    return document;
  } catch (const SyntaxError& e) {
    return fail(Errc::kInvalidArgument, e.message);
  }
}

}  // namespace treadle::graphql
