// How a version can be made again: from its origin in the store and its run in the record.
#pragma once

#include "session.h"
#include <treadle/artifact/lineage.h>
#include <treadle/model/run.h>

#include <optional>
#include <string>
#include <vector>

namespace treadle::cli {

struct Recipe {
  artifact::Origin origin;
  std::optional<Run> run;  // nothing when the record does not have it
  std::string selection;   // the asset to materialize
  std::string file;        // of the definitions, inside the repository; "" = see `module`
  std::string module;
  std::vector<std::string> steps;  // commands for a person, in order
  std::string obstacle;            // why it cannot be done again; "" = it can
};
// `folder`: where it would be done, for the commands; "" = some name.
Result<Recipe> make_recipe(app::Home& home, const artifact::Version& version,
                           const std::string& folder);

struct Remade {
  artifact::Version version;
  std::string home;  // the folder of the home it is in
};
// Code below folder/code, a home with exactly the inputs in folder/home.
Result<Remade> make_again(Session& session, app::Home& home, const Recipe& recipe,
                          const std::string& folder);

}  // namespace treadle::cli
