// How a config type is shown: on one line in messages, as an example, as YAML to start from, as JSON for user interfaces.
#include <treadle/base/json.h>
#include <treadle/define/config_schema.h>

#include <algorithm>
#include <cctype>

namespace treadle {
namespace {

using Kind = ConfigType::Kind;
using ValueKind = ConfigValue::Kind;

std::vector<const ConfigField*> by_name(const ConfigType& type) {
  std::vector<const ConfigField*> fields;
  fields.reserve(type->fields.size());
  for (const ConfigField& field : type->fields) fields.push_back(&field);
  std::sort(fields.begin(), fields.end(),
            [](const ConfigField* a, const ConfigField* b) { return a->name < b->name; });
  return fields;
}

void append_text(std::string& out, const ConfigType& type) {
  switch (type->kind) {
    case Kind::kArray:
      out += '[';
      append_text(out, *type->inner);
      out += ']';
      return;
    case Kind::kNoneable:
      append_text(out, *type->inner);
      out += '?';
      return;
    case Kind::kUnion:
      out += '(';
      append_text(out, *type->key);
      out += " | ";
      append_text(out, *type->inner);
      out += ')';
      return;
    case Kind::kMap:
      out += "{ [";
      if (!type->name.empty()) out += type->name + ": ";
      append_text(out, *type->key);
      out += "]: ";
      append_text(out, *type->inner);
      out += " }";
      return;
    case Kind::kShape:
    case Kind::kPermissive:
    case Kind::kSelector:
      out += "{ ";
      for (const ConfigField* field : by_name(type)) {
        out += field->name;
        out += field->required ? ": " : "?: ";
        append_text(out, field->type);
        out += ' ';
      }
      out += '}';
      return;
    default:
      out += type->name;
  }
}

// A text as YAML: bare when nothing in it could be read as something else.
std::string yaml_text(const std::string& text) {
  const auto plain = [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '-' || c == '/';
  };
  std::string lower = text;
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](unsigned char c) { return std::tolower(c); });
  const bool word = lower == "true" || lower == "false" || lower == "null" || lower == "yes" ||
                    lower == "no" || lower == "on" || lower == "off" || lower == "y" ||
                    lower == "n";
  if (!text.empty() && std::isalpha(static_cast<unsigned char>(text.front())) != 0 && !word &&
      std::all_of(text.begin(), text.end(), plain)) {
    return text;
  }
  std::string quoted;
  append_json_string(quoted, text);
  return quoted;
}

// On one line: JSON is YAML, but for its bare NaN and infinities.
std::string yaml_value(const ConfigValue& value) {
  if (const std::string* text = value.as_string()) return yaml_text(*text);
  const std::string json = value.json();
  if (json == "NaN") return ".nan";
  if (json == "Infinity") return ".inf";
  return json == "-Infinity" ? "-.inf" : json;
}

bool is_block(const ConfigType& type) {
  return type.has_fields() && !type->fields.empty();
}

class Sample {
 public:
  std::string out;

  // The fields of a dict; `given` has their values, where there are some. In a comment all lines are.
  void fields(const ConfigType& type, const ConfigValue* given, std::size_t depth, bool comment) {
    bool first = true;
    for (const ConfigField& field : type->fields) {
      const ConfigValue* value = given != nullptr ? given->find(field.name) : nullptr;
      const bool chosen =
          type->kind != Kind::kSelector || (given != nullptr ? value != nullptr : first);
      first = false;
      one(field, value, depth, comment || !chosen);
    }
    if (given == nullptr || given->as_dict() == nullptr) return;
    for (const auto& entry :
         *given->as_dict()) {  // what a permissive dict has by default beside its fields
      if (type.find_field(entry.key.text()) == nullptr) {
        line(yaml_text(entry.key.text()) + ": " + yaml_value(entry.value), "", depth, comment);
      }
    }
  }

 private:
  void one(const ConfigField& field, const ConfigValue* value, std::size_t depth, bool comment) {
    if (value == nullptr && field.default_value) value = &*field.default_value;
    const bool left_out = value == nullptr && !field.required;
    std::string about = is_block(field.type) ? "" : field.type.text();
    if (!field.required) about += about.empty() ? "optional" : ", optional";
    if (!field.description.empty())
      about += (about.empty() ? "" : ": ") + first_line(field.description);
    if (is_block(field.type) && (value == nullptr || value->as_dict() != nullptr)) {
      line(yaml_text(field.name) + ":", about, depth, comment || left_out);
      fields(field.type, value, depth + 1, comment || left_out);
      return;
    }
    std::string text = yaml_value(value != nullptr ? *value : example(field.type));
    if (field.secret && value != nullptr) text = "\"...\"";
    line(yaml_text(field.name) + ": " + text, about, depth, comment || left_out);
  }

