// The check of a configuration against its type, in the words of Dagster's errors.
#include "config_path.h"
#include <treadle/base/suggest.h>
#include <treadle/define/config_schema.h>
#include <treadle/define/name_table.h>

#include <algorithm>
#include <utility>

namespace treadle {
namespace {

using Kind = ConfigType::Kind;
using ValueKind = ConfigValue::Kind;
using Reason = ConfigError::Reason;

// Beyond so many unknown names in one dict nobody mistyped: no nearest names are looked for.
constexpr std::size_t kMostHints = 20;

ValueKind scalar_kind(const ConfigValue& value) {
  const ConfigObject* object = value.as_object();
  return object != nullptr ? object->counts_as() : value.kind();
}

bool fits_scalar(Kind kind, ValueKind value) {
  switch (kind) {
    case Kind::kBool:
      return value == ValueKind::kBool;
    case Kind::kInt:
      return value == ValueKind::kInt;
    case Kind::kFloat:
      return value == ValueKind::kInt || value == ValueKind::kFloat || value == ValueKind::kBool;
    default:
      return value == ValueKind::kString;
  }
}

std::string names_text(std::vector<std::string> names) {
  std::sort(names.begin(), names.end());
  ConfigValue::List list(names.begin(), names.end());
  return ConfigValue(std::move(list)).repr();
}

std::vector<std::string> field_names(const ConfigType& type) {
  std::vector<std::string> names;
  names.reserve(type->fields.size());
  for (const ConfigField& field : type->fields) names.push_back(field.name);
  return names;
}

class Check {
 public:
  explicit Check(std::vector<ConfigError>& errors) : errors_(errors) {}

  void value(const ConfigType& type, const ConfigValue& value, const ConfigPath& path) {
    if (type->kind == Kind::kNoneable) {
      if (!value.is_null()) this->value(*type->inner, value, path);
      return;
    }
    if (type->kind == Kind::kAny) return;
    if (value.is_null()) {
      mismatch(path,
               "Value " + path.where() + " must not be None. Expected \"" + type.text() + '"');
      return;
    }
    switch (type->kind) {
      case Kind::kShape:
      case Kind::kPermissive:
        return fields(type, value, path);
      case Kind::kSelector:
        return selector(type, value, path);
      case Kind::kArray:
        return array(type, value, path);
      case Kind::kMap:
        return map(type, value, path);
      case Kind::kEnum:
        return enumeration(type, value, path);
      case Kind::kUnion: {
        const bool composed = value.kind() == ValueKind::kDict || value.kind() == ValueKind::kList;
        return this->value(composed ? *type->inner : *type->key, value, path);
      }
      default:
        return scalar(type, value, path);
    }
  }

 private:
  void add(Reason reason, const ConfigPath& path, std::string message,
           std::vector<std::string> names = {}) {
    errors_.push_back({reason, path.text(), std::move(message), std::move(names)});
  }
  void mismatch(const ConfigPath& path, std::string message) {
    add(Reason::kTypeMismatch, path, std::move(message));
  }

  void scalar(const ConfigType& type, const ConfigValue& value, const ConfigPath& path) {
    const ConfigObject* object = value.as_object();
    if (!fits_scalar(type->kind, scalar_kind(value))) {
      mismatch(path, "Invalid scalar " + path.where() + ". Value \"" + value.text() +
                         "\" of type \"" + value.type_name() +
                         "\" is not valid for expected type \"" + type->name + "\".");
    } else if (const std::string name = object != nullptr ? object->env_var() : ""; !name.empty()) {
      mismatch(
          path,
          "Invalid use of environment variable wrapper. Value \"" + name +
              "\" is wrapped with EnvVar(), which is reserved for passing to structured pydantic "
              "config objects only. To provide an environment variable to a run config dictionary, "
              "replace EnvVar(\"" +
              name + "\") with " + ConfigValue::dict({{"env", name}}).repr() +
              ", or pass a structured RunConfig object.");
    }
  }

