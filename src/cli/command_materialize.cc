#include "commands.h"
#include "execute.h"
#include "load.h"
#include "render.h"
#include "run_config_option.h"
#include "text.h"
#include <treadle/app/job_runs.h>
#include <treadle/app/partition_runs.h>
#include <treadle/app/status.h>
#include <treadle/base/suggest.h>
#include <treadle/define/config_value.h>
#include <treadle/plan/partitions.h>
#include <treadle/plan/plan.h>
#include <treadle/plan/selection.h>
#include <treadle/plan/staleness.h>

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <optional>
#include <set>

namespace treadle::cli {
namespace {

struct MaterializeOptions {
  SourceOptions source;
  RunFlags run;
  std::string selection;
  std::string select_option;
  std::string job;
  std::string run_id;
  std::string partition;
  std::string partitions;
  std::vector<std::string> tags;
  std::vector<std::string> ops;
  std::vector<std::string> config;
  bool stale = false;
  bool dry_run = false;
  bool no_checks = false;
  bool one_job = false;  // as `job execute` does without a name
};

Result<std::map<std::string, std::string>> parse_tags(const std::vector<std::string>& texts) {
  std::map<std::string, std::string> tags;
  for (const std::string& text : texts) {
    if (text.starts_with('{')) {  // as Dagster has them
      const auto given = ConfigValue::parse_json(text);
      const auto* entries = given ? given->as_dict() : nullptr;
      if (!entries)
        return fail(Errc::kInvalidArgument,
                    fmt::format("--tags takes name=value, or a JSON object of texts; '{}' is "
                                "neither.",
                                printable(text)));
      for (const auto& entry : *entries)
        tags[entry.key.as_string() ? *entry.key.as_string() : entry.key.json()] =
            entry.value.as_string() ? *entry.value.as_string() : entry.value.json();
      continue;
    }
    const auto equals = text.find('=');
    if (equals == std::string::npos || equals == 0)
      return fail(Errc::kInvalidArgument,
                  fmt::format("--tags takes name=value, not '{}'.", printable(text)));
    tags[text.substr(0, equals)] = text.substr(equals + 1);
  }
  return tags;
}

Error no_such_job(const Definitions& definitions, const std::string& name) {
  std::vector<std::string> names;
  for (const JobDef& job : definitions.jobs) names.push_back(job.name);
  return {Errc::kNotFound, fmt::format("There is no job '{}' in these definitions.{}",
                                       printable(name), did_you_mean(name, names))};
}

std::string which_job(const Definitions& definitions) {
  if (definitions.jobs.empty()) return "There is no job in these definitions.";
  std::vector<std::string> names;
  for (const JobDef& job : definitions.jobs) names.push_back(job.name);
  return fmt::format("Which job? Name one with --job: {}.", printable(join(names, ", ")));
}

// What makes a fresh asset fresh: "kept by run 3f2a91bc 5 min ago; code and inputs are the same".
std::string why_fresh(const plan::AssetFacts& facts, Micros now) {
  std::string text = "code";
  std::vector<std::string> inputs;
  for (const auto& input : facts.provenance.inputs) {
    std::string version = short_digest(input.data_version);
    inputs.push_back(version.empty() ? input.asset.text()
                                     : fmt::format("{} ({})", input.asset.text(), version));
  }
  text += inputs.empty() ? " unchanged" : " and inputs unchanged: " + join(inputs, ", ");
  return fmt::format("made by run {} {}; {}", short_id(facts.run_id), format_ago(facts.time, now),
                     text);
}

std::string reasons_text(const plan::AssetStatus& status, const plan::AssetGraph& graph) {
  std::vector<std::string> parts;
  for (const plan::StaleReason& reason : status.reasons)
    parts.push_back(plan::describe(reason, graph));
  return join(parts, "; ");
}

// The assets a run would make and why, for --stale and --dry-run.
struct Decision {
  std::vector<plan::NodeId> wanted;
  std::vector<plan::NodeId> fresh;  // left out by --stale
  plan::Facts facts;
  std::vector<plan::AssetStatus> statuses;
};

std::string render_assets(const std::vector<plan::NodeId>& ids, const Decision& decision,
                          const plan::AssetGraph& graph, Session& session) {
  std::string out;
  int width = 0;
  for (const plan::NodeId id : ids)
    width = std::max(width, display_width(printable(graph.node(id).info->key.text())));
  width = std::min(width, 40);
  for (const plan::NodeId id : ids) {
    const plan::AssetStatus& status = decision.statuses[id];
    const bool fresh = status.staleness == plan::Staleness::kFresh;
    const std::string why =
        fresh ? why_fresh(decision.facts[id], session.now()) : reasons_text(status, graph);
    out +=
        fmt::format("  {}  {}  {}\n", pad_right(printable(graph.node(id).info->key.text()), width),
                    session.out().paint(staleness_style(status.staleness),
                                        pad_right(staleness_word(status.staleness), 7)),
                    printable(why));
  }
  return out;
}

void write_assets(JsonWriter& w, const std::vector<plan::NodeId>& ids, const Decision& decision,
                  const plan::AssetGraph& graph) {
  w.begin_array();
  for (const plan::NodeId id : ids) {
    w.begin_object().field("asset", graph.node(id).info->key.text());
    w.field("status", staleness_word(decision.statuses[id].staleness)).key("reasons");
    write_reasons(w, decision.statuses[id], graph);
    w.end_object();
  }
  w.end_array();
}

int report_nothing_stale(Session& session, const Decision& decision,
                         const plan::AssetGraph& graph) {
  if (session.json()) {
    JsonWriter w;
    w.begin_object()
        .key("run")
        .null()
        .field("success", true)
        .key("error")
        .null()
        .key("steps")
        .begin_array()
        .end_array();
    w.key("fresh");
    write_assets(w, decision.fresh, decision, graph);
    w.end_object();
    session.print_json(w.str());
  }
  session.print("Nothing is stale.\n\n" + render_assets(decision.fresh, decision, graph, session));
  return kExitOk;
}

int report_dry_run(Session& session, const plan::Plan& plan, const Decision& decision,
                   const plan::AssetGraph& graph) {
  if (session.json()) {
    JsonWriter w;
    w.begin_object().field("dry_run", true).key("steps").begin_array();
    for (const plan::PlannedStep& step : plan.steps) {
      w.begin_object().field("step_key", step.def->name).key("assets").begin_array();
      for (const std::uint32_t output : step.outputs)
        if (!step.def->outputs[output].asset.key.empty())
          w.value(step.def->outputs[output].asset.key.text());
      w.end_array().key("checks").begin_array();
      for (const std::uint32_t check : step.checks) w.value(step.def->checks[check].name);
      w.end_array().key("upstream").begin_array();
      for (const std::uint32_t upstream : step.upstream) w.value(plan.steps[upstream].def->name);
      w.end_array().end_object();
    }
    w.end_array().key("assets");
    write_assets(w, decision.wanted, decision, graph);
    w.key("fresh");
    write_assets(w, decision.fresh, decision, graph);
    w.end_object();
    session.print_json(w.str());
    return kExitOk;
  }
  std::string out =
      fmt::format("Would run {}, in this order:\n", count_text(plan.steps.size(), "step"));
  for (std::size_t i = 0; i < plan.steps.size(); ++i) {
    const plan::PlannedStep& step = plan.steps[i];
    std::vector<std::string> upstream;
    for (const std::uint32_t index : step.upstream) upstream.push_back(plan.steps[index].def->name);
    out += fmt::format("{:>4}. {}", i + 1, printable(step_label(*step.def)));
    if (!upstream.empty())
      out += session.out().paint(Style::kDim, " after " + printable(join(upstream, ", ")));
    out += "\n";
  }
  out += "\nAssets:\n" + render_assets(decision.wanted, decision, graph, session);
  if (!decision.fresh.empty())
    out += "\nLeft out, because fresh:\n" + render_assets(decision.fresh, decision, graph, session);
  session.print(out);
  return kExitOk;
}

// Whether something here looks at an asset that is made elsewhere: an observer, or checks of it.
bool is_looked_at(const plan::AssetGraph& graph, plan::NodeId id) {
  const plan::Node& node = graph.node(id);
  if (node.observer != nullptr) return true;
  const auto& steps = graph.definitions().steps;
  return std::any_of(steps.begin(), steps.end(), [&](const StepDef& step) {
    return std::any_of(step.checks.begin(), step.checks.end(),
                       [&](const CheckDef& check) { return check.asset == node.info->key; });
  });
}

// Which assets are meant; of source assets those that are asked for and that something here looks at. An
// Error when there are none, unless there are checks.
Result<std::vector<plan::NodeId>> select_assets(const std::string& text,
                                                const plan::AssetGraph& graph, bool checks) {
  TREADLE_TRY(const plan::Selection selection, text.empty()
                                                   ? Result<plan::Selection>(plan::Selection())
                                                   : plan::parse_selection(text));
  TREADLE_TRY(std::vector<plan::NodeId> selected, plan::select(selection, graph));
  // An empty selection is an error that says what there is to select.
  if (selected.empty() && !text.empty() && !checks) return plan::select(selection, graph, false);
  const bool everything = text.empty() || text == "*";
  std::erase_if(selected, [&](plan::NodeId id) {
    return graph.node(id).step == nullptr && (everything || checks || !is_looked_at(graph, id));
  });
  if (checks) return selected;
  if (selected.empty() && text.empty())
    return fail(Errc::kNotFound,
                "There is nothing to materialize: these definitions declare no assets.");
  if (selected.empty())
    return fail(
        Errc::kNotFound,
        fmt::format("'{}' selects only source assets, which are made elsewhere. See what there is "
                    "with the command 'list'.",
                    printable(text)));
  return selected;
}

Result<Decision> decide(app::Home* home, const plan::AssetGraph& graph,
                        std::vector<plan::NodeId> selected, bool only_stale, Micros now) {
  Decision decision;
  decision.facts.resize(graph.nodes().size());
  if (home) {
    TREADLE_TRY(decision.facts, app::load_facts(*home, graph));
  }
  TREADLE_TRY(const app::Status status,
              app::Status::read(home, graph, selected, {.now = now, .unneeded_after = 0}));
  decision.statuses = status.staleness();
  if (!only_stale) {
    decision.wanted = std::move(selected);
    return decision;
  }
  for (const app::AssetReport& asset : status.assets()) {
    if (!asset.is_fresh()) decision.wanted.push_back(asset.node);
  }
  // One stale output of a function that makes all at once takes the others along.
  decision.wanted = plan::complete_steps(graph, decision.wanted);
  const std::set<plan::NodeId> wanted(decision.wanted.begin(), decision.wanted.end());
  for (const plan::NodeId id : selected) {
    if (!wanted.contains(id)) decision.fresh.push_back(id);
  }
  return decision;
}

int report_dry_job(Session& session, const plan::Plan& plan) {
  std::vector<std::string> keys;
  for (const plan::PlannedStep& step : plan.steps) keys.push_back(plan::step_key(step));
  if (session.json()) {
    JsonWriter w;
    w.begin_object().field("dry_run", true).key("steps").begin_array();
    for (const std::string& key : keys) w.begin_object().field("step_key", key).end_object();
    w.end_array().end_object();
    session.print_json(w.str());
    return kExitOk;
  }
  std::string out = fmt::format("Would run {}, in this order:\n", count_text(keys.size(), "step"));
  for (std::size_t i = 0; i < keys.size(); ++i) {
    out += fmt::format("{:>4}. {}\n", i + 1, printable(keys[i]));
  }
  session.print(out);
  return kExitOk;
}

// How the user spells which partitions.
app::PartitionChoice partition_choice(const MaterializeOptions& options) {
  return {.partition = options.partition,
          .partitions = options.partitions,
          .keys = {},
          .partition_word = "--partition",
          .partitions_word = "--partitions"};
}

// A run for each of the chosen, one after the other; a failed one does not keep the others from running.
int run_each(Session& session, const app::PartitionRuns& chosen, const execute::RunOptions& run,
             const std::function<int(execute::RunOptions)>& run_one) {
  if (chosen.runs.empty()) {
    session.print("There is nothing to do: no such partitions.\n");
    if (session.json()) session.print_json("{\"runs\":[],\"success\":true}");
    return kExitOk;
  }
  if (chosen.runs.size() > 1 && session.json()) {
    session.note(fmt::format("{} runs: one JSON document each.", chosen.runs.size()));
  }
  int exit_code = kExitOk;
  for (std::size_t i = 0; i < chosen.runs.size(); ++i) {
    if (chosen.runs.size() > 1) {
      session.note(
          fmt::format("Run {} of {}: {}", i + 1, chosen.runs.size(), printable(chosen.texts[i])));
    }
    execute::RunOptions one = run;
    for (const auto& [name, value] : chosen.tags[i]) one.tags[name] = value;
    const int code_of_run = run_one(std::move(one));
    if (code_of_run != kExitOk) exit_code = code_of_run;
    if (code_of_run == kExitInterrupted) break;
  }
  return exit_code;
}

// A job of ops, whole or in part.
int run_job(Session& session, const MaterializeOptions& options, app::Home* home, const Code& code,
            const JobDef& job, execute::RunOptions run) {
  if (options.stale) {
    return session.usage_error("Ops keep no assets that could be stale: --stale is for assets.");
  }
  const Definitions& definitions = *code.loaded.definitions;
  const auto chosen = app::choose_partitions(home, job, partition_choice(options), session.now());
  if (!chosen) return session.fail(chosen.error());
  if (options.dry_run && !chosen->tags.empty())
    for (const auto& [name, value] : chosen->tags.front()) run.tags[name] = value;
  if (options.dry_run || !chosen->definition)
    if (auto good = configure_job(code.loaded, job, run); !good) return session.fail(good.error());
  const auto plan = plan::plan_job(definitions, job, options.ops);
  if (!plan) return report_problems(session, plan.error());
  if (options.dry_run) return report_dry_job(session, *plan);
  run.selection = join(options.ops, ",");
  const auto run_one = [&](execute::RunOptions one) {
    if (chosen->definition)  // a job may have another configuration for each partition
      if (auto good = configure_job(code.loaded, job, one); !good)
        return session.fail(good.error());
    if (auto set = choose_run_options(session, options.run, *home, one); !set)
      return session.fail(set.error());
    return execute_and_report(
        session, *home, code, plan->steps.size(), std::move(one), [&](execute::RunOptions ready) {
          return app::execute_job(*home, definitions, job, options.ops, std::move(ready));
        });
  };
  return chosen->definition ? run_each(session, *chosen, run, run_one) : run_one(std::move(run));
}

int run_partitions(Session& session, const MaterializeOptions& options, app::Home& home,
                   const Code& code, const std::vector<plan::NodeId>& selected,
                   const plan::CheckNames* checks, const plan::Plan& plan,
                   const app::PartitionRuns& chosen, const execute::RunOptions& run) {
  return run_each(session, chosen, run, [&](execute::RunOptions one) {
    if (auto good = configure_assets(code.loaded, plan, one); !good)
      return session.fail(good.error());
    if (auto set = choose_run_options(session, options.run, home, one); !set)
      return session.fail(set.error());
    return execute_and_report(
        session, home, code, plan.steps.size(), std::move(one), [&](execute::RunOptions ready) {
          return app::materialize(home, *code.graph, selected, std::move(ready), !options.no_checks,
                                  checks);
        });
  });
}

int run_materialize(Session& session, const MaterializeOptions& options) {
  if (!options.partition.empty() && !options.partitions.empty())
    return session.usage_error("Give either --partition or --partitions.");
  if (!options.selection.empty() && !options.select_option.empty())
    return session.usage_error("Give the selection once: as the argument or with --select.");
  std::string text = options.selection.empty() ? options.select_option : options.selection;
  if (!options.job.empty() && !text.empty())
    return session.usage_error("Give either a selection or --job: a job has its own selection.");
  auto tags = parse_tags(options.tags);
  if (!tags) return session.fail(tags.error());
  if (!options.run_id.empty())
    if (auto good = check_run_id(options.run_id); !good) return session.fail(good.error());

  auto loaded = load_definitions(session, options.source);
  if (!loaded) return loaded.error().exit_code;
  const auto durability = choose_durability(session, options.run);
  if (!durability) return session.fail(durability.error());
  // A dry run writes nothing, not even an empty home.
  auto home = options.dry_run ? session.open_existing_home() : session.open_home(*durability);
  if (!home) return session.fail(home.error());
  auto code = check_code(session, std::move(*loaded), home->get());
  if (!code) return code.error().exit_code;
  const plan::AssetGraph& graph = *code->graph;

  auto config = read_run_configs(session, options.config);
  if (!config) return session.fail(config.error());
  execute::RunOptions run;
  run.run_id = options.run_id;
  run.run_config = std::move(*config);
  run.origin = code->loaded.origin;
  const plan::CheckNames* checks = nullptr;  // of a job that says which
  if (!options.job.empty() || options.one_job) {
    const Definitions& definitions = *code->loaded.definitions;
    if (options.job.empty() && definitions.jobs.size() != 1)
      return session.usage_error(which_job(definitions));
    const JobDef* job =
        options.job.empty() ? definitions.jobs.data() : app::find_job(definitions, options.job);
    if (!job) return session.fail(no_such_job(definitions, options.job));
    text = job->selection == "*" ? "" : job->selection;
    run.job_name = job->name;
    if (job->checks) checks = &*job->checks;
    run.memoize = job->memoize;
    run.default_retry_policy = job->retry_policy;
    run.tags.insert(job->tags.begin(), job->tags.end());
    if (job->graph) {
      for (auto& [name, value] : *tags) run.tags[name] = value;
      return run_job(session, options, home->get(), *code, *job, std::move(run));
    }
  }
  if (!options.ops.empty())
    return session.usage_error("--op selects steps of a job of ops: name it with --job.");
  run.selection = text;
  run.memoize = run.memoize || options.stale;
  for (auto& [name, value] : *tags) run.tags[name] = value;

  auto selected = select_assets(text, graph, checks != nullptr && !checks->empty());
  if (!selected) return session.fail(selected.error());
  if (options.stale || options.dry_run) {
    auto decision = decide(home->get(), graph, std::move(*selected), options.stale, session.now());
    if (!decision) return session.fail(decision.error());
    if (decision->wanted.empty() && (options.stale || !checks))
      return report_nothing_stale(session, *decision, graph);
    if (options.dry_run) {
      const auto plan = plan::make_plan(graph, decision->wanted, !options.no_checks, checks);
      if (!plan) return report_problems(session, plan.error());
      if (auto good = configure_assets(code->loaded, *plan, run); !good)
        return session.fail(good.error());
      return report_dry_run(session, *plan, *decision, graph);
    }
    session.print(render_assets(decision->wanted, *decision, graph, session) + "\n");
    selected = std::move(decision->wanted);
  }
  const auto plan = plan::make_plan(graph, *selected, !options.no_checks, checks);
  if (!plan) return report_problems(session, plan.error());
  const std::string given_config = run.run_config;
  if (auto good = configure_assets(code->loaded, *plan, run); !good)
    return session.fail(good.error());
  if (auto chosen = choose_run_options(session, options.run, **home, run); !chosen)
    return session.fail(chosen.error());
  if (auto named = plan::request_of(run.tags);
      named && std::holds_alternative<std::monostate>(*named)) {
    // Of partitioned assets those partitions that are stale.
    const bool given = !options.partition.empty() || !options.partitions.empty();
    const auto common = plan::partitions_of(graph, *selected);
    const bool only_stale = options.stale && !given && common && *common;
    app::PartitionChoice choice = partition_choice(options);
    if (only_stale) choice.partitions = "stale";
    const auto partitions =
        app::choose_partitions(home->get(), graph, *selected, choice, session.now());
    if (!partitions) return session.fail(partitions.error());
    if (partitions->definition) {
      run.run_config = given_config;  // a job may have another one for each partition
      return run_partitions(session, options, **home, *code, *selected, checks, *plan, *partitions,
                            run);
    }
  }
  return execute_and_report(session, **home, *code, plan->steps.size(), std::move(run),
                            [&](execute::RunOptions ready) {
                              return app::materialize(**home, graph, *selected, std::move(ready),
                                                      !options.no_checks, checks);
                            });
}

}  // namespace

CommandSpec materialize_command(const Program& program) {
  auto o = std::make_shared<MaterializeOptions>();
  CommandSpec command;
  command.name = "materialize";
  command.summary = "Run the functions that make assets, and keep what they return";
  command.details =
      "Without a selection, everything is materialized. Progress goes to stderr; the table of what "
      "was kept goes to stdout. With "
      "--json, stdout has one object: the run with its steps, assets, checks and errors.\n\n"
      "Ctrl-C (or SIGTERM) stops cleanly: what runs is finished or given up, the record says so, "
      "'run resume' goes on from "
      "there. A second Ctrl-C kills; nothing recorded is lost.";
  command.arguments = {
      {"SELECTION",
       "Only these assets: a key, or an expression such as '+key:model' or 'group:training'",
       &o->selection, WordKind::kAsset, false}};
  add_source_options(command, program, o->source);
  command.options.push_back({.names = "--select",
                             .value = "SELECTION",
                             .help = "The same as the argument, as Dagster spells it",
                             .target = &o->select_option,
                             .kind = WordKind::kAsset});
  command.options.push_back({.names = "-j,--job",
                             .value = "NAME",
                             .help = "Run a job: its selection, tags and retry policy",
                             .target = &o->job});
  command.options.push_back({.names = "--one-job",
                             .value = "",
                             .help = "Run the one job there is",
                             .target = &o->one_job,
                             .hidden = true});
  command.options.push_back({.names = "--op",
                             .value = "STEP",
                             .help = "Of a job of ops only this step: 'clean', '*clean' with all "
                                     "before it, 'load+' with what comes next; may be given "
                                     "several times",
                             .target = &o->ops});
  command.options.push_back({.names = "-c,--config",
                             .value = "CONFIG",
                             .help = "The run's configuration: a file (JSON, from Python also "
                                     "YAML) or the JSON itself; of several, the first that says "
                                     "something counts",
                             .target = &o->config});
  command.options.push_back({.names = "--partition",
                             .value = "KEY",
                             .help = "Only this partition, of assets or of a job of ops",
                             .target = &o->partition});
  command.options.push_back({.names = "--partitions",
                             .value = "WHICH",
                             .help = "all, missing, failed, stale, or keys and ranges: 'a,c...f'",
                             .target = &o->partitions});
  command.options.push_back({.names = "--stale",
                             .value = "",
                             .help =
                                 "Only what is missing or stale, as if declared with memoize; says "
                                 "why for each asset",
                             .target = &o->stale});
  command.options.push_back({.names = "--dry-run",
                             .value = "",
                             .help = "Print what would run and why; run nothing",
                             .target = &o->dry_run});
  command.options.push_back({.names = "--no-checks",
                             .value = "",
                             .help = "Leave out asset checks",
                             .target = &o->no_checks});
  add_run_options(command, o->run);
  command.options.push_back({.names = "--run-id",
                             .value = "ID",
                             .help = "Name the run instead of a new UUID",
                             .target = &o->run_id});
  command.options.push_back({.names = "--tags",
                             .value = "NAME=VALUE",
                             .help = "Tag the run; may be given several times",
                             .target = &o->tags});
  const std::string from = program.takes_source ? " -f pipeline.py" : "";
  command.examples = {
      {"materialize" + from, "everything"},
      {"materialize '+key:model'" + from, "the asset 'model' and all it is made from"},
      {"materialize --stale" + from, "only what has changed"},
      {"materialize --executor process --max-concurrent 8" + from,
       "each step in its own process, 8 at once"}};
  command.run = [o](Session& session) { return run_materialize(session, *o); };
  return command;
}

}  // namespace treadle::cli
