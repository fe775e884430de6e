#include <treadle/app/settings.h>
#include <treadle/base/files.h>
#include <treadle/base/suggest.h>

#include <fmt/format.h>

#include <optional>
#include <vector>

// The only file that includes toml++, header-only: the parser lands in this object and nowhere
// else.
#define TOML_HEADER_ONLY 1
#define TOML_EXCEPTIONS 0
#define TOML_ENABLE_FORMATTERS 0
#include <toml++/toml.h>

namespace treadle::app {
namespace {

const std::vector<std::string> kKeys = {"as_dagster", "database",         "default_pool_limit",
                                        "durability", "executor",         "file",
                                        "home",       "max_concurrent",   "module",
                                        "program",    "working_directory"};

Result<void> read_choice(const std::string& key, std::string& value,
                         const std::vector<std::string>& allowed, const std::string& path) {
  for (const std::string& choice : allowed)
    if (value == choice) return {};
  std::string list;
  for (const std::string& choice : allowed) list += (list.empty() ? "" : ", ") + choice;
  return fail(Errc::kInvalidArgument, fmt::format("{}: '{}' must be one of {}; it is '{}'.{}", path,
                                                  key, list, value, did_you_mean(value, allowed)));
}

Result<Settings> read_table(const toml::table& table, const std::string& path) {
  Settings settings;
  settings.origin = path;
  settings.folder = parent_path(path);
  for (const auto& [name, node] : table) {
    const std::string key(name.str());
    if (key == "max_concurrent") {
      const auto number = node.value_exact<std::int64_t>();
      if (!number || *number < 0 || *number > 100'000)
        return fail(Errc::kInvalidArgument,
                    fmt::format("{}: 'max_concurrent' must be a whole number from 0.", path));
      settings.max_concurrent = static_cast<int>(*number);
      continue;
    }
    if (key == "default_pool_limit") {
      const auto number = node.value_exact<std::int64_t>();
      if (!number || *number < 0 || *number > 1000)
        return fail(
            Errc::kInvalidArgument,
            fmt::format("{}: 'default_pool_limit' must be a whole number from 0 to 1000.", path));
      settings.default_pool_limit = static_cast<int>(*number);
      continue;
    }
    if (key == "as_dagster") {
      const auto flag = node.value_exact<bool>();
      if (!flag)
        return fail(Errc::kInvalidArgument, path + ": 'as_dagster' must be true or false.");
      settings.as_dagster = *flag;
      continue;
    }
    bool known = false;
    for (const std::string& candidate : kKeys) known = known || candidate == key;
    if (!known) {
      std::string list;
      for (const std::string& candidate : kKeys) list += (list.empty() ? "" : ", ") + candidate;
      return fail(Errc::kInvalidArgument,
                  fmt::format("{}: Treadle knows no setting '{}'.{} The settings are: {}.", path,
                              key, did_you_mean(key, kKeys), list));
    }
    const auto text = node.value_exact<std::string>();
    if (!text)
      return fail(Errc::kInvalidArgument, fmt::format("{}: '{}' must be a text.", path, key));
    const auto as_path = [&] {
      return absolute_path(text->starts_with('/') ? *text : join_path(settings.folder, *text));
    };
    if (key == "module") settings.module = *text;
    if (key == "file") settings.file = as_path();
    if (key == "program") settings.program = as_path();
    if (key == "home") settings.home = as_path();
    if (key == "working_directory") settings.working_directory = as_path();
    if (key == "database") settings.database = *text;
    if (key == "executor") settings.executor = *text;
    if (key == "durability") settings.durability = *text;
  }
  if (!settings.executor.empty())
    TREADLE_CHECK(read_choice("executor", settings.executor, {"in_process", "process"}, path));
  if (!settings.durability.empty())
    TREADLE_CHECK(read_choice("durability", settings.durability, {"full", "normal", "off"}, path));
  const int sources = !settings.module.empty() + !settings.file.empty() + !settings.program.empty();
  if (sources > 1)
    return fail(Errc::kInvalidArgument,
                path +
                    ": give only one of 'module', 'file' and 'program': each says where the "
                    "definitions are.");
  return settings;
}

// Where a project of Dagster's says its code is, for one that says nothing to Treadle: [tool.dagster], or
// [tool.dg.project] of its newer command line.
std::optional<Settings> read_dagsters(const toml::table& file, const std::string& path) {
  Settings settings;
  settings.origin = path;
  settings.folder = parent_path(path);
  const auto tool = file["tool"];
  if (const auto name = tool["dagster"]["module_name"].value_exact<std::string>()) {
    settings.module = *name;
  } else if (const auto* modules = tool["dagster"]["modules"].as_array();
             modules && modules->size() == 1) {
    settings.module = tool["dagster"]["modules"][0]["name"].value_or(std::string());
  } else if (const auto root = tool["dg"]["project"]["root_module"].value_exact<std::string>()) {
    const auto project = tool["dg"]["project"];
    settings.module = project["autoload_defs"].value_or(false)
                          ? project["defs_module"].value_or(*root + ".defs")
                          : project["code_location_target_module"].value_or(*root + ".definitions");
  }
  if (settings.module.empty()) return std::nullopt;
  // Such a project is installed while it is worked on; its package may be below src/.
  const std::string package = settings.module.substr(0, settings.module.find('.'));
  const std::string source = join_path(settings.folder, "src");
  if (!real_files().stat(join_path(settings.folder, package)) &&
      real_files().stat(join_path(source, package)))
    settings.working_directory = source;
  return settings;
}

// Nothing when the file is absent or has no table for us.
Result<std::optional<Settings>> read_one(const std::string& path, bool is_pyproject,
                                         std::optional<Settings>& dagsters) {
  auto text = read_file(real_files(), path);
  if (!text) {
    if (text.error().code == Errc::kNotFound) return std::nullopt;
    return fail(std::move(text).error());
  }
  // A pyproject.toml of somebody else is none of our business, even if it does not parse.
  if (is_pyproject && text->find("treadle") == std::string::npos) {
    if (!dagsters && text->find("[tool.d") != std::string::npos)
      if (const toml::parse_result theirs = toml::parse(*text, path))
        dagsters = read_dagsters(theirs.table(), path);
    return std::nullopt;
  }
  const toml::parse_result parsed = toml::parse(*text, path);
  if (!parsed) {
    return fail(Errc::kInvalidArgument,
                fmt::format("{}:{}: this is not TOML: {}.", path,
                            parsed.error().source().begin.line, parsed.error().description()));
  }
  const toml::table* table = &parsed.table();
  if (is_pyproject) {
    if (!dagsters) dagsters = read_dagsters(parsed.table(), path);
    table = parsed.table()["tool"]["treadle"].as_table();
    if (!table) return std::nullopt;
  }
  TREADLE_TRY(Settings settings, read_table(*table, path));
  const bool no_source =
      settings.module.empty() && settings.file.empty() && settings.program.empty();
  if (no_source && dagsters && dagsters->origin == path) {
    settings.module = dagsters->module;
    if (settings.working_directory.empty())
      settings.working_directory = dagsters->working_directory;
  }
  return settings;
}

}  // namespace

Result<Settings> read_settings(const std::string& folder) {
  std::string current = absolute_path(folder);
  std::optional<Settings> dagsters;
  while (true) {
    TREADLE_TRY(auto own, read_one(join_path(current, "treadle.toml"), false, dagsters));
    if (own) return std::move(*own);
    TREADLE_TRY(auto shared, read_one(join_path(current, "pyproject.toml"), true, dagsters));
    if (shared) return std::move(*shared);
    std::string parent = parent_path(current);
    if (parent == current || parent.empty()) return std::move(dagsters).value_or(Settings{});
    current = std::move(parent);
  }
}

}  // namespace treadle::app
