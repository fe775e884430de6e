// The types a server offers, read from their definitions in GraphQL's own notation, and the
// functions that resolve their fields:
//
//   Schema schema;
//   schema.define("type Query { run(name: String!): Run } type Run { name: String! }");
//   schema.resolve("Query", "run", [](const Call& call) -> Result<Output> {
//     return node("Run", RunRow{call.args.text("name")}); });
//   schema.resolve<RunRow>("Run", {{"name", [](const RunRow& r, const Call&) { return r.name; }}});
#pragma once

#include <treadle/graphql/document.h>

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace treadle::graphql {

// What one request carries from resolver to resolver: who asks, and the like.
struct Context {
  virtual ~Context() = default;
};

// Arguments after coercion: defaults filled in, types checked.
class Arguments {
 public:
  Arguments() = default;
  explicit Arguments(Value::Object values) : values_(std::move(values)) {}
  // Null when it was not given, and has no default; a given null is a Value that is null.
  const Value* find(std::string_view name) const;
  bool has(std::string_view name) const {  // given, and not null
    const Value* value = find(name);
    return value && !value->is_null();
  }
  // "" (0, false) when absent or null.
  std::string text(std::string_view name) const;
  std::optional<std::string> text_if(std::string_view name) const;
  std::int64_t integer(std::string_view name, std::int64_t otherwise = 0) const;
  std::optional<std::int64_t> integer_if(std::string_view name) const;
  std::optional<double> real_if(std::string_view name) const;
  bool flag(std::string_view name, bool otherwise = false) const;
  std::vector<std::string> texts(std::string_view name) const;
  std::optional<std::vector<std::string>> texts_if(std::string_view name) const;
  // The members of an input object; those of each object in a list of them.
  Arguments object(std::string_view name) const;
  std::vector<Arguments> objects(std::string_view name) const;

 private:
  Value::Object values_;
};

struct FieldDefinition;

struct Call {
  const Node& self;  // the object whose field is asked for; no data at the top
  const Arguments& args;
  Context& context;
  const std::vector<std::string_view>& selected;  // names of the fields asked for below this one
  template <class C>
  C& in() const {
    return static_cast<C&>(context);
  }
  bool selects(std::string_view name) const {
    for (const std::string_view have : selected)
      if (have == name) return true;
    return false;
  }
};
using Resolver = std::function<Result<Output>(const Call&)>;

struct InputDefinition {
  std::string name;
  TypeRef type;
  std::optional<Value> default_value;
};
struct FieldDefinition {
  std::string name;
  TypeRef type;
  std::vector<InputDefinition> arguments;
  Resolver resolve;
};
struct TypeDefinition {
  enum class Kind { kScalar, kObject, kInterface, kUnion, kEnum, kInput };
  Kind kind = Kind::kScalar;
  std::string name;
  std::vector<std::string> interfaces;  // of an object
  std::vector<std::string> members;     // of a union; values of an enum
  std::unordered_map<std::string, FieldDefinition> fields;
  std::vector<InputDefinition> inputs;
  bool is_leaf() const { return kind == Kind::kScalar || kind == Kind::kEnum; }
  bool is_composite() const {
    return kind == Kind::kObject || kind == Kind::kInterface || kind == Kind::kUnion;
  }
};

template <class T>
using FieldTable = std::vector<
    std::pair<std::string_view, std::function<Result<Output>(const T& self, const Call& call)>>>;

class Schema {
 public:
  Schema();  // the scalars: Int Int64 Float String Boolean ID JSON JSONString DateTime Duration Date
  // Adds definitions; `extend type X {...}` adds fields to a type. A mistake in them is a bug and
  // throws std::logic_error, as do the functions below.
  void define(std::string_view definitions);
  void resolve(std::string_view type, std::string_view field, Resolver resolver);
  template <class T>
  void resolve(std::string_view type, const FieldTable<T>& table) {
    for (const auto& [field, function] : table) {
      resolve(type, field, [function](const Call& call) {
        return function(*static_cast<const T*>(call.self.data.get()), call);
      });
    }
  }
  // Every type that is named exists and every field of every object has a resolver.
  void check() const;

  const TypeDefinition* find(std::string_view name) const;
  // Whether an object of type `object` is also of type `name`: the same, its interface or its union.
  bool is_a(std::string_view object, std::string_view name) const;
  // "Query.viewer", in order of name: what the server offers.
  std::vector<std::string> field_names() const;

 private:
  std::map<std::string, TypeDefinition, std::less<>> types_;
};

}  // namespace treadle::graphql
