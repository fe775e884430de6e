#include "reproduction.h"

#include "text.h"
#include <treadle/artifact/code_source.h>
#include <treadle/artifact/transfer.h>
#include <treadle/base/files.h>
#include <treadle/base/json_parse.h>
#include <treadle/base/process.h>
#include <treadle/tracking/store.h>

#include <boost/json.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace treadle::cli {
namespace {

namespace json = boost::json;

std::string text_of(const json::object& object, const char* key) {
  const json::value* value = object.if_contains(key);
  return value != nullptr && value->is_string() ? std::string(value->as_string()) : std::string();
}

std::string top_of(const std::string& folder) {
  const auto top = run_program({.words = {"git", "-C", folder, "rev-parse", "--show-toplevel"}});
  return top && top->exit_code == 0 ? top->out.substr(0, top->out.find('\n')) : std::string();
}

// A file inside the repository; "" when it is not in it. The program ran in working_dir =
// <top>/<folder>, wherever the repository was then; with imports resolved from elsewhere, the repository
// that is still there tells.
std::string inside_repository(const artifact::CodeSource& code, const std::string& file,
                              const std::string& working_dir) {
  std::vector<std::string> tops;
  if (code.folder.empty()) {
    tops.push_back(working_dir);
  } else if (working_dir.ends_with("/" + code.folder)) {
    tops.push_back(working_dir.substr(0, working_dir.size() - code.folder.size() - 1));
  }
  tops.push_back(code.repository);
  tops.push_back(top_of(parent_path(file)));
  for (const std::string& top : tops) {
    if (top.starts_with('/') && file.starts_with(top + "/")) return file.substr(top.size() + 1);
  }
  return "";
}

// What a run said of one version when it made it.
struct Made {
  std::string step_key;
  std::string partition;
  std::vector<std::string> assets;  // all of that step: a step makes them together
};

Result<std::optional<Made>> find_made(app::Home& home, const artifact::Version& version) {
  TREADLE_TRY(const std::vector<Event> events,
              home.record().events(
                  {.run_id = version.run_id, .types = {EventType::kAssetMaterialization}}));
  std::optional<Made> made;
  for (const Event& event : events) {
    TREADLE_TRY(const Provenance provenance, provenance_of(event));
    if (provenance.artifact == version.text()) made = Made{event.step_key, event.partition, {}};
  }
  if (!made) return made;
  std::set<std::string> assets;
  for (const Event& event : events) {
    if (event.step_key == made->step_key) assets.insert(event.asset_key);
  }
  made->assets.assign(assets.begin(), assets.end());
  return made;
}

// The run's configuration without that of steps that are not run again.
std::string config_for(const std::string& config, const std::string& step_key) {
  json::value value;
  if (config.empty() || !parse_json_value(config, value) || !value.is_object()) return "";
  json::object& all = value.as_object();
  if (json::value* ops = all.if_contains("ops"); ops != nullptr && ops->is_object()) {
    const std::string node = step_key.substr(0, step_key.find_first_of(".["));
    json::object kept;
    if (const json::value* own = ops->as_object().if_contains(node)) kept.emplace(node, *own);
    *ops = std::move(kept);
  }
  return json_value_text(value);
}

// Behind `materialize`: the asset's step alone, or, of what no asset holds, all that the run ran.
Result<void> say_what_to_run(app::Home& home, Recipe& recipe) {
  const Run& run = *recipe.run;
  TREADLE_TRY(const std::optional<Made> made, find_made(home, recipe.origin.version));
  std::string config = run.run_config;
  if (made) {
    recipe.arguments.push_back(join(made->assets, ","));
    if (!made->partition.empty()) {
      recipe.arguments.insert(recipe.arguments.end(), {"--partition", made->partition});
    }
    config = config_for(config, made->step_key);
  } else if (run.job_name != "__ASSET_JOB") {
    recipe.arguments.insert(recipe.arguments.end(), {"--job", run.job_name});
  } else if (!run.selection.empty()) {
    recipe.arguments.push_back(run.selection);
  }
  if (!config.empty() && config != "{}") {
    recipe.arguments.insert(recipe.arguments.end(), {"--config", config});
  }
  return {};
}

void take_origin(const json::object& how, Recipe& recipe) {
  const std::string kind = text_of(how, "kind");
  const bool program = kind == "program";
  recipe.module = text_of(how, "module");
  recipe.as_dagster = how.contains("as_dagster");
  const std::string file = text_of(how, program ? "path" : "file");
  if (recipe.origin.code && !file.empty()) {
    recipe.source = inside_repository(*recipe.origin.code, file, text_of(how, "working_dir"));
  }
  if (recipe.source.empty() && recipe.module.empty()) {
    recipe.obstacle =
        file.empty() ? "It is not recorded from which file its definitions were loaded."
                     : fmt::format("It was made with {}, which is not in the repository.", file);
  }
  recipe.maker = program ? Maker::kProgram : Maker::kDefinitions;
}

// The script of a run that was tracked and not executed by Treadle.
Result<void> find_script(app::Home& home, Recipe& recipe) {
  const artifact::Version& version = recipe.origin.version;
  TREADLE_TRY(const auto tracked,
              home.tracking().find({version.entity, version.project, version.run_id}));
  if (!tracked) {
    recipe.obstacle = "This home's record does not have the run that made it.";
    return {};
  }
  const auto text = home.tracking().read_file(tracked->key, "wandb-metadata.json", 1 << 20);
  json::value value;
  if (!text || !parse_json_value(*text, value) || !value.is_object() ||
      text_of(value.as_object(), "program").empty()) {
    recipe.obstacle = "Its run does not say which program it was.";
    return {};
  }
  const json::object& told = value.as_object();
  recipe.maker = Maker::kScript;
  recipe.python = text_of(told, "executable");
  const std::string root = text_of(told, "root");
  if (recipe.origin.code) {
    recipe.source = inside_repository(
        *recipe.origin.code, absolute_path(join_path(root, text_of(told, "program"))), root);
    if (recipe.source.empty()) {
      recipe.obstacle = fmt::format("It was made with {}, which is not in the repository.",
                                    text_of(told, "program"));
    }
  }
  if (const json::value* words = told.if_contains("args"); words != nullptr && words->is_array()) {
    for (const json::value& word : words->as_array()) {
      if (word.is_string()) recipe.arguments.emplace_back(word.as_string());
    }
  }
  return {};
}

std::string shell_word(const std::string& word) {
  const bool plain = !word.empty() && std::all_of(word.begin(), word.end(), [](unsigned char c) {
    return std::isalnum(c) != 0 || c >= 0x80 ||
           std::string_view("/._-:=,@+").find(static_cast<char>(c)) != std::string_view::npos;
  });
  if (plain) return word;
  std::string out = "'";
  for (const char c : word) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out + "'";
}

std::vector<std::string> steps_of(const app::Home& home, const Recipe& recipe,
                                  const std::string& place) {
  const artifact::CodeSource& code = *recipe.origin.code;
  const std::string checkout = place + "/code";
  std::vector<std::string> steps;
  steps.push_back(
      fmt::format("git clone {} {}", shell_word(clone_source(code)), shell_word(checkout)));
  steps.push_back(fmt::format("git -C {} checkout {}", shell_word(checkout), code.commit));
  if (!code.diff.empty()) {
    steps.push_back(fmt::format("treadle artifact reproduce {} --diff | git -C {} apply -",
                                recipe.origin.version.text(), shell_word(checkout)));
  }
  const std::string key = join_path(home.path(), "key");
  if (!recipe.origin.inputs.empty() && real_files().stat(key)) {
    steps.push_back(fmt::format("mkdir -p {0}/home && cp {1} {0}/home/key   # opens signed pickles",
                                shell_word(place), shell_word(key)));
  }
  for (const artifact::Version& input : recipe.origin.inputs) {
    steps.push_back(fmt::format("treadle artifact copy {} --to-home {}", input.text(),
                                shell_word(place + "/home")));
  }
  if (!recipe.build.empty())
    steps.push_back(fmt::format("cd {} && {}", shell_word(checkout), recipe.build));
  if (recipe.maker == Maker::kNone || (recipe.source.empty() && recipe.module.empty()))
    return steps;
  const Start start = start_of(recipe, "treadle", checkout, place + "/home");
  const std::string& folder = recipe.origin.code->folder;
  std::vector<std::string> words{
      "cd", shell_word(folder.empty() ? checkout : join_path(checkout, folder)), "&&"};
  for (const auto& [name, value] : start.environment)
    words.push_back(name + "=" + shell_word(value));
  for (const std::string& word : start.words) words.push_back(shell_word(word));
  steps.push_back(join(words, " "));
  return steps;
}

}  // namespace

