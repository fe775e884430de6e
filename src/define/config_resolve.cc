// From a configuration that fits to what functions see: defaults, environment variables, enum members, floats.
#include "config_path.h"
#include <treadle/define/config_schema.h>
#include <treadle/define/name_table.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cstdlib>
#include <utility>

namespace treadle {
namespace {

using Kind = ConfigType::Kind;
using ValueKind = ConfigValue::Kind;

// What Python's int() reads: blanks around, a sign, digits with single underscores between them.
std::optional<ConfigValue> parse_int(std::string_view text) {
  const auto blank = [](char c) { return std::isspace(static_cast<unsigned char>(c)) != 0; };
  while (!text.empty() && blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && blank(text.back())) text.remove_suffix(1);
  std::string digits;
  if (!text.empty() && (text.front() == '-' || text.front() == '+')) {
    if (text.front() == '-') digits = "-";
    text.remove_prefix(1);
  }
  bool digit_before = false;
  for (const char c : text) {
    const bool digit = std::isdigit(static_cast<unsigned char>(c)) != 0;
    if (!digit && (c != '_' || !digit_before)) return std::nullopt;
    if (digit) digits += c;
    digit_before = digit;
  }
  if (!digit_before) return std::nullopt;
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (error != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
  return ConfigValue(value);
}

// Everything says yes but these; so does Dagster.
bool parse_bool(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return std::tolower(c); });
  return !text.empty() && text != "false" && text != "none" && text != "0";
}

class Resolve {
 public:
  // Without an environment: defaults alone.
  Resolve(const EnvironmentLookup* environment, std::vector<ConfigError>& errors)
      : environment_(environment), errors_(errors) {}

  ConfigValue value(const ConfigType& type, const ConfigValue& given, const ConfigPath& path) {
    switch (type->kind) {
      case Kind::kShape:
      case Kind::kPermissive:
        return fields(type, given, path);
      case Kind::kSelector:
        return selector(type, given, path);
      case Kind::kArray: {
        ConfigValue::List items;
        if (const ConfigValue::List* list = given.as_list()) {
          items.reserve(list->size());
          for (const ConfigValue& item : *list) {
            items.push_back(value(*type->inner, item, ConfigPath(path, items.size())));
          }
        }
        return items;
      }
      case Kind::kMap: {
        ConfigValue::Dict entries;
        if (const ConfigValue::Dict* dict = given.as_dict()) {
          entries.reserve(dict->size());
          for (const auto& entry : *dict) {
            entries.push_back({entry.key, value(*type->inner, entry.value,
                                                ConfigPath(path, entry.key, ":value"))});
          }
        }
        return entries;
      }
      case Kind::kNoneable:
        return given.is_null() ? ConfigValue() : value(*type->inner, given, path);
      case Kind::kUnion: {
        const bool composed = given.kind() == ValueKind::kDict || given.kind() == ValueKind::kList;
        const ConfigValue plain = value(composed ? *type->inner : *type->key, given, path);
        return composed && environment_ != nullptr ? looked_up(type, plain, path) : plain;
      }
      case Kind::kEnum:
        if (environment_ != nullptr) {
          for (const ConfigType::Member& member : type->members) {
            if (member.name == given.text()) return member.value.value_or(ConfigValue(member.name));
          }
        }
        return given;
      case Kind::kFloat:
        if (environment_ != nullptr) {
          if (const auto flag = given.as_bool()) return *flag ? 1.0 : 0.0;
          if (const auto number = given.as_double()) return *number;
          const ConfigObject* object = given.as_object();
          if (object != nullptr && object->counts_as() == ValueKind::kInt) {
            return std::strtod(object->text().c_str(), nullptr);  // beyond 64 bits
          }
        }
        return given;
      default:
        return given;
    }
  }

