#include "execute.h"

#include <treadle/base/json.h>

#include <algorithm>
#include <map>

namespace treadle::graphql {
namespace {

// One field to be answered, its like-named selections merged.
struct Field {
  std::string key_text;  // "\"name\":"
  std::string key;
  const FieldDefinition* definition = nullptr;  // null for __typename
  const TypeDefinition* type = nullptr;         // innermost, of what it returns
  Arguments arguments;
  std::optional<Error> misfit;
  std::vector<const std::vector<Selection>*> below;
  std::vector<std::string_view> selected;
};
using Fields = std::vector<Field>;
using Selections = std::vector<const std::vector<Selection>*>;

class Execution {
 public:
  Execution(const Schema& schema, const Document& document, const Variables& variables,
            const Limits& limits, Context& context, Answer& answer)
      : schema_(schema),
        document_(document),
        variables_(variables),
        limits_(limits),
        context_(context),
        answer_(answer) {}

  void run(const Operation& operation) {
    const TypeDefinition* root =
        schema_.find(operation.kind == Operation::Kind::kMutation ? "Mutation" : "Query");
    std::string& out = answer_.json;
    out += "{\"data\":";
    const Node self{root->name, nullptr};
    if (!write_object({&operation.selections}, *root, self)) out += "null";
    if (!errors_.empty()) {
      out += ",\"errors\":[";
      for (std::size_t i = 0; i < errors_.size(); ++i) out += (i ? "," : "") + errors_[i];
      out += ']';
    }
    out += '}';
    answer_.ran = true;
  }

 private:
  bool included(const Selection& selection) const {
    for (const Directive& directive : selection.directives) {
      const Value& given = directive.arguments[0].second;
      bool value = false;
      if (const auto* b = given.get<bool>()) value = *b;
      if (const auto* variable = given.get<Value::Variable>()) {
        const auto found = variables_.find(variable->name);
        const bool* b = found == variables_.end() ? nullptr : found->second.get<bool>();
        value = b && *b;
      }
      if (value == (directive.name == "skip")) return false;
    }
    return true;
  }

  void collect(const std::vector<Selection>& selections, const TypeDefinition& type, Fields& out,
               std::vector<const Fragment*>& open) {
    for (const Selection& selection : selections) {
      if (!included(selection)) continue;
      if (selection.kind == Selection::Kind::kField) {
        const auto same = std::find_if(out.begin(), out.end(),
                                       [&](const Field& f) { return f.key == selection.key; });
        if (same != out.end()) {
          same->below.push_back(&selection.selections);
          continue;
        }
        Field field;
        field.key = selection.key;
        append_json_string(field.key_text, selection.key);
        field.key_text += ':';
        field.below.push_back(&selection.selections);
        if (selection.name != "__typename") {
          field.definition = &type.fields.at(selection.name);
          field.type = schema_.find(field.definition->type.innermost());
          auto arguments =
              coerce_members(schema_, field.definition->arguments, selection.arguments,
                             "field \"" + type.name + "." + selection.name + "\"", &variables_);
          if (arguments) {
            field.arguments = Arguments(*std::move(arguments));
          } else {
            field.misfit = arguments.error();
          }
        }
        out.push_back(std::move(field));
        continue;
      }
      const Fragment* fragment = selection.kind == Selection::Kind::kSpread
                                     ? document_.find_fragment(selection.name)
                                     : nullptr;
      if (fragment && std::find(open.begin(), open.end(), fragment) != open.end()) continue;
      const std::string& on = fragment ? fragment->on : selection.name;
      if (!on.empty() && !schema_.is_a(type.name, on)) continue;
      if (fragment) open.push_back(fragment);
      collect(fragment ? fragment->selections : selection.selections, type, out, open);
    }
  }

  void collect_names(const std::vector<Selection>& selections, std::vector<std::string_view>& out,
                     int depth) const {
    if (depth > 8) return;
    for (const Selection& selection : selections) {
      if (!included(selection)) continue;
      if (selection.kind == Selection::Kind::kField) {
        out.push_back(selection.name);
      } else if (selection.kind == Selection::Kind::kInline) {
        collect_names(selection.selections, out, depth + 1);
      } else if (const Fragment* fragment = document_.find_fragment(selection.name)) {
        collect_names(fragment->selections, out, depth + 1);
      }
    }
  }

  // The same for every object of a list: found once.
  const Fields& fields_of(const Selections& selections, const TypeDefinition& type) {
    auto& kept = collected_[{selections, &type}];
    if (!kept) {
      kept = std::make_unique<Fields>();
      std::vector<const Fragment*> open;
      for (const auto* one : selections) collect(*one, type, *kept, open);
      for (Field& field : *kept) {
        for (const auto* below : field.below) collect_names(*below, field.selected, 0);
      }
    }
    return *kept;
  }

  void report(const Error& error) {
    answer_.errors.push_back(error);
    if (errors_.size() >= 100) return;
    JsonWriter w;
    w.begin_object().field("message", error.message).key("path").begin_array();
    for (const auto& part : path_) {
      if (part.first) {
        w.value(*part.first);
      } else {
        w.value(part.second);
      }
    }
    w.end_array().end_object();
    errors_.push_back(std::move(w).str());
  }

