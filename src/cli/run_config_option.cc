#include "run_config_option.h"

#include "text.h"
#include <treadle/base/files.h>
#include <treadle/define/graph.h>
#include <treadle/define/run_config.h>

#include <fmt/format.h>

namespace treadle::cli {

Result<std::string> read_run_config(const Session& session, const std::string& given) {
  if (given.empty()) return std::string();
  std::string text = given;
  const bool yaml = given.ends_with(".yaml") || given.ends_with(".yml");
  if (given.find_first_not_of(" \t\n") != std::string::npos &&
      given[given.find_first_not_of(" \t\n")] != '{') {
    if (yaml) {
      if (!session.program().read_yaml) {
        return fail(Errc::kUnsupported,
                    "This program reads its configuration as JSON: give a "
                    "JSON file, or the JSON itself.");
      }
      TREADLE_TRY(text, session.program().read_yaml(given));
    } else {
      TREADLE_TRY(text, read_file(real_files(), given));
    }
  }
  auto parsed = ConfigValue::parse_json(text);
  if (!parsed) {
    return fail(std::move(parsed).error().with_context("--config " + printable(given)));
  }
  if (parsed->as_dict() == nullptr) {
    return fail(Errc::kInvalidArgument,
                "--config takes an object: {\"ops\": {\"train\": {\"config\": {...}}}}.");
  }
  return text;
}

Result<void> check_run_config(const Definitions& definitions, const JobDef& job,
                              const std::string& config) {
  ConfigValue value = ConfigValue::dict();
  if (!config.empty()) {
    TREADLE_TRY(value, ConfigValue::parse_json(config));
  }
  ConfigOutcome outcome;
  outcome.errors =
      validate_config(run_config_schema(definitions_of_job(definitions, job).steps), value);
  if (outcome.ok()) return {};
  return fail(Errc::kInvalidArgument, outcome.text("Error in config for job " + job.name));
}

}  // namespace treadle::cli