  void array(const ConfigType& type, const ConfigValue& value, const ConfigPath& path) {
    const ConfigValue::List* items = value.as_list();
    if (items == nullptr) {
      mismatch(path, "Value " + path.where() + " must be list. Expected: \"" + type.text() + '"');
      return;
    }
    for (std::size_t i = 0; i < items->size(); ++i)
      this->value(*type->inner, (*items)[i], ConfigPath(path, i));
  }

  void map(const ConfigType& type, const ConfigValue& value, const ConfigPath& path) {
    const ConfigValue::Dict* entries = value.as_dict();
    if (entries == nullptr) {
      mismatch(path, "Value " + path.where() + " must be dict. Expected: \"" + type.text() + '"');
      return;
    }
    for (const auto& entry : *entries)
      this->value(*type->key, entry.key, ConfigPath(path, entry.key, ":key"));
    for (const auto& entry : *entries)
      this->value(*type->inner, entry.value, ConfigPath(path, entry.key, ":value"));
  }

  void enumeration(const ConfigType& type, const ConfigValue& value, const ConfigPath& path) {
    if (scalar_kind(value) != ValueKind::kString) {
      mismatch(path,
               "Value " + path.where() + " for enum type " + type->name + " must be a string");
      return;
    }
    const std::string given = value.text();
    std::vector<std::string> names;
    for (const ConfigType::Member& member : type->members) {
      if (member.name == given) return;
      names.push_back(member.name);
    }
    std::string hint = did_you_mean(given, names);
    if (!hint.empty()) hint.insert(0, ".");
    mismatch(path,
             "Value " + path.where() + " not in enum type " + type->name + " got " + given + hint);
  }

  void selector(const ConfigType& type, const ConfigValue& value, const ConfigPath& path) {
    const ConfigValue::Dict* entries = value.as_dict();
    if (entries == nullptr) {
      mismatch(path, "Value for selector type " + path.where() + " must be a dict");
      return;
    }
    if (entries->empty()) {
      if (type->fields.size() != 1) {
        add(Reason::kSelector, path,
            "Must specify a field " + path.where() +
                " if more than one field is defined. Defined fields: " +
                names_text(field_names(type)));
      } else if (type->fields.front().required) {
        add(Reason::kSelector, path,
            "Must specify the required field " + path.where() +
                ". Defined fields: " + names_text(field_names(type)));
      }
      return;
    }
    if (entries->size() > 1) {
      std::vector<std::string> given;
      for (const auto& entry : *entries) given.push_back(entry.key.text());
      add(Reason::kSelector, path,
          "You can only specify a single field " + path.where() + ". You specified " +
              names_text(given) + ". The available fields are " + names_text(field_names(type)),
          given);
      return;
    }
    const auto& [key, chosen] = entries->front();
    const ConfigField* field = type.find_field(key.text());
    if (field == nullptr) return undefined(type, {key.text()}, field_names(type), path);
    const bool filled_in = chosen.is_null() && field->type.has_fields();
    this->value(field->type, filled_in ? ConfigValue::dict() : chosen,
                ConfigPath(path, field->name));
  }

  void fields(const ConfigType& type, const ConfigValue& value, const ConfigPath& path) {
    const ConfigValue::Dict* entries = value.as_dict();
    if (entries == nullptr) {
      mismatch(path, "Value " + path.where() + " must be dict. Expected: \"" + type.text() + "\".");
      return;
    }
    NameTable given(entries->size());
    for (std::uint32_t i = 0; i < entries->size(); ++i) {
      if (const std::string* name = (*entries)[i].key.as_string()) given.add(*name, i);
    }
    if (type->kind == Kind::kShape) check_undefined(type, *entries, given, path);
    check_missing(type, given, path);
    for (const ConfigField& field : type->fields) {
      const std::uint32_t named = given.find(field.name);
      const std::uint32_t aliased =
          field.alias.empty() ? NameTable::kNone : given.find(field.alias);
      if (named != NameTable::kNone && aliased != NameTable::kNone) {
        add(Reason::kAliasCollision, ConfigPath(path, field.name),
            "Received both field '" + field.name + "' and field '" + field.alias +
                "' in config. Please use one or the other.",
            {field.name, field.alias});
      } else if (const std::uint32_t index = named != NameTable::kNone ? named : aliased;
                 index != NameTable::kNone) {
        this->value(field.type, (*entries)[index].value, ConfigPath(path, field.name));
      }
    }
  }

