#include "commands.h"
#include "load.h"
#include "render.h"
#include "table.h"
#include "text.h"
#include <treadle/app/partitions.h>
#include <treadle/plan/partition_staleness.h>
#include <treadle/plan/selection.h>

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <map>
#include <set>
#include <unordered_map>

namespace treadle::cli {
namespace {

constexpr Micros kDay = 86'400'000'000;

struct StatusOptions {
  SourceOptions source;
  std::string selection;
  bool why = false;
  std::string unneeded_after = "30";
};

// What is known of one asset, for its line and its tree of reasons.
struct Line {
  plan::NodeId node;
  std::vector<std::string> failed_checks;
  bool unneeded = false;
  std::optional<app::PartitionStatus> partitions;
  plan::PartitionStaleness stale;
};

class Status {
 public:
  Status(Session& session, const plan::AssetGraph& graph, app::Home* home)
      : session_(session), graph_(graph), home_(home) {}

  Result<void> load(const std::vector<plan::NodeId>& selected, Micros unneeded_after) {
    facts_.resize(graph_.nodes().size());
    if (home_) {
      TREADLE_TRY(facts_, app::load_facts(*home_, graph_));
      TREADLE_TRY(const auto checks, home_->record().latest_checks());
      for (const events::CheckResult& check : checks) {
        if (!check.passed) failed_[check.asset.text()].push_back(check.check);
      }
    }
    statuses_ = plan::find_stale(graph_, facts_, code_version_of);
    for (const plan::NodeId id : selected) {
      Line line{.node = id};
      const plan::Node& node = graph_.node(id);
      if (const auto failed = failed_.find(node.info->key.text()); failed != failed_.end()) {
        line.failed_checks = failed->second;
      }
      line.unneeded = node.step && node.children.empty() && facts_[id].materialized &&
                      unneeded_after > 0 && session_.now() - facts_[id].time > unneeded_after;
      if (home_ && node.info->partitions) TREADLE_CHECK(load_partitions(line));
      lines_.push_back(std::move(line));
    }
    return {};
  }

  std::string text(bool why) const {
    Table table;
    table.columns = {{"asset"}, {"status"}, {"partitions"}, {"made"}, {"why"}};
    std::string trees;
    for (const Line& line : lines_) {
      const plan::Node& node = graph_.node(line.node);
      const bool source = node.step == nullptr;
      table.rows.push_back(
          {node.info->key.text(),
           source ? Cell("source", Style::kDim) : Cell(std::string(word(line)), style(line)),
           line.partitions ? partition_text(line) : "",
           facts_[line.node].materialized ? format_ago(facts_[line.node].time, session_.now()) : "",
           why ? "" : join(reasons(line), "; ")});
      if (why && !source) trees += tree(line);
    }
    return render_table(table, session_.out()) + (trees.empty() ? "" : "\n" + trees);
  }

  std::string json() const {
    JsonWriter w;
    w.begin_object().key("assets").begin_array();
    for (const Line& line : lines_) {
      const plan::Node& node = graph_.node(line.node);
      w.begin_object().field("asset", node.info->key.text());
      w.field("status", node.step ? word(line) : std::string_view("source"));
      w.field("unneeded", line.unneeded).key("failed_checks").begin_array();
      for (const std::string& check : line.failed_checks) w.value(check);
      w.end_array().key("reasons");
      write_reasons(w, statuses_[line.node], graph_);
      w.key("partitions");
      if (!line.partitions) {
        w.null();
      } else {
        write_partitions(w, line);
      }
      w.end_object();
    }
    return std::move(w.end_array().end_object()).str();
  }

 private:
  Result<void> load_partitions(Line& line) {
    const plan::Node& node = graph_.node(line.node);
    TREADLE_TRY(PartitionSet set,
                PartitionSet::at(node.info->partitions, session_.now(), &home_->dynamic_keys()));
    TREADLE_TRY(line.partitions, app::partition_status(*home_, node.info->key, std::move(set)));
    if (!node.step) return {};
    std::vector<plan::NodeId> needed = node.parents;
    needed.push_back(line.node);
    for (const plan::NodeId id : needed) {
      if (known_.contains(id)) continue;
      TREADLE_TRY(known_[id], app::partitioned_facts(*home_, graph_, id));
    }
    line.stale = plan::find_stale_partitions(
        {.graph = graph_,
         .node = line.node,
         .facts = [&](plan::NodeId id) { return known_[id] ? &*known_[id] : nullptr; },
         .version =
             [&](plan::NodeId id) {
               const plan::AssetFacts& f = facts_[id];
               return f.source_version.empty() ? f.provenance.data_version : f.source_version;
             },
         .code_version = code_version_of(node)});
    return {};
  }

