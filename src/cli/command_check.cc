#include "commands.h"
#include "load.h"
#include "render.h"
#include "text.h"

#include <fmt/format.h>

namespace treadle::cli {
namespace {

int run_check(Session& session, const SourceOptions& source) {
  auto loaded = load_definitions(session, source);
  if (!loaded) return loaded.error().exit_code;
  auto code = check_code(session, std::move(*loaded), nullptr);
  if (!code) return code.error().exit_code;
  const Definitions& definitions = *code->loaded.definitions;
  std::size_t assets = 0;
  std::size_t checks = 0;
  for (const plan::Node& node : code->graph->nodes()) assets += node.step != nullptr;
  for (const StepDef& step : definitions.steps) checks += step.checks.size();
  const std::size_t sources = code->graph->nodes().size() - assets;
  std::vector<std::string> parts{count_text(assets, "asset")};
  if (sources > 0) parts.push_back(count_text(sources, "source asset"));
  if (checks > 0) parts.push_back(count_text(checks, "check"));
  if (!definitions.jobs.empty()) parts.push_back(count_text(definitions.jobs.size(), "job"));
  session.print(fmt::format("{} The definitions are good: {}.\n",
                            session.out().paint(Style::kGreen, session.out().tick()),
                            join(parts, ", ")));
  if (session.json()) {
    JsonWriter w;
    w.begin_object().field("ok", true).key("problems").begin_array().end_array();
    w.field("assets", assets).field("source_assets", sources).field("checks", checks);
    w.field("jobs", definitions.jobs.size()).end_object();
    session.print_json(w.str());
  }
  return kExitOk;
}

}  // namespace

CommandSpec check_command(const Program& program) {
  auto source = std::make_shared<SourceOptions>();
  CommandSpec command;
  command.name = "check";
  command.summary = "Load and validate the definitions";
  command.details =
      "Loads the code and reports everything that is wrong with what it declares, all at once, "
      "each problem with its place and "
      "what to do about it. Runs nothing and writes nothing.";
  add_source_options(command, program, *source);
  if (program.takes_source) {
    command.examples = {
        {"check -f pipeline.py", "before a commit, or in CI"},
        {"check -m shop.pipeline --json", "for an editor: problems with file and line"}};
  } else {
    command.examples = {{"check", "before a commit, or in CI"}};
  }
  command.run = [source](Session& session) { return run_check(session, *source); };
  return command;
}

}  // namespace treadle::cli
