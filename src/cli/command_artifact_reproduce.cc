// What exactly made a version: said, or done again.
#include "artifact_lookup.h"
#include "commands.h"
#include "render.h"
#include "reproduction.h"
#include "text.h"

#include <fmt/format.h>

namespace treadle::cli {
namespace {

struct ArtifactReproduceOptions {
  std::string ref;
  std::string folder;
  std::string build;
  bool diff = false;
};

std::string recipe_json(const Recipe& recipe, const Remade* remade) {
  JsonWriter w;
  w.begin_object().key("version");
  write_version(w, recipe.origin.version);
  w.key("code");
  write_code(w, recipe.origin.code);
  w.key("run");
  if (recipe.run) {
    w.begin_object()
        .field("run_id", recipe.run->run_id)
        .field("job", recipe.run->job_name)
        .field("selection", recipe.run->selection)
        .key("config");
    recipe.run->run_config.empty() ? w.null() : w.raw(recipe.run->run_config);
    w.key("loaded_from");
    recipe.run->origin.empty() ? w.null() : w.raw(recipe.run->origin);
    w.end_object();
  } else {
    w.null();
  }
  w.key("inputs").begin_array();
  for (const artifact::Version& input : recipe.origin.inputs) write_version(w, input);
  w.end_array().key("can_be_done_again").value(recipe.obstacle.empty()).key("obstacle");
  recipe.obstacle.empty() ? w.null() : w.value(recipe.obstacle);
  w.key("steps").begin_array();
  for (const std::string& step : recipe.steps) w.value(step);
  w.end_array();
  if (remade != nullptr) {
    w.key("remade").begin_object();
    w.field("same_content", remade->version.digest == recipe.origin.version.digest);
    w.field("home", remade->home).key("version");
    write_version(w, remade->version);
    w.end_object();
  }
  w.end_object();
  return std::move(w).str();
}

std::string recipe_text(const Recipe& recipe, const Terminal& terminal) {
  const auto line = [&](std::string_view name, const std::string& text) {
    return text.empty()
               ? std::string()
               : "  " + terminal.paint(Style::kDim, pad_right(name, 12)) + printable(text) + "\n";
  };
  std::string out =
      terminal.paint(Style::kBold, printable(short_artifact(recipe.origin.version.text()))) + "\n";
  out += line("made by", recipe.origin.run_id.empty() ? "hand" : "run " + recipe.origin.run_id);
  if (recipe.run && recipe.run->job_name != "__ASSET_JOB") out += line("job", recipe.run->job_name);
  if (recipe.run) out += line("config", recipe.run->run_config);
  for (const artifact::Version& input : recipe.origin.inputs)
    out += line("from", short_artifact(input.text()) + "  " + short_digest(input.digest));
  if (recipe.origin.code) out += line("code", code_text(*recipe.origin.code));
  if (!recipe.steps.empty()) {
    out += "\nTo make it again:\n";
    for (const std::string& step : recipe.steps) out += "  " + printable(step) + "\n";
  }
  if (!recipe.obstacle.empty()) out += "\n" + printable(recipe.obstacle) + "\n";
  return out;
}

int run_artifact_reproduce(Session& session, const ArtifactReproduceOptions& options) {
  int code = kExitOk;
  const auto home = open_store_for_reading(session, code);
  if (!home) return code;
  const auto version = get_version(*home, options.ref);
  if (!version) return session.fail(version.error());
  if (options.diff) {
    const auto code_of_it = artifact::code_of(home->store(), *version);
    if (!code_of_it) return session.fail(code_of_it.error());
    session.write_out(*code_of_it ? (*code_of_it)->diff : std::string());
    return kExitOk;
  }
  const auto recipe = make_recipe(*home, *version, options.folder, options.build);
  if (!recipe) return session.fail(recipe.error());
  if (options.folder.empty()) {
    if (session.json()) session.print_json(recipe_json(*recipe, nullptr));
    session.print(recipe_text(*recipe, session.out()));
    return kExitOk;
  }
  if (!recipe->obstacle.empty())
    return session.fail(Error{Errc::kInvalidArgument, recipe->obstacle});
  const auto remade = make_again(session, *home, *recipe, options.folder);
  if (!remade) return session.fail(remade.error());
  const bool same = remade->version.digest == version->digest;
  if (session.json()) session.print_json(recipe_json(*recipe, &*remade));
  session.print(fmt::format(
      "{} {} in {}: {}\n",
      same ? session.out().paint(Style::kGreen, session.out().tick())
           : session.out().paint(Style::kRed, session.out().cross()),
      printable(short_artifact(remade->version.text())), printable(remade->home),
      same
          ? "byte for byte the same content."
          : fmt::format("the digest is {}, not {}. Something it was made from is not recorded: the "
                        "time, random numbers, other files, other packages.",
                        short_digest(remade->version.digest), short_digest(version->digest))));
  return same ? kExitOk : kExitRunFailed;
}

}  // namespace

CommandSpec artifact_reproduce_command() {
  auto o = std::make_shared<ArtifactReproduceOptions>();
  CommandSpec command;
  command.name = "reproduce";
  command.summary = "Say what exactly made a version, or make it again";
  command.details =
      "Without --run: the run, its inputs, its configuration and its code (repository, commit, "
      "what "
      "was not committed), and the commands that do it again.\n\n"
      "With --run: checks out that code below DIR, copies exactly those inputs into a home of its "
      "own, runs there what made it (the asset, of a tracked run its script), and compares. Exits "
      "with 1 "
      "when the content differs.";
  command.arguments = {{"ARTIFACT", "NAME:v3 or NAME:ALIAS; without a version, the latest", &o->ref,
                        WordKind::kArtifact}};
  command.options = {{.names = "--run",
                      .value = "DIR",
                      .help = "Make it again in this folder, which must be new",
                      .target = &o->folder,
                      .kind = WordKind::kFolder},
                     {.names = "--build",
                      .value = "COMMAND",
                      .help = "How a C++ program is built, in the folder of its code",
                      .target = &o->build},
                     {.names = "--diff",
                      .value = "",
                      .help = "Print only what was not committed, as `git apply` takes it",
                      .target = &o->diff}};
  command.examples = {
      {"artifact reproduce model:production", "what made it"},
      {"artifact reproduce model:production --run /tmp/again", "make it again"},
      {"artifact reproduce model --run /tmp/again --build 'cmake -B build && cmake --build build'",
       "what a C++ program made"}};
  command.run = [o](Session& session) { return run_artifact_reproduce(session, *o); };
  return command;
}

}  // namespace treadle::cli
