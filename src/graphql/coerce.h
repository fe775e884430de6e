// Private to the room: making given values fit declared types.
#pragma once

#include <treadle/graphql/schema.h>

#include <map>
#include <optional>
#include <string>

namespace treadle::graphql {

using Variables = std::map<std::string, Value, std::less<>>;  // absent = not given

// A single value stands for a list of one; an enum may be a string; an integral double is an Int.
// Variables inside are replaced (`variables` null: they are left for later). The error says where.
Result<Value> coerce(const Schema& schema, const TypeRef& type, const Value& given,
                     const std::string& where, const Variables* variables);
// Arguments of a field, or members of an input object; nothing unknown, nothing required missing.
Result<Value::Object> coerce_members(const Schema& schema,
                                     const std::vector<InputDefinition>& inputs,
                                     const Value::Object& given, const std::string& where,
                                     const Variables* variables);
Result<Variables> coerce_variables(const Schema& schema, const Operation& operation,
                                   const Value& given);

}  // namespace treadle::graphql