std::string clone_source(const artifact::CodeSource& code) {
  for (const std::string& folder : {absolute_path("."), code.repository}) {
    const auto known =
        run_program({.words = {"git", "-C", folder, "cat-file", "-e", code.commit + "^{commit}"}});
    if (!known || known->exit_code != 0) continue;
    if (std::string top = top_of(folder); !top.empty()) return top;
  }
  return code.repository;
}

Start start_of(const Recipe& recipe, const std::string& treadle, const std::string& code,
               const std::string& home) {
  const std::string source = recipe.source.empty() ? "" : join_path(code, recipe.source);
  Start start;
  if (recipe.maker == Maker::kScript) {
    const artifact::Version& version = recipe.origin.version;
    start.environment = {{"TREADLE_HOME", home},
                         {"WANDB_ENTITY", version.entity},
                         {"WANDB_PROJECT", version.project}};
    start.words = {recipe.python, source};
    start.words.insert(start.words.end(), recipe.arguments.begin(), recipe.arguments.end());
    return start;
  }
  start.words = {recipe.maker == Maker::kProgram ? source : treadle, "--home", home, "materialize"};
  start.words.insert(start.words.end(), recipe.arguments.begin(), recipe.arguments.end());
  if (recipe.maker == Maker::kProgram) return start;
  start.words.emplace_back(source.empty() ? "-m" : "-f");
  start.words.push_back(source.empty() ? recipe.module : source);
  if (recipe.as_dagster) start.words.emplace_back("--as-dagster");
  return start;
}

