#include "commands.h"
#include "load.h"
#include "session.h"
#include "text.h"
#include <treadle/base/json.h>
#include <treadle/base/suggest.h>
#include <treadle/define/graph.h>
#include <treadle/define/run_config.h>

#include <fmt/format.h>

#include <algorithm>

namespace treadle::cli {
namespace {

struct ConfigOptions {
  SourceOptions source;
  std::string job;
};

Result<std::string> sample_of(const LoadedDefinitions& loaded, const std::string& job) {
  if (loaded.sample_config) return loaded.sample_config(job);
  const Definitions& all = *loaded.definitions;
  const auto found = std::find_if(all.jobs.begin(), all.jobs.end(),
                                  [&](const JobDef& one) { return one.name == job; });
  const bool of_ops = found != all.jobs.end() && found->graph != nullptr;
  if (!of_ops) return sample_yaml(run_config_schema(all.steps, all.resources));
  const Definitions own = definitions_of_job(all, *found);
  return sample_yaml(run_config_schema(own.steps, own.resources));
}

int run_config(Session& session, const ConfigOptions& options) {
  auto loaded = load_definitions(session, options.source);
  if (!loaded) return loaded.error().exit_code;
  std::vector<std::string> names;
  for (const JobDef& job : loaded->definitions->jobs) names.push_back(job.name);
  if (!options.job.empty() && std::find(names.begin(), names.end(), options.job) == names.end())
    return session.fail(kExitNotFound, "not_found",
                        fmt::format("There is no job '{}' in these definitions.{}",
                                    printable(options.job), did_you_mean(options.job, names)));
  auto sample = sample_of(*loaded, options.job);
  if (!sample) return session.fail(sample.error());
  if (session.json()) {
    JsonWriter w;
    w.begin_object().field("job", options.job).field("yaml", *sample).end_object();
    session.print_json(w.str());
  }
  session.print(sample->empty() || *sample == "{}\n" ? "# Nothing is to be configured.\n{}\n"
                                                     : *sample);
  return kExitOk;
}

}  // namespace

CommandSpec config_command(const Program& program) {
  auto o = std::make_shared<ConfigOptions>();
  CommandSpec command;
  command.name = "config";
  command.summary = "Print the configuration that a job takes, to start from";
  command.details =
      "YAML: what must be said with an example, the rest with its default, each with its type and "
      "description. "
      "Edit it and give it back: materialize --config FILE. Without a job's name, that of a run of "
      "all assets.";
  command.arguments = {
      {.name = "JOB", .help = "The job's name", .target = &o->job, .required = false}};
  add_source_options(command, program, o->source);
  command.options.push_back({.names = "-j,--job",
                             .value = "NAME",
                             .help = "The same as the argument, as Dagster spells it",
                             .target = &o->job});
  command.examples = {program.takes_source
                          ? Example{"config train -f pipeline.py > run.yaml", "a file to edit"}
                          : Example{"config train > run.yaml", "a file to edit"}};
  command.run = [o](Session& session) { return run_config(session, *o); };
  return command;
}

}  // namespace treadle::cli
