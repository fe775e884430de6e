#include <treadle/define/run_config.h>

#include <map>
#include <string_view>

namespace treadle {
namespace {

// The nodes of one graph.
struct Level {
  std::map<std::string, Level> graphs;
  std::map<std::string, const StepDef*> steps;
};

ConfigField entry(std::string name, ConfigType type, bool needed) {
  ConfigField field;
  field.name = std::move(name);
  field.type = std::move(type);
  field.required = needed;
  return field;
}

// Whether something in it must be said.
bool is_needed(const ConfigType& type) {
  if (!type.has_fields()) return false;
  for (const ConfigField& field : type->fields) {
    if (field.required) return true;
  }
  return false;
}

ConfigType type_of(const Level& level) {
  std::vector<ConfigField> nodes;
  for (const auto& [name, inner] : level.graphs) {
    ConfigType ops = type_of(inner);
    const bool needed = is_needed(ops);
    nodes.push_back(
        entry(name, config::permissive({entry("ops", std::move(ops), needed)}), needed));
  }
  for (const auto& [name, step] : level.steps) {
    if (!step->config) {
      nodes.push_back(entry(name, config::permissive(), false));
      continue;
    }
    const bool needed = is_needed(*step->config);
    nodes.push_back(
        entry(name, config::permissive({entry("config", *step->config, needed)}), needed));
  }
  return config::shape(std::move(nodes));
}

}  // namespace

ConfigType run_config_schema(const std::vector<StepDef>& steps) {
  Level root;
  for (const StepDef& step : steps) {
    Level* level = &root;
    std::string_view key = step.name;
    for (std::size_t dot = key.find('.'); dot != std::string_view::npos; dot = key.find('.')) {
      level = &level->graphs[std::string(key.substr(0, dot))];
      key.remove_prefix(dot + 1);
    }
    level->steps.emplace(std::string(key), &step);
  }
  ConfigType ops = type_of(root);
  const bool needed = is_needed(ops);
  return config::permissive({entry("ops", std::move(ops), needed)});
}

}  // namespace treadle