Result<Recipe> make_recipe(app::Home& home, const artifact::Version& version,
                           const std::string& folder, const std::string& build) {
  Recipe recipe;
  recipe.build = build;
  TREADLE_TRY(recipe.origin, artifact::origin_of(home.store(), version));
  if (!version.run_id.empty()) {
    TREADLE_TRY(recipe.run, home.record().find_run(version.run_id));
  }
  if (version.run_id.empty()) {
    recipe.obstacle = "It was put by hand: no run made it.";
  } else if (!recipe.run) {
    TREADLE_CHECK(find_script(home, recipe));
  } else {
    json::value how;
    if (parse_json_value(recipe.run->origin, how) && how.is_object()) {
      take_origin(how.as_object(), recipe);
    } else {
      recipe.obstacle =
          "Its run was begun by a program of its own (materialize(), execute_in_process()), and "
          "how that was "
          "started is not recorded.";
    }
    TREADLE_CHECK(say_what_to_run(home, recipe));
  }
  const std::optional<artifact::CodeSource>& code = recipe.origin.code;
  if (recipe.obstacle.empty() || recipe.maker != Maker::kNone) {
    if (!code) {
      recipe.obstacle =
          "Nothing is recorded of its code: it did not run inside a git repository, or git was not "
          "there.";
    } else if (!artifact::is_complete(*code)) {
      recipe.obstacle = code->commit.empty()
                            ? "Its code was not committed: the repository had no commit yet."
                            : "Its code was not committed, and too much of it to be kept.";
    } else if (recipe.obstacle.empty() && recipe.maker == Maker::kProgram && build.empty()) {
      recipe.obstacle =
          "A C++ program made it. Say how it is built where its code is checked out: --build "
          "'cmake -B build "
          "&& cmake --build build'.";
    }
  }
  if (code && !code->commit.empty()) {
    recipe.steps = steps_of(home, recipe, absolute_path(folder.empty() ? "again" : folder));
  }
  return recipe;
}

}  // namespace treadle::cli
