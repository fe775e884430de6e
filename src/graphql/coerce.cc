#include "coerce.h"

#include <treadle/base/suggest.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace treadle::graphql {
namespace {

constexpr double kLargestExact = 9007199254740992.0;  // 2^53

std::string shown(const Value& value) {
  std::string text = json_text(value);
  if (text.size() > 100) text = text.substr(0, 100) + "...";
  return text;
}

tl::unexpected<Error> misfit(const std::string& where, const std::string& type,
                             const Value& given) {
  return fail(Errc::kInvalidArgument,
              where + " of type \"" + type + "\" cannot be " + shown(given) + ".");
}

std::optional<std::int64_t> integral(const Value& given) {
  if (const auto* n = given.get<std::int64_t>()) return *n;
  if (const auto* d = given.get<double>()) {
    if (std::floor(*d) == *d && std::abs(*d) <= kLargestExact) return static_cast<std::int64_t>(*d);
  }
  return std::nullopt;
}

Result<Value> coerce_scalar(const std::string& type, const Value& given, const std::string& where) {
  if (type == "JSON") return given;
  if (type == "Int" || type == "Int64") {
    const auto number = integral(given);
    constexpr std::int64_t kMost = std::numeric_limits<std::int32_t>::max();
    if (!number || (type == "Int" && (*number > kMost || *number < -kMost - 1))) {
      return misfit(where, type, given);
    }
    return Value{*number};
  }
  if (type == "Float") {
    if (const auto* n = given.get<std::int64_t>()) return Value{static_cast<double>(*n)};
    if (given.get<double>()) return given;
    return misfit(where, type, given);
  }
  if (type == "Boolean") {
    if (given.get<bool>()) return given;
    return misfit(where, type, given);
  }
  if (given.get<std::string>()) return given;
  if (type == "ID") {
    if (const auto* n = given.get<std::int64_t>()) return Value{std::to_string(*n)};
  }
  if (type == "Duration" && integral(given)) return Value{*integral(given)};
  return misfit(where, type, given);
}

Result<Value> coerce_enum(const TypeDefinition& type, const Value& given,
                          const std::string& where) {
  std::string name;
  if (const auto* word = given.get<Value::Enum>()) name = word->name;
  if (const auto* text = given.get<std::string>()) name = *text;
  if (std::find(type.members.begin(), type.members.end(), name) == type.members.end()) {
    auto error = misfit(where, type.name, given);
    return fail(error.value().code, error.value().message + did_you_mean(name, type.members));
  }
  return Value{std::move(name)};
}

}  // namespace

Result<Value> coerce(const Schema& schema, const TypeRef& type, const Value& given,
                     const std::string& where, const Variables* variables) {
  if (const auto* variable = given.get<Value::Variable>()) {
    if (variables == nullptr) return given;
    const auto found = variables->find(variable->name);
    if (found == variables->end() || found->second.is_null()) {
      if (!type.non_null) return Value{};
      return fail(Errc::kInvalidArgument, where + " of required type \"" + type.text() +
                                              "\" was given no value by the variable \"$" +
                                              variable->name + "\".");
    }
    // The variable was made to fit its own type; what it is used for may be a list of that.
    return coerce(schema, type, found->second, where, variables);
  }
  if (given.is_null()) {
    if (type.non_null) {
      return fail(Errc::kInvalidArgument,
                  where + " of required type \"" + type.text() + "\" must not be null.");
    }
    return Value{};
  }
  if (type.item) {
    Value::List out;
    if (const auto* list = given.get<Value::List>()) {
      for (const Value& item : *list) {
        TREADLE_TRY(Value one, coerce(schema, *type.item, item, where, variables));
        out.push_back(std::move(one));
      }
    } else {
      TREADLE_TRY(Value one, coerce(schema, *type.item, given, where, variables));
      out.push_back(std::move(one));
    }
    return Value{std::move(out)};
  }
  const TypeDefinition* definition = schema.find(type.name);
  if (definition == nullptr) {
    return fail(Errc::kInvalidArgument, "Unknown type \"" + type.name + "\".");
  }
  if (definition->kind == TypeDefinition::Kind::kEnum) {
    return coerce_enum(*definition, given, where);
  }
  if (definition->kind == TypeDefinition::Kind::kInput) {
    const auto* members = given.get<Value::Object>();
    if (members == nullptr) return misfit(where, type.name, given);
    TREADLE_TRY(Value::Object out,
                coerce_members(schema, definition->inputs, *members, where, variables));
    return Value{std::move(out)};
  }
  if (definition->kind != TypeDefinition::Kind::kScalar) {
    return fail(Errc::kInvalidArgument, "\"" + type.name + "\" is not a type of input.");
  }
  if (definition->name == "JSON") {
    // Any literal goes, with variables in it.
    if (given.get<Value::List>() || given.get<Value::Object>()) return given;
  }
  return coerce_scalar(type.name, given, where);
}

