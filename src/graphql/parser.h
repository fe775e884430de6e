// Private to the room: the tokens of GraphQL, and what both parsers share.
#pragma once

#include <treadle/graphql/document.h>

#include <string>
#include <string_view>

namespace treadle::graphql {

enum class TokenKind { kEnd, kPunctuator, kName, kInt, kFloat, kString };
struct Token {
  TokenKind kind = TokenKind::kEnd;
  std::string_view text;  // of a string: with its quotes
  int line = 1;
};

// Thrown inside the parsers, caught where they begin.
struct SyntaxError {
  std::string message;
};

class Parser {
 public:
  Parser(std::string_view text, const ParseLimits& limits);
  const Token& peek() const { return token_; }
  bool at_end() const { return token_.kind == TokenKind::kEnd; }
  bool at(std::string_view punctuator_or_name) const;
  bool accept(std::string_view punctuator_or_name);
  void expect(std::string_view punctuator);
  Token next();
  std::string name();
  [[noreturn]] void unexpected() const;

  TypeRef type();
  Value value(bool constant);
  std::vector<Directive> directives(bool constant);
  std::vector<Selection> selections();
  std::vector<VariableDefinition> variables();
  // A description, if there is one, is passed over.
  void skip_description();

 private:
  void advance();
  Value::Object arguments(bool constant);
  Selection selection();
  std::string string_value(const Token& token) const;
  struct Nested {
    explicit Nested(Parser& p);
    ~Nested() { --parser.depth_; }
    Parser& parser;
  };

  std::string_view rest_;
  const ParseLimits limits_;
  Token token_;
  int line_ = 1;
  int depth_ = 0;
  std::size_t tokens_ = 0;
};

}  // namespace treadle::graphql
