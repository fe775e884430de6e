#include "commands.h"
#include "load.h"
#include "render.h"
#include "table.h"
#include "text.h"
#include <treadle/app/status.h>
#include <treadle/plan/selection.h>

#include <fmt/format.h>

#include <cstdlib>

namespace treadle::cli {
namespace {

struct StatusOptions {
  SourceOptions source;
  std::string selection;
  bool why = false;
  std::string unneeded_after = "30";
};

Style style_of(std::string_view word) {
  if (word == "fresh") return Style::kGreen;
  if (word == "failed" || word == "check failed" || word == "missing") return Style::kRed;
  return word == "unneeded" || word == "source" ? Style::kDim : Style::kYellow;
}

std::string partition_text(const app::AssetReport& asset) {
  const app::PartitionStatus& p = *asset.partitions;
  std::string text = fmt::format("{}/{}", p.materialized.size(), p.set.size());
  if (!p.failed.empty()) text += fmt::format(", {} failed", p.failed.size());
  if (!asset.stale.stale.empty()) text += fmt::format(", {} stale", asset.stale.stale.size());
  return text;
}

void add_branches(const std::vector<app::Status::Branch>& branches, std::size_t depth,
                  const std::string& bullet, std::string& out) {
  for (const app::Status::Branch& branch : branches) {
    out += std::string(depth * 2, ' ') + bullet + printable(branch.text) + "\n";
    add_branches(branch.because, depth + 1, bullet, out);
  }
}

std::string render_status(const app::Status& status, const plan::AssetGraph& graph,
                          const Session& session, bool why) {
  Table table;
  table.columns = {{"asset"}, {"status"}, {"partitions"}, {"made"}, {"why"}};
  std::string trees;
  for (const app::AssetReport& asset : status.assets()) {
    const std::string name = graph.node(asset.node).info->key.text();
    table.rows.push_back({name, Cell(std::string(asset.word), style_of(asset.word)),
                          asset.partitions && asset.word != "source" ? partition_text(asset) : "",
                          asset.made ? format_ago(asset.made, session.now()) : "",
                          why ? "" : join(status.reasons(asset), "; ")});
    const auto branches = why ? status.why(asset) : std::vector<app::Status::Branch>();
    if (branches.empty()) continue;
    trees += printable(name) + "\n";
    add_branches(branches, 1, std::string(session.out().bullet()) + " ", trees);
  }
  return render_table(table, session.out()) + (trees.empty() ? "" : "\n" + trees);
}

int run_status(Session& session, const StatusOptions& options) {
  char* end = nullptr;
  const double days = std::strtod(options.unneeded_after.c_str(), &end);
  if (end == options.unneeded_after.c_str() || *end != '\0' || days < 0) {
    return session.usage_error("--unneeded-after takes a number of days; 0 never says so.");
  }
  auto loaded = load_definitions(session, options.source);
  if (!loaded) return loaded.error().exit_code;
  auto home = session.open_existing_home();
  if (!home) return session.fail(home.error());
  auto code = check_code(session, std::move(*loaded), home->get());
  if (!code) return code.error().exit_code;
  auto selection = options.selection.empty() ? Result<plan::Selection>(plan::Selection())
                                             : plan::parse_selection(options.selection);
  if (!selection) return session.fail(selection.error());
  const auto selected = plan::select(*selection, *code->graph);
  if (!selected) return session.fail(selected.error());
  const auto status = app::Status::read(
      home->get(), *code->graph, *selected,
      {.now = session.now(), .unneeded_after = static_cast<Micros>(days * app::kMicrosPerDay)});
  if (!status) return session.fail(status.error());
  if (session.json()) {
    session.print_json(status->json(options.why));
  } else {
    session.print(render_status(*status, *code->graph, session, options.why));
  }
  return kExitOk;
}

}  // namespace

CommandSpec status_command(const Program& program) {
  auto options = std::make_shared<StatusOptions>();
  CommandSpec command;
  command.name = "status";
  command.summary = "Say of each asset and partition whether it is fresh, and why not";
  command.details =
      "fresh: what is kept follows from the code and inputs of now; stale: it does not; missing: "
      "never made; partial: some partitions are missing; failed: the last attempt at a partition "
      "failed; check failed; unneeded: nothing declared here reads it, and it was neither made nor "
      "consumed by a run for a while.";
  command.arguments = {{"SELECTION", "Only these assets: a key, or an expression",
                        &options->selection, WordKind::kAsset, false}};
  add_source_options(command, program, options->source);
  command.options.push_back({.names = "--why",
                             .value = "",
                             .help = "The reasons as a tree, down to what has changed",
                             .target = &options->why});
  command.options.push_back({.names = "--unneeded-after",
                             .value = "DAYS",
                             .help = "When an asset that nothing reads counts as unneeded (30)",
                             .target = &options->unneeded_after});
  const std::string from = program.takes_source ? " -f pipeline.py" : "";
  command.examples = {
      {"status" + from, "every asset"},
      {"status '+key:model' --why" + from, "why 'model' is stale, down to the cause"}};
  command.run = [options](Session& session) { return run_status(session, *options); };
  return command;
}

}  // namespace treadle::cli