  // False, with nothing written: null, and it may not be.
  bool write_object(const Selections& selections, const TypeDefinition& type, const Node& self) {
    const Fields& fields = fields_of(selections, type);
    std::string& out = answer_.json;
    const std::size_t begin = out.size();
    out += '{';
    bool first = true;
    for (const Field& field : fields) {
      if (!first) out += ',';
      first = false;
      out += field.key_text;
      if (field.definition == nullptr) {
        append_json_string(out, type.name);
        continue;
      }
      path_.emplace_back(&field.key, 0);
      const bool ok = write_field(field, self);
      path_.pop_back();
      if (!ok) {
        out.resize(begin);
        return false;
      }
    }
    out += '}';
    return true;
  }

  bool write_field(const Field& field, const Node& self) {
    const TypeRef& type = field.definition->type;
    const auto fail_with = [&](const Error& error) {
      report(error);
      if (!type.non_null) answer_.json += "null";
      return !type.non_null;
    };
    if (++resolved_ > limits_.resolved || answer_.json.size() > limits_.answer_bytes) {
      if (!stopped_) {
        stopped_ = true;
        return fail_with(
            {Errc::kInvalidArgument, "The answer became too large. Ask for it in smaller pages."});
      }
      if (!type.non_null) answer_.json += "null";
      return !type.non_null;
    }
    if (field.misfit) return fail_with(*field.misfit);
    const Call call{self, field.arguments, context_, field.selected};
    Result<Output> value = field.definition->resolve(call);
    if (!value) return fail_with(value.error());
    const std::size_t begin = answer_.json.size();
    if (write_value(*value, type, field)) return true;
    answer_.json.resize(begin);
    if (type.non_null) return false;
    answer_.json += "null";
    return true;
  }

  // False, with nothing that counts written: a null where there must be none; it was reported.
  bool write_value(const Output& value, const TypeRef& type, const Field& field) {
    std::string& out = answer_.json;
    if (std::holds_alternative<std::monostate>(value.v)) {
      if (type.non_null) {
        report({Errc::kInternal, "Cannot return null for the non-nullable field \"" +
                                     field.definition->name + "\"."});
        return false;
      }
      out += "null";
      return true;
    }
    if (const auto* list = std::get_if<std::vector<Output>>(&value.v)) {
      const TypeRef& item_type = type.item ? *type.item : type;
      out += '[';
      int index = 0;
      for (const Output& item : *list) {
        if (index) out += ',';
        path_.emplace_back(nullptr, index++);
        const std::size_t begin = out.size();
        const bool ok = write_value(item, item_type, field);
        path_.pop_back();
        if (ok) continue;
        out.resize(begin);
        if (item_type.non_null) return false;
        out += "null";
      }
      out += ']';
      return true;
    }
    answer_.has_data = true;
    if (const auto* object = std::get_if<Node>(&value.v)) {
      const TypeDefinition* concrete =
          object->type == field.type->name ? field.type : schema_.find(object->type);
      return write_object(field.below, *concrete, *object);
    }
    write_leaf(value, field.type->name);
    return true;
  }

  void write_leaf(const Output& value, const std::string& type) {
    std::string& out = answer_.json;
    if (const auto* text = std::get_if<std::string>(&value.v)) {
      append_json_string(out, *text);
    } else if (const auto* number = std::get_if<std::int64_t>(&value.v)) {
      const bool quoted = type == "ID" || type == "String";
      out += quoted ? "\"" + std::to_string(*number) + "\"" : std::to_string(*number);
    } else if (const auto* real = std::get_if<double>(&value.v)) {
      append_json_number(out, *real);
    } else if (const auto* b = std::get_if<bool>(&value.v)) {
      out += *b ? "true" : "false";
    } else if (const auto* raw = std::get_if<Raw>(&value.v)) {
      out += raw->json.empty() ? "null" : raw->json;
    }
  }

  const Schema& schema_;
  const Document& document_;
  const Variables& variables_;
  const Limits& limits_;
  Context& context_;
  Answer& answer_;
  std::map<std::pair<Selections, const TypeDefinition*>, std::unique_ptr<Fields>> collected_;
  std::vector<std::pair<const std::string*, int>> path_;
  std::vector<std::string> errors_;
  std::size_t resolved_ = 0;
  bool stopped_ = false;
};

}  // namespace

void execute(const Schema& schema, const Document& document, const Operation& operation,
             const Variables& variables, const Limits& limits, Context& context, Answer& answer) {
  Execution(schema, document, variables, limits, context, answer).run(operation);
}

std::string errors_json(const std::vector<Error>& errors) {
  JsonWriter w;
  w.begin_object().key("errors").begin_array();
  for (const Error& error : errors) w.begin_object().field("message", error.message).end_object();
  w.end_array().end_object();
  return std::move(w).str();
}

}  // namespace treadle::graphql
