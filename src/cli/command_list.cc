#include "commands.h"
#include "load.h"
#include "render.h"
#include "table.h"
#include "text.h"
#include <treadle/plan/selection.h>

#include <fmt/format.h>

namespace treadle::cli {
namespace {

struct ListOptions {
  SourceOptions source;
  std::string selection;
  std::string select_option;
  bool jobs = false;
};

int run_list(Session& session, const ListOptions& options) {
  const std::string text = options.selection.empty() ? options.select_option : options.selection;
  auto loaded = load_definitions(session, options.source);
  if (!loaded) return loaded.error().exit_code;
  auto home = session.open_existing_home();
  if (!home) return session.fail(home.error());
  auto code = check_code(session, std::move(*loaded), home->get());
  if (!code) return code.error().exit_code;
  const plan::AssetGraph& graph = *code->graph;

  auto selection =
      text.empty() ? Result<plan::Selection>(plan::Selection()) : plan::parse_selection(text);
  if (!selection) return session.fail(selection.error());
  // Without a selection, what is made elsewhere is listed too.
  auto selected = text.empty() ? Result<std::vector<plan::NodeId>>(graph.topological_order())
                               : plan::select(*selection, graph);
  if (!selected) return session.fail(selected.error());

  plan::Facts facts(graph.nodes().size());
  if (*home) {
    auto known = app::load_facts(**home, graph);
    if (!known) return session.fail(known.error());
    facts = std::move(*known);
  }
  const auto statuses = plan::find_stale(graph, facts, code_version_of);

  Table table;
  table.columns = {{"asset", Column::Align::kLeft, 4, true},
                   {"kinds", Column::Align::kLeft, 3, false},
                   {"group", Column::Align::kLeft, 3, false},
                   {"status"},
                   {"materialized"},
                   {"why", Column::Align::kLeft, 1, false},
                   {"description", Column::Align::kLeft, 2, false}};
  JsonWriter w;
  w.begin_object().key("assets").begin_array();
  for (const plan::NodeId id : *selected) {
    const plan::Node& node = graph.node(id);
    const bool is_source = node.step == nullptr;
    const plan::AssetStatus& status = statuses[id];
    const std::string group = node.info->group == "default" ? "" : node.info->group;
    std::vector<std::string> why;
    for (const plan::StaleReason& reason : status.reasons)
      why.push_back(plan::describe(reason, graph));
    const bool never = status.staleness == plan::Staleness::kMissing;
    table.rows.push_back({node.info->key.text(), join(node.info->kinds, ", "), group,
                          is_source ? Cell("source", Style::kDim)
                                    : Cell(std::string(staleness_word(status.staleness)),
                                           staleness_style(status.staleness)),
                          facts[id].materialized ? format_ago(facts[id].time, session.now()) : "",
                          never ? "" : join(why, "; "), node.info->description});
    w.begin_object().field("asset", node.info->key.text()).field("source", is_source);
    w.field("group", node.info->group).key("kinds").begin_array();
    for (const std::string& kind : node.info->kinds) w.value(kind);
    w.end_array().key("owners").begin_array();
    for (const std::string& owner : node.info->owners) w.value(owner);
    w.end_array().key("tags").begin_object();
    for (const auto& [name, value] : node.info->tags) w.field(name, value);
    w.end_object().field("description", node.info->description);
    w.key("upstream").begin_array();
    for (const plan::NodeId parent : node.parents) w.value(graph.node(parent).info->key.text());
    w.end_array().key("status");
    is_source ? w.null() : w.value(staleness_word(status.staleness));
    w.key("reasons");
    write_reasons(w, status, graph);
    w.key("materialized");
    facts[id].materialized ? w.value(format_utc(facts[id].time)) : w.null();
    w.end_object();
  }
  w.end_array().key("jobs").begin_array();
  for (const JobDef& job : code->loaded.definitions->jobs)
    w.begin_object()
        .field("name", job.name)
        .field("selection", job.selection)
        .field("description", job.description)
        .end_object();
  w.end_array().end_object();
  if (session.json()) {
    session.print_json(w.str());
    return kExitOk;
  }
  if (!options.jobs) {
    if (table.rows.empty()) session.print("There are no assets in these definitions.\n");
    session.print(render_table(table, session.out()));
  } else if (code->loaded.definitions->jobs.empty()) {
    session.print("There are no jobs in these definitions.\n");
  }
  if (text.empty() && !code->loaded.definitions->jobs.empty()) {
    Table jobs;
    jobs.columns = {{"job"},
                    {"selection", Column::Align::kLeft, 2, false},
                    {"description", Column::Align::kLeft, 1, false}};
    for (const JobDef& job : code->loaded.definitions->jobs)
      jobs.rows.push_back({job.name, job.selection.empty() ? "*" : job.selection, job.description});
    session.print((options.jobs ? "" : "\n") + render_table(jobs, session.out()));
  }
  return kExitOk;
}

}  // namespace

CommandSpec list_command(const Program& program) {
  auto options = std::make_shared<ListOptions>();
  CommandSpec command;
  command.name = "list";
  command.summary = "List assets with their kinds, groups and status";
  command.details =
      "Status: fresh (what is kept follows from the code and inputs of now), stale (it does not; "
      "'why' says what changed), "
      "missing (never materialized), source (made elsewhere).";
  command.arguments = {
      {"SELECTION",
       "Only these assets: a key, or an expression such as 'group:training and kind:onnx'",
       &options->selection, WordKind::kAsset, false}};
  add_source_options(command, program, options->source);
  command.options.push_back({.names = "--select",
                             .value = "SELECTION",
                             .help = "The same as the argument, as Dagster spells it",
                             .target = &options->select_option,
                             .kind = WordKind::kAsset});
  command.options.push_back(
      {.names = "--jobs", .value = "", .help = "Jobs alone", .target = &options->jobs});
  const std::string from = program.takes_source ? " -f pipeline.py" : "";
  command.examples = {{"list" + from, "everything that is declared"},
                      {"list '+key:model'" + from, "the asset 'model' and all it is made from"}};
  command.run = [options](Session& session) { return run_list(session, *options); };
  return command;
}

}  // namespace treadle::cli