Result<Value::Object> coerce_members(const Schema& schema,
                                     const std::vector<InputDefinition>& inputs,
                                     const Value::Object& given, const std::string& where,
                                     const Variables* variables) {
  Value::Object out;
  std::size_t known = 0;
  for (const InputDefinition& input : inputs) {
    const auto found = std::find_if(given.begin(), given.end(),
                                    [&](const auto& member) { return member.first == input.name; });
    const std::string place = where + " argument \"" + input.name + "\"";
    const Value* value = found == given.end() ? nullptr : &found->second;
    if (value != nullptr) ++known;
    if (value != nullptr && variables != nullptr) {
      // A variable without a value is as if the argument had not been written.
      if (const auto* variable = value->get<Value::Variable>()) {
        if (variables->find(variable->name) == variables->end()) value = nullptr;
      }
    }
    if (value == nullptr) {
      if (input.default_value) {
        TREADLE_TRY(Value fitted,
                    coerce(schema, input.type, *input.default_value, place, variables));
        out.emplace_back(input.name, std::move(fitted));
      } else if (input.type.non_null) {
        return fail(Errc::kInvalidArgument, where + ": the argument \"" + input.name +
                                                "\" of type \"" + input.type.text() +
                                                "\" is required, but it was not provided.");
      }
      continue;
    }
    TREADLE_TRY(Value fitted, coerce(schema, input.type, *value, place, variables));
    out.emplace_back(input.name, std::move(fitted));
  }
  if (known != given.size()) {
    std::vector<std::string> names;
    for (const InputDefinition& input : inputs) names.push_back(input.name);
    bool unknown_nulls = false;
    for (const auto& [name, value] : given) {
      if (std::find(names.begin(), names.end(), name) == names.end()) {
        // Clients send every member of their newest inputs; what is null asks for nothing.
        if (value.is_null()) {
          unknown_nulls = true;
          continue;
        }
        return fail(Errc::kInvalidArgument, "Unknown argument \"" + name + "\" on " + where + "." +
                                                did_you_mean(name, names));
      }
    }
    if (!unknown_nulls) {
      return fail(Errc::kInvalidArgument, "An argument on " + where + " is given twice.");
    }
  }
  return out;
}

Result<Variables> coerce_variables(const Schema& schema, const Operation& operation,
                                   const Value& given) {
  Variables out;
  for (const VariableDefinition& variable : operation.variables) {
    const std::string where = "Variable \"$" + variable.name + "\"";
    const Value* value = given.find(variable.name);
    if (value == nullptr) {
      if (variable.default_value) {
        TREADLE_TRY(Value fitted,
                    coerce(schema, variable.type, *variable.default_value, where, nullptr));
        out.emplace(variable.name, std::move(fitted));
      } else if (variable.type.non_null) {
        return fail(Errc::kInvalidArgument,
                    where + " of required type \"" + variable.type.text() + "\" was not provided.");
      }
      continue;
    }
    TREADLE_TRY(Value fitted, coerce(schema, variable.type, *value, where, nullptr));
    out.emplace(variable.name, std::move(fitted));
  }
  return out;
}

}  // namespace treadle::graphql