 private:
  ConfigValue fields(const ConfigType& type, const ConfigValue& given, const ConfigPath& path) {
    static const ConfigValue::Dict nothing;
    const ConfigValue::Dict& entries = given.as_dict() != nullptr ? *given.as_dict() : nothing;
    NameTable named(entries.size());
    for (std::uint32_t i = 0; i < entries.size(); ++i) {
      if (const std::string* name = entries[i].key.as_string()) named.add(*name, i);
    }
    ConfigValue::Dict out;
    out.reserve(type->fields.size());
    NameTable known(type->fields.size());
    for (const ConfigField& field : type->fields) {
      known.add(field.name, 0);
      std::uint32_t index = named.find(field.name);
      if (index == NameTable::kNone && !field.alias.empty()) index = named.find(field.alias);
      const ConfigPath here(path, field.name);
      if (index != NameTable::kNone) {
        out.push_back({field.name, value(field.type, entries[index].value, here)});
      } else if (field.default_value) {
        out.push_back({field.name, value(field.type, *field.default_value, here)});
      }
    }
    if (type->kind == Kind::kPermissive) {
      for (const auto& entry : entries) {
        const std::string* name = entry.key.as_string();
        if (name == nullptr || known.find(*name) == NameTable::kNone) out.push_back(entry);
      }
    }
    return out;
  }

  ConfigValue selector(const ConfigType& type, const ConfigValue& given, const ConfigPath& path) {
    const ConfigValue::Dict* entries = given.as_dict();
    const ConfigField* field = nullptr;
    ConfigValue chosen;
    if (entries != nullptr && !entries->empty()) {
      field = type.find_field(entries->front().key.text());
      chosen = entries->front().value;
    } else {
      field = &type->fields.front();
      if (field->default_value) chosen = *field->default_value;
    }
    if (field == nullptr) return given;
    if (chosen.is_null() && field->type.has_fields()) chosen = ConfigValue::dict();
    return ConfigValue::dict(
        {{field->name, value(field->type, chosen, ConfigPath(path, field->name))}});
  }

  ConfigValue looked_up(const ConfigType& type, const ConfigValue& plain, const ConfigPath& path) {
    if (type->source == ConfigType::Source::kNone) return plain;
    const std::string name = plain.find("env")->text();
    const auto text = (*environment_)(name);
    if (!text) {
      return failed(
          path, plain,
          "You have attempted to fetch the environment variable \"" + name +
              "\" which is not set. In order for this execution to succeed it must be set in this "
              "environment.");
    }
    if (type->source == ConfigType::Source::kInt) {
      if (const auto number = parse_int(*text)) return *number;
      // What the variable holds is not said: it may be a secret.
      return failed(path, plain,
                    "Value stored in env variable \"" + name + "\" cannot be coerced into an int.");
    }
    if (type->source == ConfigType::Source::kBool) return parse_bool(*text);
    return *text;
  }

  ConfigValue failed(const ConfigPath& path, const ConfigValue& original, const std::string& why) {
    errors_.push_back({ConfigError::Reason::kPostProcessing, path.text(),
                       "Post processing " + path.where() + " of original value " + original.repr() +
                           " failed:\nPostProcessingError: " + why + "\n"});
    return {};
  }

  const EnvironmentLookup* environment_;
  std::vector<ConfigError>& errors_;
};

}  // namespace

std::optional<std::string> process_environment(const std::string& name) {
  const char* value = std::getenv(name.c_str());
  return value != nullptr ? std::optional<std::string>(value) : std::nullopt;
}

ConfigValue resolve_defaults(const ConfigType& type, const ConfigValue& value) {
  std::vector<ConfigError> none;
  return Resolve(nullptr, none).value(type, value, ConfigPath());
}

ConfigOutcome process_config(const ConfigType& type, const ConfigValue& value,
                             const EnvironmentLookup& environment) {
  ConfigOutcome outcome{.value = std::nullopt, .errors = validate_config(type, value)};
  if (!outcome.ok()) return outcome;
  ConfigValue resolved = Resolve(&environment, outcome.errors).value(type, value, ConfigPath());
  if (outcome.ok()) outcome.value = std::move(resolved);
  return outcome;
}

}  // namespace treadle
