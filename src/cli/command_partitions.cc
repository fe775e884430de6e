#include "commands.h"
#include "load.h"
#include "partitions.h"
#include "text.h"
#include <treadle/app/partitions.h>
#include <treadle/base/json.h>
#include <treadle/base/suggest.h>
#include <treadle/plan/partitions.h>

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace treadle::cli {
namespace {

struct PartitionsOptions {
  SourceOptions source;
  std::vector<std::string> words;  // KEY | add NAME KEYS... | remove NAME KEYS...
  bool status = false;
  bool undeclared = false;
};

void write_ranges(JsonWriter& w, std::string_view name, const PartitionSet& set,
                  const PartitionSubset& subset) {
  w.key(name).begin_object().field("count", subset.size()).key("ranges").begin_array();
  for (const PartitionSubset::Range& r : subset.ranges()) {
    w.begin_array().value(set.key(r.begin)).value(set.key(r.end - 1)).end_array();
  }
  w.end_array().end_object();
}

std::string status_json(const AssetKey& asset, const app::PartitionStatus& status) {
  const PartitionSet& set = status.set;
  JsonWriter w;
  w.begin_object().field("asset", asset.text());
  w.field("partitions", set.definition()->description()).field("count", set.size());
  w.key("first");
  set.empty() ? w.null() : w.value(set.key(0));
  w.key("last");
  set.empty() ? w.null() : w.value(set.key(set.size() - 1));
  write_ranges(w, "materialized", set, status.materialized);
  write_ranges(w, "failed", set, status.failed);
  write_ranges(w, "in_progress", set, status.in_progress);
  write_ranges(w, "missing", set, status.missing());
  return std::move(w.end_object()).str();
}

std::string summary(const AssetKey& asset, const app::PartitionStatus& status, bool lists,
                    const Terminal& terminal) {
  const PartitionSet& set = status.set;
  std::string out = fmt::format("{}: {}, {}\n", printable(asset.text()),
                                printable(set.definition()->description()),
                                count_text(static_cast<std::size_t>(set.size()), "partition"));
  if (set.empty()) return out;
  out += "\n" + render_timeline(status, terminal) + "\n";
  const auto line = [&](std::string_view word, Style style, const PartitionSubset& subset) {
    if (subset.empty()) return;
    out += fmt::format("  {} {:>9}", terminal.paint(style, pad_right(std::string(word), 12)),
                       subset.size());
    if (lists) out += "  " + printable(set.text(subset, 20));
    out += "\n";
  };
  line("materialized", Style::kGreen, status.materialized - status.failed);
  line("in progress", Style::kCyan, status.in_progress);
  line("failed", Style::kRed, status.failed);
  line("missing", Style::kYellow, status.missing());
  return out;
}

// Of dynamic partitions that no asset is called after.
int show_keys(Session& session, const std::string& name, const std::vector<std::string>& keys) {
  if (session.json()) {
    JsonWriter w;
    w.begin_object().field("name", name).key("keys").begin_array();
    for (const std::string& key : keys) w.value(key);
    session.print_json(w.end_array().end_object().str());
    return kExitOk;
  }
  std::string out =
      fmt::format("dynamic partitions '{}': {}\n", printable(name), count_text(keys.size(), "key"));
  for (const std::string& key : keys) out += "  " + printable(key) + "\n";
  session.print(out);
  return kExitOk;
}

int show(Session& session, const PartitionsOptions& options) {
  auto loaded = load_definitions(session, options.source);
  if (!loaded) return loaded.error().exit_code;
  auto home = session.open_existing_home();
  if (!home) return session.fail(home.error());
  auto code = check_code(session, std::move(*loaded), home->get());
  if (!code) return code.error().exit_code;
  const plan::AssetGraph& graph = *code->graph;
  const AssetKey key(options.words.front());
  const plan::NodeId node = graph.find(key);
  if (node == plan::kNoNode) {
    if (*home) {
      const auto listed = (*home)->record().dynamic_partitions(options.words.front());
      if (listed && !listed->empty()) return show_keys(session, options.words.front(), *listed);
    }
    std::vector<std::string> keys;
    for (const plan::Node& n : graph.nodes()) keys.push_back(n.info->key.text());
    return session.fail(
        Error{Errc::kNotFound, fmt::format("There is no asset '{}' in these definitions.{}",
                                           printable(key.text()), did_you_mean(key.text(), keys))});
  }
  const PartitionsPtr& definition = graph.node(node).info->partitions;
  if (!definition) {
    return session.fail(Error{Errc::kInvalidArgument,
                              fmt::format("Asset '{}' is not partitioned: give it a partitions_def "
                                          "to compute it in parts.",
                                          printable(key.text()))});
  }
  auto set =
      PartitionSet::at(definition, session.now(), *home ? &(*home)->dynamic_keys() : nullptr);
  if (!set) return session.fail(set.error());
  app::PartitionStatus status{.set = *set, .materialized = {}, .failed = {}, .in_progress = {}};
  if (*home) {
    auto known = app::partition_status(**home, key, std::move(*set));
    if (!known) return session.fail(known.error());
    status = std::move(*known);
  }
  if (session.json()) {
    session.print_json(status_json(key, status));
  } else {
    session.print(summary(key, status, options.status, session.out()));
  }
  return kExitOk;
}

void add_dynamic_names(const PartitionsPtr& partitions, std::set<std::string>& names) {
  if (!partitions) return;
  if (const auto* dynamic = partitions->as_dynamic()) names.insert(dynamic->name);
  if (const auto* multi = partitions->as_multi())
    for (const auto& dimension : multi->dimensions) add_dynamic_names(dimension.partitions, names);
}

// The names of dynamic partitions that definitions declare.
std::set<std::string> dynamic_names(const Definitions& definitions) {
  std::set<std::string> names;
  for (const StepDef& step : definitions.steps) {
    for (const OutputDef& output : step.outputs) add_dynamic_names(output.asset.partitions, names);
    for (const CheckDef& check : step.checks) add_dynamic_names(check.partitions, names);
  }
  for (const SourceAssetDef& source : definitions.sources)
    add_dynamic_names(source.asset.partitions, names);
  for (const JobDef& job : definitions.jobs) add_dynamic_names(job.partitions, names);
  return names;
}

// A key under a misspelt name would be a partition of nothing.
OrStop<void> check_name(Session& session, const PartitionsOptions& options,
                        const std::string& name) {
  if (options.undeclared || !(options.source.given() || has_default_source(session))) return {};
  auto loaded = load_definitions(session, options.source);
  if (!loaded) return tl::unexpected(loaded.error());
  const std::set<std::string> names = dynamic_names(*loaded->definitions);
  if (names.contains(name)) return {};
  auto home = session.open_existing_home();
  if (!home) return tl::unexpected(Stop{session.fail(home.error())});
  if (*home) {
    const auto known = (*home)->record().dynamic_partitions(name);
    if (known && !known->empty()) return {};
  }
  return tl::unexpected(Stop{session.fail(
      Error{Errc::kNotFound,
            fmt::format("These definitions declare no dynamic partitions '{}'.{} With --undeclared "
                        "the keys are added all the same, for code that asks for them by name.",
                        printable(name), did_you_mean(name, {names.begin(), names.end()}))})});
}

int change(Session& session, const PartitionsOptions& options) {
  const bool adds = options.words.front() == "add";
  if (options.words.size() < 3) {
    return session.usage_error(fmt::format(
        "partitions {} takes the name of dynamic partitions and at least one key: partitions {} "
        "images cat.png dog.png",
        options.words.front(), options.words.front()));
  }
  const std::string& name = options.words[1];
  const std::vector<std::string> keys(options.words.begin() + 2, options.words.end());
  // The rules that any key follows.
  if (auto good = static_partitions(keys); adds && !good) return session.fail(good.error());
  if (adds) {
    if (const auto declared = check_name(session, options, name); !declared)
      return declared.error().exit_code;
  }
  auto home = session.open_home();
  if (!home) return session.fail(home.error());
  events::Record& record = (*home)->record();
  const auto changed = adds ? record.add_dynamic_partitions(name, keys)
                            : record.delete_dynamic_partitions(name, keys);
  if (!changed) return session.fail(changed.error());
  if (!adds && *changed == 0) {
    const auto known = record.dynamic_partitions(name);
    return session.fail(Error{
        Errc::kNotFound, fmt::format("The dynamic partitions '{}' have no '{}'.{}", printable(name),
                                     printable(keys.front()),
                                     known ? did_you_mean(keys.front(), *known) : std::string())});
  }
  if (session.json()) {
    JsonWriter w;
    w.begin_object().field("name", name).field(adds ? "added" : "removed", *changed);
    session.print_json(w.end_object().str());
  }
  const auto rest = static_cast<std::int64_t>(keys.size()) - *changed;
  session.print(fmt::format("{} {} {} '{}'{}.\n", adds ? "Added" : "Removed",
                            count_text(static_cast<std::size_t>(*changed), "key"),
                            adds ? "to" : "from", printable(name),
                            rest == 0 ? ""
                            : adds    ? fmt::format("; {} there already", rest)
                                      : fmt::format("; {} not there", rest)));
  return kExitOk;
}

}  // namespace

CommandSpec partitions_command(const Program& program) {
  auto options = std::make_shared<PartitionsOptions>();
  CommandSpec command;
  command.name = "partitions";
  command.summary = "Show which partitions of an asset are there, and change dynamic ones";
  command.details =
      "With an asset's key: how many partitions it has, and which are materialized, failed or "
      "missing, as a timeline. With the name of dynamic partitions: their keys. With 'add' or "
      "'remove': keys of dynamic partitions, which are kept "
      "in the home under the name in DynamicPartitionsDefinition(name=...).";
  command.arguments = {{"WORD", "An asset's key; or add NAME KEY..., or remove NAME KEY...",
                        &options->words, WordKind::kAsset}};
  add_source_options(command, program, options->source);
  command.options.push_back({.names = "--status",
                             .value = "",
                             .help = "List the partitions in each state, as ranges",
                             .target = &options->status});
  command.options.push_back({.names = "--undeclared",
                             .value = "",
                             .help = "With 'add': also under a name that no definition declares",
                             .target = &options->undeclared});
  const std::string from = program.takes_source ? " -f pipeline.py" : "";
  command.examples = {{"partitions sales" + from, "a timeline of the asset 'sales'"},
                      {"partitions sales --status" + from, "with the ranges that are missing"},
                      {"partitions add images cat.png dog.png", "two more dynamic partitions"}};
  command.run = [options](Session& session) {
    const std::string& first = options->words.front();
    if (first == "add" || first == "remove") return change(session, *options);
    if (options->words.size() > 1) {
      return session.usage_error(
          "partitions takes one asset, or 'add' or 'remove' with a name and keys.");
    }
    return show(session, *options);
  };
  return command;
}

}  // namespace treadle::cli
