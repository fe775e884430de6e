// How a version can be made again: from its origin in the store and its run in the record, or among the tracked runs.
#pragma once

#include "session.h"
#include <treadle/artifact/lineage.h>
#include <treadle/model/run.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace treadle::cli {

// What is started to make a version again.
enum class Maker {
  kNone,         // see Recipe::obstacle
  kDefinitions,  // `treadle materialize` with Python definitions
  kProgram,      // `materialize` of a program with its definitions built in
  kScript,       // a Python script that tracks its own run
};

struct Recipe {
  artifact::Origin origin;
  std::optional<Run> run;  // nothing when the record does not have it
  Maker maker = Maker::kNone;
  std::string source;  // file, program or script, inside the repository; "" = see `module`
  std::string module;  // kDefinitions
  std::vector<std::string> arguments;  // behind `materialize`, or of the script
  bool as_dagster = false;
  std::string python;              // kScript: the interpreter it ran with
  std::string build;               // kProgram: the shell command that builds it; "" = none given
  std::vector<std::string> steps;  // commands for a person, in order
  std::string obstacle;            // why it cannot be done again; "" = it can
};
// `folder`: where it would be done, for the commands; "" = some name. `build`: how a program is built, in
// the folder of its code.
Result<Recipe> make_recipe(app::Home& home, const artifact::Version& version,
                           const std::string& folder, const std::string& build);

// The words that start the maker, with what its environment has beside, for code and home in these folders.
struct Start {
  std::vector<std::string> words;
  std::vector<std::pair<std::string, std::string>> environment;
};
Start start_of(const Recipe& recipe, const std::string& treadle, const std::string& code,
               const std::string& home);
// Where it can be cloned from: a repository of this machine that has the commit, else the recorded one.
std::string clone_source(const artifact::CodeSource& code);

struct Remade {
  artifact::Version version;
  std::string home;  // the folder of the home it is in
};
// Code below folder/code, a home with exactly the inputs in folder/home.
Result<Remade> make_again(Session& session, app::Home& home, const Recipe& recipe,
                          const std::string& folder);

}  // namespace treadle::cli
