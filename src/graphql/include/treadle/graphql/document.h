// A request's document as a tree, and its parser. Also reads schema definitions (schema.h).
#pragma once

#include <treadle/graphql/value.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace treadle::graphql {

// "[String!]!": `item` is set for a list, `name` otherwise.
struct TypeRef {
  std::string name;
  std::shared_ptr<const TypeRef> item;
  bool non_null = false;
  const std::string& innermost() const { return item ? item->innermost() : name; }
  std::string text() const;
};

struct Directive {
  std::string name;
  Value::Object arguments;
};

struct Selection {
  enum class Kind { kField, kSpread, kInline };
  Kind kind = Kind::kField;
  std::string key;   // in the answer: the alias, or the name
  std::string name;  // of the field or fragment; the type condition of an inline fragment, or ""
  Value::Object arguments;
  std::vector<Directive> directives;
  std::vector<Selection> selections;
  int line = 0;
};

struct VariableDefinition {
  std::string name;
  TypeRef type;
  std::optional<Value> default_value;
};

struct Operation {
  enum class Kind { kQuery, kMutation, kSubscription };
  Kind kind = Kind::kQuery;
  std::string name;  // "" = none
  std::vector<VariableDefinition> variables;
  std::vector<Selection> selections;
};

struct Fragment {
  std::string name;
  std::string on;
  std::vector<Selection> selections;
};

struct Document {
  std::vector<Operation> operations;
  std::vector<Fragment> fragments;
  const Fragment* find_fragment(std::string_view name) const;
};

struct ParseLimits {
  std::size_t bytes = 1 << 20;
  std::size_t tokens = 50'000;
  int depth = 64;  // of braces, brackets and parentheses
};

// kInvalidArgument: "Syntax Error: ..., line 3".
Result<Document> parse(std::string_view text, const ParseLimits& limits = {});

}  // namespace treadle::graphql
