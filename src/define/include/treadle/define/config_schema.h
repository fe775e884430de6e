// Config schemas: what a run's configuration may say, and the check of what it does say. Everything that is wrong is told at once, each
// with its path, what is expected there and the nearest name; what is right comes back with defaults filled in.
//   const ConfigType schema = config::shape({
//       config::field("url", config::string_source()),
//       config::field("retries", config::integer(), {.default_value = 3}),
//   });
//   const ConfigOutcome outcome = process_config(schema, ConfigValue::dict({{"url", "db.local"}}));
//   outcome.value    // {'url': 'db.local', 'retries': 3}
#pragma once

#include <treadle/define/config_value.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace treadle {

struct ConfigField;

// A type of configuration: a value, cheap to copy, immutable, thread-safe. Made by the functions of namespace config.
class ConfigType {
 public:
  enum class Kind : std::uint8_t {
    kAny,
    kBool,
    kInt,
    kFloat,  // takes whole numbers, too; the value that comes back is a float
    kString,
    kShape,       // a dict with these fields and no others
    kPermissive,  // a dict with these fields, and any others
    kSelector,    // a dict with exactly one of these fields
    kArray,       // a list of `inner`
    kMap,         // a dict from `key` (a scalar) to `inner`
    kEnum,        // the name of one of `members`
    kNoneable,    // `inner` or null
    kUnion,       // a scalar (`key`), or a dict or list (`inner`)
  };
  // Of a union of a scalar and {env: NAME}: the environment variable is looked up, and becomes that scalar.
  enum class Source : std::uint8_t { kNone, kString, kInt, kBool };
  struct Member {
    std::string name;
    std::optional<ConfigValue> value = {};  // what a function sees; nothing = the name
    std::string description = {};
  };
  struct Node;

  ConfigType();  // any value
  explicit ConfigType(Node node);
  const Node& operator*() const { return *node_; }
  const Node* operator->() const { return node_.get(); }
  bool has_fields() const;
  const ConfigField* find_field(std::string_view name) const;
  // On one line: "{ retries?: Int url: (String | { env: String }) }".
  std::string text() const;

 private:
  std::shared_ptr<const Node> node_;
};

struct ConfigField {
  std::string name;
  ConfigType type;
  bool required = true;
  std::optional<ConfigValue> default_value;  // absent and no default: left out
  std::string description;
  bool secret = false;
  std::string alias;  // another name for it; "" = none
};

struct ConfigType::Node {
  Kind kind = Kind::kAny;
  Source source = Source::kNone;
  std::string name;  // "Int", an enum's, what the keys of a map are; "" = none
  std::string description;
  std::vector<ConfigField> fields;
  std::optional<ConfigType> key;
  std::optional<ConfigType> inner;
  std::vector<Member> members;
};

// One mistake in a configuration.
struct ConfigError {
  enum class Reason : std::uint8_t {
    kTypeMismatch,
    kMissingField,
    kMissingFields,
    kUndefinedField,
    kUndefinedFields,
    kSelector,
    kPostProcessing,  // an environment variable that is not set, or is no number
    kAliasCollision,
  };
  Reason reason = Reason::kTypeMismatch;
  std::string path;                     // "root:ops:model:config:trees"; "" = the root
  std::string message;                  // Dagster's words, then "Did you mean ...?"
  std::vector<std::string> names = {};  // the fields it is about: missing, undefined, selected
};

struct ConfigOutcome {
  std::optional<ConfigValue> value;  // null when there are errors
  std::vector<ConfigError> errors;
  bool ok() const { return errors.empty(); }
  // `preamble` and every error on a line of its own: what DagsterInvalidConfigError says.
  std::string text(std::string_view preamble) const;
};

// Configuration that is made of other, as a rule simpler configuration.
struct ConfigMapping {
  ConfigType schema;  // what is said
  // What it stands for; of a value that fits, with its defaults. Thread-safe.
  std::function<Result<ConfigValue>(const ConfigValue&)> map;
};

// The value of an environment variable; nothing when it is not set.
using EnvironmentLookup = std::function<std::optional<std::string>(const std::string& name)>;
std::optional<std::string> process_environment(const std::string& name);

// Everything that is wrong with `value`; empty when it fits. Looks nothing up.
std::vector<ConfigError> validate_config(const ConfigType& type, const ConfigValue& value);
// Checks, fills in defaults, looks environment variables up, and gives enums and floats their values.
ConfigOutcome process_config(const ConfigType& type, const ConfigValue& value,
                             const EnvironmentLookup& environment = process_environment);
// Defaults alone: of a value that fits.
ConfigValue resolve_defaults(const ConfigType& type, const ConfigValue& value);

// The smallest value that says all that must be said: "..." for texts, 0 for numbers.
ConfigValue minimal_config(const ConfigType& type);
// A configuration to start from, as YAML: required entries with an example, the others with their default, each with its type and
// description as a comment.
std::string sample_yaml(const ConfigType& type);
// For user interfaces: {"kind": "shape", "fields": [{"name": ..., "type": {...}, "required": true}]}.
std::string schema_json(const ConfigType& type);

namespace config {

ConfigType any();
ConfigType boolean();
ConfigType integer();
ConfigType floating();
ConfigType string();
ConfigType string_source();
ConfigType int_source();
ConfigType bool_source();
ConfigType shape(std::vector<ConfigField> fields, std::string description = {});
ConfigType permissive(std::vector<ConfigField> fields = {}, std::string description = {});
ConfigType selector(std::vector<ConfigField> fields, std::string description = {});
ConfigType array(ConfigType inner);
ConfigType map(ConfigType key, ConfigType inner, std::string key_label = {});
ConfigType enumeration(std::string name, std::vector<ConfigType::Member> members);
ConfigType noneable(ConfigType inner);
ConfigType scalar_union(ConfigType scalar, ConfigType non_scalar);

struct FieldOptions {
  std::optional<ConfigValue> default_value = {};
  // Nothing: required unless there is a default, the type may be null, or all below it is optional.
  std::optional<bool> required = {};
  std::string description = {};
  bool secret = false;
  std::string alias = {};
};
// A field, with the default that its type implies. Throws DefinitionError when the default does not fit the type.
ConfigField field(std::string name, ConfigType type, FieldOptions options = {});
// The same for front ends: what is wrong with the default, else nothing.
std::vector<ConfigError> make_field(ConfigField& field, const std::optional<bool>& required);

}  // namespace config

}  // namespace treadle