  std::string_view word(const Line& line) const {
    if (line.partitions) {
      if (!line.partitions->failed.empty()) return "failed";
      if (line.partitions->materialized.empty()) return "missing";
      if (!line.stale.stale.empty()) return "stale";
      if (!line.partitions->missing().empty()) return "partial";
    }
    const plan::Staleness staleness = statuses_[line.node].staleness;
    const bool fresh = line.partitions || staleness == plan::Staleness::kFresh;
    if (fresh && !line.failed_checks.empty()) return "check failed";
    if (fresh && line.unneeded) return "unneeded";
    return line.partitions ? "fresh" : staleness_word(staleness);
  }

  Style style(const Line& line) const {
    const std::string_view w = word(line);
    if (w == "fresh") return Style::kGreen;
    if (w == "failed" || w == "check failed" || w == "missing") return Style::kRed;
    return w == "unneeded" ? Style::kDim : Style::kYellow;
  }

  static std::string partition_text(const Line& line) {
    const app::PartitionStatus& p = *line.partitions;
    std::string text = fmt::format("{}/{}", p.materialized.size(), p.set.size());
    if (!p.failed.empty()) text += fmt::format(", {} failed", p.failed.size());
    if (!line.stale.stale.empty()) text += fmt::format(", {} stale", line.stale.stale.size());
    return text;
  }

  std::vector<std::string> reasons(const Line& line) const {
    std::vector<std::string> why;
    if (line.partitions) {
      const app::PartitionStatus& p = *line.partitions;
      const auto part = [&](const std::string& what, const PartitionSubset& subset) {
        if (!subset.empty()) why.push_back(what + ": " + p.set.text(subset, 3));
      };
      part("missing", p.missing());
      part("failed", p.failed);
      for (const auto& [reason, subset] : line.stale.reasons) {
        part(plan::describe(reason, graph_), subset);
      }
    } else {
      for (const plan::StaleReason& reason : statuses_[line.node].reasons) {
        why.push_back(plan::describe(reason, graph_));
      }
    }
    for (const std::string& check : line.failed_checks)
      why.push_back("check '" + check + "' failed");
    if (line.unneeded) {
      why.push_back("nothing here reads it, and it was made " +
                    format_ago(facts_[line.node].time, session_.now()));
    }
    return why;
  }

  std::string tree(const Line& line) const {
    const std::vector<std::string> why = reasons(line);
    if (why.empty()) return {};
    std::string out = printable(graph_.node(line.node).info->key.text()) + "\n";
    for (const std::string& reason : why) out += "  " + bullet() + printable(reason) + "\n";
    if (!line.partitions) {
      std::set<plan::NodeId> seen{line.node};
      for (const plan::StaleReason& reason : statuses_[line.node].reasons) {
        if (reason.kind == plan::StaleReason::Kind::kUpstreamStale)
          branch(reason.upstream, 2, seen, out);
      }
    }
    return out;
  }

  // Why an upstream asset is stale itself, down to what has changed; each asset once.
  void branch(plan::NodeId id, int depth, std::set<plan::NodeId>& seen, std::string& out) const {
    if (!seen.insert(id).second) return;
    for (const plan::StaleReason& reason : statuses_[id].reasons) {
      out += std::string(static_cast<std::size_t>(depth) * 2, ' ') + bullet() +
             printable(graph_.node(id).info->key.text() + ": " + plan::describe(reason, graph_)) +
             "\n";
      if (reason.kind == plan::StaleReason::Kind::kUpstreamStale) {
        branch(reason.upstream, depth + 1, seen, out);
      }
    }
  }

  void write_partitions(JsonWriter& w, const Line& line) const {
    const app::PartitionStatus& p = *line.partitions;
    const auto ranges = [&](std::string_view name, const PartitionSubset& subset) {
      w.key(name).begin_array();
      for (const PartitionSubset::Range& r : subset.ranges()) {
        w.begin_array().value(p.set.key(r.begin)).value(p.set.key(r.end - 1)).end_array();
      }
      w.end_array();
    };
    w.begin_object().field("count", p.set.size());
    ranges("materialized", p.materialized);
    ranges("missing", p.missing());
    ranges("failed", p.failed);
    ranges("stale", line.stale.stale);
    w.key("reasons").begin_array();
    for (const auto& [reason, subset] : line.stale.reasons) {
      w.begin_object().field("reason", plan::describe(reason, graph_));
      ranges("partitions", subset);
      w.end_object();
    }
    w.end_array().end_object();
  }

  std::string bullet() const { return std::string(session_.out().bullet()) + " "; }

  Session& session_;
  const plan::AssetGraph& graph_;
  app::Home* home_;
  plan::Facts facts_;
  std::vector<plan::AssetStatus> statuses_;
  std::map<std::string, std::vector<std::string>> failed_;
  std::unordered_map<plan::NodeId, std::optional<plan::PartitionedFacts>> known_;
  std::vector<Line> lines_;
};

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
  Status status(session, *code->graph, home->get());
  if (auto ready = status.load(*selected, static_cast<Micros>(days * kDay)); !ready) {
    return session.fail(ready.error());
  }
  if (session.json()) {
    session.print_json(status.json());
  } else {
    session.print(status.text(options.why));
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
      "failed; check failed; unneeded: nothing declared here reads it, and it was not made for a "
      "while.";
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
