// How config types are put together, and what a type implies for the field that has it.
#include <treadle/define/config_schema.h>
#include <treadle/define/definitions.h>

#include <algorithm>
#include <utility>

namespace treadle {
namespace {

using Kind = ConfigType::Kind;

ConfigType scalar(Kind kind, const char* name) {
  return ConfigType(ConfigType::Node{.kind = kind, .name = name});
}

ConfigType with_fields(Kind kind, std::vector<ConfigField> fields, std::string description) {
  return ConfigType(ConfigType::Node{
      .kind = kind, .description = std::move(description), .fields = std::move(fields)});
}

ConfigType source(ConfigType::Source source, ConfigType scalar) {
  return ConfigType(ConfigType::Node{
      .kind = Kind::kUnion,
      .source = source,
      .key = std::move(scalar),
      .inner = config::selector({ConfigField{.name = "env", .type = config::string()}})});
}

// Whether a value may be left out altogether, because nothing in it must be said.
bool may_be_left_out(const ConfigType& type) {
  if (type->kind == Kind::kNoneable) return true;
  if (!type.has_fields()) return false;
  if (type->kind == Kind::kSelector && type->fields.size() != 1) return false;
  return std::none_of(type->fields.begin(), type->fields.end(),
                      [](const ConfigField& field) { return field.required; });
}

}  // namespace

ConfigType::ConfigType(Node node) : node_(std::make_shared<const Node>(std::move(node))) {}

ConfigType::ConfigType() : ConfigType(config::any()) {}

bool ConfigType::has_fields() const {
  return node_->kind == Kind::kShape || node_->kind == Kind::kPermissive ||
         node_->kind == Kind::kSelector;
}

const ConfigField* ConfigType::find_field(std::string_view name) const {
  for (const ConfigField& field : node_->fields) {
    if (field.name == name) return &field;
  }
  return nullptr;
}

namespace config {

ConfigType any() {
  static const ConfigType type = scalar(Kind::kAny, "Any");
  return type;
}
ConfigType boolean() {
  static const ConfigType type = scalar(Kind::kBool, "Bool");
  return type;
}
ConfigType integer() {
  static const ConfigType type = scalar(Kind::kInt, "Int");
  return type;
}
ConfigType floating() {
  static const ConfigType type = scalar(Kind::kFloat, "Float");
  return type;
}
ConfigType string() {
  static const ConfigType type = scalar(Kind::kString, "String");
  return type;
}
ConfigType string_source() {
  static const ConfigType type = source(ConfigType::Source::kString, string());
  return type;
}
ConfigType int_source() {
  static const ConfigType type = source(ConfigType::Source::kInt, integer());
  return type;
}
ConfigType bool_source() {
  static const ConfigType type = source(ConfigType::Source::kBool, boolean());
  return type;
}

ConfigType shape(std::vector<ConfigField> fields, std::string description) {
  return with_fields(Kind::kShape, std::move(fields), std::move(description));
}
ConfigType permissive(std::vector<ConfigField> fields, std::string description) {
  return with_fields(Kind::kPermissive, std::move(fields), std::move(description));
}
ConfigType selector(std::vector<ConfigField> fields, std::string description) {
  return with_fields(Kind::kSelector, std::move(fields), std::move(description));
}
ConfigType array(ConfigType inner) {
  return ConfigType(ConfigType::Node{.kind = Kind::kArray, .inner = std::move(inner)});
}
ConfigType map(ConfigType key, ConfigType inner, std::string key_label) {
  return ConfigType(ConfigType::Node{.kind = Kind::kMap,
                                     .name = std::move(key_label),
                                     .key = std::move(key),
                                     .inner = std::move(inner)});
}
ConfigType enumeration(std::string name, std::vector<ConfigType::Member> members) {
  return ConfigType(ConfigType::Node{
      .kind = Kind::kEnum, .name = std::move(name), .members = std::move(members)});
}
ConfigType noneable(ConfigType inner) {
  return ConfigType(ConfigType::Node{.kind = Kind::kNoneable, .inner = std::move(inner)});
}
ConfigType scalar_union(ConfigType scalar, ConfigType non_scalar) {
  return ConfigType(ConfigType::Node{
      .kind = Kind::kUnion, .key = std::move(scalar), .inner = std::move(non_scalar)});
}

std::vector<ConfigError> make_field(ConfigField& field, const std::optional<bool>& required) {
  if (field.default_value) {
    if (auto errors = validate_config(field.type, *field.default_value); !errors.empty())
      return errors;
  }
  const bool optional = field.default_value.has_value() || may_be_left_out(field.type);
  if (!required && optional && !field.default_value) {
    field.default_value = resolve_defaults(field.type, ConfigValue());
  }
  field.required = required.value_or(!optional);
  return {};
}

ConfigField field(std::string name, ConfigType type, FieldOptions options) {
  ConfigField made{.name = std::move(name),
                   .type = std::move(type),
                   .default_value = std::move(options.default_value),
                   .description = std::move(options.description),
                   .secret = options.secret,
                   .alias = std::move(options.alias)};
  std::vector<Problem> problems;
  for (ConfigError& error : make_field(made, options.required)) {
    problems.push_back({.code = "config_default",
                        .subject = made.name,
                        .place = {},
                        .message = "The default of the config field '" + made.name +
                                   "' does not fit its type: " + error.message,
                        .cure = "Give a default of type " + made.type.text() + "."});
  }
  if (!problems.empty()) throw DefinitionError(std::move(problems));
  return made;
}

}  // namespace config
}  // namespace treadle
