#include "reproduction.h"

#include "text.h"
#include <treadle/artifact/code_source.h>
#include <treadle/artifact/transfer.h>
#include <treadle/base/files.h>
#include <treadle/base/json_parse.h>
#include <treadle/base/process.h>

#include <boost/json.hpp>
#include <fmt/format.h>

#include <array>
#include <cstdlib>
#include <unistd.h>

namespace treadle::cli {
namespace {

namespace json = boost::json;

std::string text_of(const json::object& object, const char* key) {
  const json::value* value = object.if_contains(key);
  return value != nullptr && value->is_string() ? std::string(value->as_string()) : std::string();
}

std::string asset_of(const artifact::Version& version) {
  json::value value;
  if (!parse_json_value(version.metadata, value) || !value.is_object()) return "";
  const json::value* ours = value.as_object().if_contains("treadle");
  return ours != nullptr && ours->is_object() ? text_of(ours->as_object(), "asset_key") : "";
}

// The repository on this machine that has the commit: the one around the current folder, or the
// recorded one when it is a folder. Else where it can be cloned from.
std::string clone_source(const artifact::CodeSource& code) {
  for (const std::string& folder : {absolute_path("."), code.repository}) {
    const auto known =
        run_program({.words = {"git", "-C", folder, "cat-file", "-e", code.commit + "^{commit}"}});
    if (!known || known->exit_code != 0) continue;
    const auto top = run_program({.words = {"git", "-C", folder, "rev-parse", "--show-toplevel"}});
    if (top && top->exit_code == 0) return top->out.substr(0, top->out.find('\n'));
  }
  return code.repository;
}

// Where the definitions are inside the repository; "" when they are not in it.
std::string inside_repository(const artifact::CodeSource& code, const std::string& file,
                              const std::string& working_dir) {
  // The program ran in working_dir = <top>/<folder>, wherever the repository was then.
  std::string top = working_dir;
  if (!code.folder.empty()) {
    if (!top.ends_with("/" + code.folder)) return "";
    top.resize(top.size() - code.folder.size() - 1);
  }
  return file.starts_with(top + "/") ? file.substr(top.size() + 1) : "";
}

Result<void> must_succeed(const std::vector<std::string>& words, const std::string& input = {}) {
  TREADLE_TRY(const ProcessResult done, run_program({.words = words, .input = input}));
  if (done.exit_code == 0) return {};
  return fail(Errc::kIo,
              fmt::format("'{}' failed: {}", join(words, " "), printable_block(done.err)));
}

std::string this_program() {
  std::array<char, 4096> path{};
  const ssize_t length = ::readlink("/proc/self/exe", path.data(), path.size());
  return length > 0 ? std::string(path.data(), static_cast<std::size_t>(length)) : std::string();
}

}  // namespace

Result<Recipe> make_recipe(app::Home& home, const artifact::Version& version,
                           const std::string& folder) {
  Recipe recipe;
  TREADLE_TRY(recipe.origin, artifact::origin_of(home.store(), version));
  const std::optional<artifact::CodeSource>& code = recipe.origin.code;
  if (!version.run_id.empty()) {
    auto run = home.record().get_run_by_prefix(version.run_id);
    if (run && run->run_id == version.run_id) recipe.run = std::move(*run);
  }
  recipe.selection = asset_of(version);
  std::string kind;
  if (recipe.run) {
    json::value origin;
    if (parse_json_value(recipe.run->origin, origin) && origin.is_object()) {
      const json::object& how = origin.as_object();
      kind = text_of(how, "kind");
      recipe.module = text_of(how, "module");
      const std::string file = text_of(how, "file");
      if (code && !file.empty())
        recipe.file = inside_repository(*code, file, text_of(how, "working_dir"));
      if (recipe.file.empty() && recipe.module.empty() && kind == "python") kind = "elsewhere";
    }
  }
  if (version.run_id.empty()) {
    recipe.obstacle = "It was put by hand: no run made it.";
  } else if (!recipe.run) {
    recipe.obstacle = "This home's record does not have the run that made it.";
  } else if (!code) {
    recipe.obstacle =
        "Nothing is recorded of its code: it did not run inside a git repository, or git was not "
        "there.";
  } else if (!artifact::is_complete(*code)) {
    recipe.obstacle = "Its code was not committed, and too much of it to be kept.";
  } else if (recipe.selection.empty()) {
    recipe.obstacle = "It is no asset's value, so there is no asset to materialize.";
  } else if (kind == "program") {
    recipe.obstacle =
        "A C++ program made it. Check out that commit, build the program, and run its "
        "'materialize' with a home that has those inputs.";
  } else if (kind != "python") {
    recipe.obstacle = "It is not recorded from which file its definitions were loaded.";
  }
  if (!code || code->commit.empty()) return recipe;
  const std::string place = folder.empty() ? "again" : folder;
  recipe.steps.push_back(fmt::format("git clone {} {}/code", clone_source(*code), place));
  recipe.steps.push_back(fmt::format("git -C {}/code checkout {}", place, code->commit));
  if (!code->diff.empty())
    recipe.steps.push_back(
        fmt::format("git -C {0}/code apply uncommitted.diff   # 'code.uncommitted' "
                    "of artifact show --json",
                    place));
  for (const artifact::Version& input : recipe.origin.inputs)
    recipe.steps.push_back(
        fmt::format("treadle artifact copy {} --to-home {}/home", input.text(), place));
  if (recipe.obstacle.empty())
    recipe.steps.push_back(fmt::format(
        "treadle --home {0}/home materialize {1} {2}", place, recipe.selection,
        recipe.file.empty() ? "-m " + recipe.module : "-f " + place + "/code/" + recipe.file));
  return recipe;
}

Result<Remade> make_again(Session& session, app::Home& home, const Recipe& recipe,
                          const std::string& folder) {
  const std::string root = absolute_path(folder);
  if (const auto there = real_files().list(root); there && !there->empty()) {
    return fail(Errc::kAlreadyExists,
                fmt::format("The folder {} is not empty. Name a new one.", printable(folder)));
  }
  TREADLE_CHECK(real_files().make_folders(root));
  const artifact::CodeSource& code = *recipe.origin.code;
  const std::string checkout = join_path(root, "code");
  session.note(fmt::format("Checking out {} ...", printable(short_digest(code.commit))));
  TREADLE_CHECK(
      must_succeed({"git", "clone", "-q", "--no-checkout", clone_source(code), checkout}));
  TREADLE_CHECK(must_succeed({"git", "-C", checkout, "checkout", "-q", "--detach", code.commit}));
  if (!code.diff.empty()) {
    TREADLE_CHECK(
        must_succeed({"git", "-C", checkout, "apply", "--whitespace=nowarn", "-"}, code.diff));
  }

  Remade out;
  out.home = join_path(root, "home");
  {
    TREADLE_TRY(const auto again, app::Home::open({.path = out.home}));
    for (const artifact::Version& input : recipe.origin.inputs) {
      TREADLE_CHECK(artifact::copy(home.store(), input, again->store()));
    }
    TREADLE_CHECK(again->store().flush());
  }
  // Signed with this home's key, pickles open only where that key is.
  if (!home.signing_key().empty()) {
    TREADLE_CHECK(write_file_atomic(real_files(), join_path(out.home, "key"), home.signing_key(),
                                    true, 0600));
  }

  ProcessSpec run;
  run.folder = code.folder.empty() ? checkout : join_path(checkout, code.folder);
  const bool native = base_name(this_program()) == "treadle";
  run.words = native ? std::vector<std::string>{this_program()}
                     : std::vector<std::string>{this_program(), "-m", "treadle"};
  for (const std::string& word :
       {std::string("--home"), out.home, std::string("materialize"), recipe.selection}) {
    run.words.push_back(word);
  }
  run.words.emplace_back(recipe.file.empty() ? "-m" : "-f");
  run.words.push_back(recipe.file.empty() ? recipe.module : join_path(checkout, recipe.file));
  session.note(fmt::format("Running {} ...", printable(recipe.selection)));
  TREADLE_TRY(const ProcessResult done, run_program(run));
  if (done.exit_code != 0) {
    return fail(Errc::kIo, fmt::format("Making it again failed:\n{}{}", printable_block(done.out),
                                       printable_block(done.err)));
  }
  TREADLE_TRY(const auto again, app::Home::open({.path = out.home}));
  const artifact::Version& version = recipe.origin.version;
  TREADLE_TRY(out.version,
              again->store().get({version.entity, version.project, version.collection, ""}));
  return out;
}

}  // namespace treadle::cli
