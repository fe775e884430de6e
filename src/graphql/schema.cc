#include "parser.h"
#include <treadle/graphql/schema.h>

#include <algorithm>
#include <stdexcept>

namespace treadle::graphql {
namespace {

[[noreturn]] void mistake(const std::string& what) {
  throw std::logic_error("the GraphQL schema: " + what);
}

std::vector<InputDefinition> read_inputs(Parser& parser, std::string_view end) {
  std::vector<InputDefinition> out;
  while (!parser.accept(end)) {
    parser.skip_description();
    InputDefinition input;
    input.name = parser.name();
    parser.expect(":");
    input.type = parser.type();
    if (parser.accept("=")) input.default_value = parser.value(true);
    parser.directives(true);
    out.push_back(std::move(input));
  }
  return out;
}

void read_fields(Parser& parser, TypeDefinition& type) {
  parser.expect("{");
  while (!parser.accept("}")) {
    parser.skip_description();
    FieldDefinition field;
    field.name = parser.name();
    if (parser.accept("(")) field.arguments = read_inputs(parser, ")");
    parser.expect(":");
    field.type = parser.type();
    parser.directives(true);
    std::string name = field.name;
    if (!type.fields.emplace(name, std::move(field)).second) {
      mistake(type.name + "." + name + " is defined twice");
    }
  }
}

}  // namespace

const Value* Arguments::find(std::string_view name) const {
  for (const auto& [key, value] : values_) {
    if (key == name) return &value;
  }
  return nullptr;
}

std::optional<std::string> Arguments::text_if(std::string_view name) const {
  const Value* value = find(name);
  if (value == nullptr) return std::nullopt;
  if (const auto* text = value->get<std::string>()) return *text;
  if (const auto* word = value->get<Value::Enum>()) return word->name;
  return std::nullopt;
}

std::string Arguments::text(std::string_view name) const {
  return text_if(name).value_or("");
}

std::optional<std::int64_t> Arguments::integer_if(std::string_view name) const {
  const Value* value = find(name);
  const auto* number = value ? value->get<std::int64_t>() : nullptr;
  return number ? std::optional(*number) : std::nullopt;
}

std::int64_t Arguments::integer(std::string_view name, std::int64_t otherwise) const {
  return integer_if(name).value_or(otherwise);
}

std::optional<double> Arguments::real_if(std::string_view name) const {
  const Value* value = find(name);
  if (value == nullptr) return std::nullopt;
  if (const auto* number = value->get<double>()) return *number;
  if (const auto* number = value->get<std::int64_t>()) return static_cast<double>(*number);
  return std::nullopt;
}

bool Arguments::flag(std::string_view name, bool otherwise) const {
  const Value* value = find(name);
  const auto* b = value ? value->get<bool>() : nullptr;
  return b ? *b : otherwise;
}

std::optional<std::vector<std::string>> Arguments::texts_if(std::string_view name) const {
  const Value* value = find(name);
  const auto* list = value ? value->get<Value::List>() : nullptr;
  if (list == nullptr) return std::nullopt;
  std::vector<std::string> out;
  for (const Value& item : *list) {
    if (const auto* text = item.get<std::string>()) out.push_back(*text);
    if (const auto* word = item.get<Value::Enum>()) out.push_back(word->name);
  }
  return out;
}

std::vector<std::string> Arguments::texts(std::string_view name) const {
  return texts_if(name).value_or(std::vector<std::string>());
}

Arguments Arguments::object(std::string_view name) const {
  const Value* value = find(name);
  const auto* members = value ? value->get<Value::Object>() : nullptr;
  return members ? Arguments(*members) : Arguments();
}

std::vector<Arguments> Arguments::objects(std::string_view name) const {
  std::vector<Arguments> out;
  const Value* value = find(name);
  const auto* list = value ? value->get<Value::List>() : nullptr;
  if (list == nullptr) return out;
  for (const Value& item : *list) {
    if (const auto* members = item.get<Value::Object>()) out.emplace_back(*members);
  }
  return out;
}

Schema::Schema() {
  for (const char* name : {"Int", "Int64", "Float", "String", "Boolean", "ID", "JSON", "JSONString",
                           "DateTime", "Date", "Duration"}) {
    types_[name].name = name;
  }
}

void Schema::define(std::string_view definitions) {
  try {
    ParseLimits limits;
    Parser parser(definitions, limits);
    while (!parser.at_end()) {
      parser.skip_description();
      const bool extend = parser.accept("extend");
      const std::string keyword = parser.name();
      const std::string name = parser.name();
      TypeDefinition& type = types_[name];
      if (!extend && !type.name.empty()) mistake(name + " is defined twice");
      type.name = name;
      using Kind = TypeDefinition::Kind;
      if (keyword == "type" || keyword == "interface") {
        type.kind = keyword == "type" ? Kind::kObject : Kind::kInterface;
        if (parser.accept("implements")) {
          do {
            parser.accept("&");
            type.interfaces.push_back(parser.name());
          } while (parser.at("&"));
        }
        read_fields(parser, type);
      } else if (keyword == "input") {
        type.kind = Kind::kInput;
        parser.expect("{");
        for (InputDefinition& input : read_inputs(parser, "}")) {
          type.inputs.push_back(std::move(input));
        }
      } else if (keyword == "enum") {
        type.kind = Kind::kEnum;
        parser.expect("{");
        while (!parser.accept("}")) type.members.push_back(parser.name());
      } else if (keyword == "union") {
        type.kind = Kind::kUnion;
        parser.expect("=");
        do {
          parser.accept("|");
          type.members.push_back(parser.name());
        } while (parser.at("|"));
      } else if (keyword != "scalar") {
        mistake("what is '" + keyword + "'?");
      }
    }
  } catch (const SyntaxError& e) {
    mistake(e.message);
  }
}

void Schema::resolve(std::string_view type, std::string_view field, Resolver resolver) {
  const auto found = types_.find(type);
  const std::string where = std::string(type) + "." + std::string(field);
  if (found == types_.end()) mistake("there is no type for " + where);
  const auto at = found->second.fields.find(std::string(field));
  if (at == found->second.fields.end()) mistake("there is no field " + where);
  if (at->second.resolve) mistake(where + " is resolved twice");
  at->second.resolve = std::move(resolver);
}

void Schema::check() const {
  const auto known = [&](const TypeRef& ref, const std::string& where) {
    if (!find(ref.innermost())) mistake(where + " is of unknown type " + ref.innermost());
  };
  for (const auto& [name, type] : types_) {
    for (const auto& [field_name, field] : type.fields) {
      const std::string where = name + "." + field_name;
      known(field.type, where);
      for (const InputDefinition& argument : field.arguments) known(argument.type, where);
      if (type.kind == TypeDefinition::Kind::kObject && !field.resolve) {
        mistake(where + " has no resolver");
      }
    }
    for (const InputDefinition& input : type.inputs) known(input.type, name + "." + input.name);
    for (const std::string& interface : type.interfaces) {
      if (!find(interface)) mistake(name + " implements unknown " + interface);
    }
    if (type.kind == TypeDefinition::Kind::kUnion) {
      for (const std::string& member : type.members) {
        if (!find(member)) mistake(name + " has unknown member " + member);
      }
    }
  }
}

const TypeDefinition* Schema::find(std::string_view name) const {
  const auto found = types_.find(name);
  return found == types_.end() ? nullptr : &found->second;
}

bool Schema::is_a(std::string_view object, std::string_view name) const {
  if (object == name) return true;
  const TypeDefinition* type = find(object);
  if (type &&
      std::find(type->interfaces.begin(), type->interfaces.end(), name) != type->interfaces.end()) {
    return true;
  }
  const TypeDefinition* whole = find(name);
  return whole && whole->kind == TypeDefinition::Kind::kUnion &&
         std::find(whole->members.begin(), whole->members.end(), object) != whole->members.end();
}

std::vector<std::string> Schema::field_names() const {
  std::vector<std::string> out;
  for (const auto& [name, type] : types_) {
    for (const auto& [field, definition] : type.fields) out.push_back(name + "." + field);
  }
  std::sort(out.begin(), out.end());
  return out;
}

}  // namespace treadle::graphql