  static ConfigValue example(const ConfigType& type) {
    return type->kind == Kind::kNoneable ? ConfigValue() : minimal_config(type);
  }
  static std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }

  void line(const std::string& text, const std::string& about, std::size_t depth, bool comment) {
    out.append(depth * 2, ' ');
    if (comment) out += "# ";
    out += text;
    if (!about.empty()) out += "  # " + about;
    out += '\n';
  }
};

std::string_view kind_name(Kind kind) {
  switch (kind) {
    case Kind::kAny:
      return "any";
    case Kind::kBool:
      return "bool";
    case Kind::kInt:
      return "int";
    case Kind::kFloat:
      return "float";
    case Kind::kString:
      return "string";
    case Kind::kShape:
      return "shape";
    case Kind::kPermissive:
      return "permissive";
    case Kind::kSelector:
      return "selector";
    case Kind::kArray:
      return "array";
    case Kind::kMap:
      return "map";
    case Kind::kEnum:
      return "enum";
    case Kind::kNoneable:
      return "noneable";
    case Kind::kUnion:
      return "union";
  }
  return "any";
}

void write_schema(JsonWriter& out, const ConfigType& type) {
  out.begin_object().field("kind", kind_name(type->kind));
  if (!type->name.empty()) out.field("name", std::string_view(type->name));
  if (!type->description.empty()) out.field("description", std::string_view(type->description));
  if (type->source != ConfigType::Source::kNone) out.field("environment", true);
  if (type.has_fields()) {
    out.key("fields").begin_array();
    for (const ConfigField& field : type->fields) {
      out.begin_object()
          .field("name", std::string_view(field.name))
          .field("required", field.required);
      if (!field.description.empty()) out.field("description", std::string_view(field.description));
      if (!field.alias.empty()) out.field("alias", std::string_view(field.alias));
      if (field.secret) out.field("secret", true);
      if (field.default_value && !field.secret) out.key("default").raw(field.default_value->json());
      write_schema(out.key("type"), field.type);
      out.end_object();
    }
    out.end_array();
  }
  if (type->kind == Kind::kEnum) {
    out.key("members").begin_array();
    for (const ConfigType::Member& member : type->members) {
      out.begin_object().field("name", std::string_view(member.name));
      if (!member.description.empty())
        out.field("description", std::string_view(member.description));
      out.end_object();
    }
    out.end_array();
  }
  if (type->key) write_schema(out.key(type->kind == Kind::kUnion ? "scalar" : "key"), *type->key);
  if (type->inner) write_schema(out.key("inner"), *type->inner);
  out.end_object();
}

}  // namespace

std::string ConfigType::text() const {
  std::string out;
  append_text(out, *this);
  return out;
}

ConfigValue minimal_config(const ConfigType& type) {
  switch (type->kind) {
    case Kind::kAny:
      return "AnyType";
    case Kind::kBool:
      return true;
    case Kind::kInt:
      return 0;
    case Kind::kFloat:
      return 0.0;
    case Kind::kString:
      return "...";
    case Kind::kShape:
    case Kind::kPermissive: {
      ConfigValue::Dict entries;
      for (const ConfigField& field : type->fields) {
        if (field.required) entries.push_back({field.name, minimal_config(field.type)});
      }
      return entries;
    }
    case Kind::kSelector:
      return "<selector>";
    case Kind::kArray:
      return ConfigValue::list();
    case Kind::kMap:
      return ConfigValue::dict();
    case Kind::kEnum:
      return type->members.empty() ? "<unknown>" : type->members.front().name;
    case Kind::kUnion:
      return minimal_config(*type->key);
    case Kind::kNoneable:
      break;
  }
  return "<unknown>";
}

std::string sample_yaml(const ConfigType& type) {
  if (!is_block(type)) return yaml_value(minimal_config(type)) + "\n";
  Sample sample;
  sample.fields(type, nullptr, 0, false);
  return std::move(sample.out);
}

std::string schema_json(const ConfigType& type) {
  JsonWriter out;
  write_schema(out, type);
  return std::move(out).str();
}

}  // namespace treadle