  void check_undefined(const ConfigType& type, const ConfigValue::Dict& entries,
                       const NameTable& given, const ConfigPath& path) {
    NameTable defined(type->fields.size());
    for (const ConfigField& field : type->fields) {
      defined.add(field.name, 0);
      if (!field.alias.empty()) defined.add(field.alias, 0);
    }
    std::vector<std::string> unknown;
    for (const auto& entry : entries) {
      const std::string* name = entry.key.as_string();
      if (name == nullptr || defined.find(*name) == NameTable::kNone)
        unknown.push_back(entry.key.text());
    }
    if (unknown.empty()) return;
    std::vector<std::string> candidates;
    for (const ConfigField& field : type->fields) {
      if (given.find(field.name) == NameTable::kNone) candidates.push_back(field.name);
    }
    undefined(type, std::move(unknown), candidates, path);
  }

  void undefined(const ConfigType& type, std::vector<std::string> unknown,
                 const std::vector<std::string>& candidates, const ConfigPath& path) {
    std::sort(unknown.begin(), unknown.end());
    if (unknown.size() == 1) {
      add(Reason::kUndefinedField, path,
          "Received unexpected config entry \"" + unknown.front() + "\" " + path.where() +
              ". Expected: \"" + type.text() + "\"." + did_you_mean(unknown.front(), candidates),
          unknown);
      return;
    }
    std::string hints;
    for (std::size_t i = 0; i < unknown.size() && unknown.size() <= kMostHints; ++i) {
      const std::string nearest = nearest_name(unknown[i], candidates);
      if (!nearest.empty()) {
        hints +=
            (hints.empty() ? " Did you mean '" : ", '") + nearest + "' for '" + unknown[i] + "'";
      }
    }
    if (!hints.empty()) hints += '?';
    add(Reason::kUndefinedFields, path,
        "Received unexpected config entries \"" + names_text(unknown) + "\" " + path.where() +
            ". Expected: \"" + names_text(field_names(type)) + ".\"" + hints,
        unknown);
  }

  void check_missing(const ConfigType& type, const NameTable& given, const ConfigPath& path) {
    std::vector<const ConfigField*> missing;
    for (const ConfigField& field : type->fields) {
      if (!field.required || given.find(field.name) != NameTable::kNone) continue;
      if (field.alias.empty() || given.find(field.alias) == NameTable::kNone)
        missing.push_back(&field);
    }
    if (missing.empty()) return;
    std::sort(missing.begin(), missing.end(),
              [](const ConfigField* a, const ConfigField* b) { return a->name < b->name; });
    ConfigValue::Dict example;
    std::vector<std::string> names;
    for (const ConfigField* field : missing) {
      example.push_back({field->name, minimal_config(field->type)});
      names.push_back(field->name);
    }
    const std::string text = ConfigValue(std::move(example)).repr();
    if (missing.size() == 1) {
      add(Reason::kMissingField, path,
          "Missing required config entry \"" + names.front() + "\" " + path.where() +
              ". You must provide this value in your run config. Example config for the missing "
              "entry: " +
              text,
          names);
    } else {
      add(Reason::kMissingFields, path,
          "Missing required config entries " + names_text(names) + " " + path.where() +
              ". You must provide these values in your run config. Example config for the missing "
              "entries: " +
              text,
          names);
    }
  }

  std::vector<ConfigError>& errors_;
};

}  // namespace

std::vector<ConfigError> validate_config(const ConfigType& type, const ConfigValue& value) {
  std::vector<ConfigError> errors;
  Check(errors).value(type, value, ConfigPath());
  return errors;
}

std::string ConfigOutcome::text(std::string_view preamble) const {
  std::string text(preamble);
  for (std::size_t i = 0; i < errors.size(); ++i) {
    text += "\n    Error " + std::to_string(i + 1) + ": " + errors[i].message;
  }
  return text;
}

}  // namespace treadle
