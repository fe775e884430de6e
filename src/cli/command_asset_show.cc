#include "commands.h"
#include "load.h"
#include "render.h"
#include "text.h"
#include <treadle/artifact/store.h>
#include <treadle/base/json_parse.h>
#include <treadle/base/suggest.h>
#include <treadle/plan/staleness.h>

#include <boost/json.hpp>
#include <fmt/format.h>

#include <optional>

namespace treadle::cli {
namespace {

struct AssetShowOptions {
  SourceOptions source;
  std::string key;
};

// Everything known about one asset; what is not known is empty.
struct AssetView {
  AssetKey key;
  const plan::Node* node = nullptr;  // its definition
  const plan::AssetGraph* graph = nullptr;
  std::optional<plan::AssetStatus> status;
  std::optional<events::LatestMaterialization> latest;
  Metadata metadata;  // of the latest materialization
  std::optional<artifact::Version> version;
  std::vector<events::CheckResult> checks;
};

Metadata materialization_metadata(const Event& event) {
  boost::json::value payload;
  if (!parse_json_value(event.payload, payload) || !payload.is_object()) return {};
  const auto* value = payload.get_object().if_contains("metadata");
  if (!value) return {};
  return metadata_from_json(json_value_text(*value)).value_or(Metadata{});
}

Result<void> look_up(app::Home& home, AssetView& view) {
  TREADLE_TRY(auto latest, home.record().latest_materializations(view.key));
  if (!latest.empty()) {
    view.latest = std::move(latest.back());
    events::EventFilter filter;
    filter.run_id = view.latest->run_id;
    filter.asset_key = view.key.text();
    filter.types = {EventType::kAssetMaterialization};
    TREADLE_TRY(const auto events, home.record().events(filter));
    if (!events.empty()) view.metadata = materialization_metadata(events.back());
    if (const auto ref = parse_artifact_ref(view.latest->provenance.artifact)) {
      TREADLE_TRY(view.version, home.store().find(*ref));
    }
  }
  TREADLE_TRY(view.checks, home.record().latest_checks(view.key));
  return {};
}

CheckLine check_line(const events::CheckResult& check) {
  return {
      .asset = check.asset.text(),
      .name = check.check,
      .passed = check.passed,
      .error_severity = check.error_severity,
      .blocking = check.blocking,
      .description = check.description,
      .metadata =
          metadata_from_json(check.metadata.empty() ? "{}" : check.metadata).value_or(Metadata{})};
}

std::vector<std::string> keys_of(const std::vector<plan::NodeId>& ids,
                                 const plan::AssetGraph& graph) {
  std::vector<std::string> keys;
  for (const plan::NodeId id : ids) keys.push_back(graph.node(id).info->key.text());
  return keys;
}

std::string render_asset(const AssetView& view, const Session& session) {
  const Terminal& t = session.out();
  const auto line = [&](std::string_view name, const std::string& value) {
    return value.empty()
               ? std::string()
               : "  " + t.paint(Style::kDim, pad_right(name, 14)) + printable(value) + "\n";
  };
  std::string out = t.paint(Style::kBold, printable(view.key.text()));
  if (view.node && !view.node->step) {
    out += "  " + t.paint(Style::kDim, "source");
  } else if (view.status) {
    out += "  " +
           t.paint(staleness_style(view.status->staleness), staleness_word(view.status->staleness));
  }
  out += "\n";
  if (view.node) {
    const AssetInfo& info = *view.node->info;
    if (!info.description.empty()) out += indent(printable_block(info.description), "  ") + "\n";
    out += line("kinds", join(info.kinds, ", "));
    out += line("group", info.group == "default" ? "" : info.group);
    out += line("owners", join(info.owners, ", "));
    for (const auto& [name, value] : info.tags)
      out += line("tag", value.empty() ? name : name + "=" + value);
    out += line("upstream", join(keys_of(view.node->parents, *view.graph), ", "));
    out += line("downstream", join(keys_of(view.node->children, *view.graph), ", "));
    if (view.node->step) {
      out += line("defined at", view.node->step->place.text());
      out += line("code version", code_version_of(*view.node));
    }
    if (!info.metadata.empty())
      out += "\n" + indent(render_metadata(info.metadata, t), "  ") + "\n";
    if (view.status && !view.status->reasons.empty()) {
      out += "\n" +
             t.paint(Style::kBold,
                     "Why it is " + std::string(staleness_word(view.status->staleness))) +
             "\n";
      for (const plan::StaleReason& reason : view.status->reasons)
        out += fmt::format("  {} {}\n", t.bullet(), printable(plan::describe(reason, *view.graph)));
    }
  }
  if (view.latest) {
    const events::LatestMaterialization& latest = *view.latest;
    out += "\n" + t.paint(Style::kBold, "Latest materialization") + "\n";
    out += line("when", format_time(latest.time) + ", " + format_ago(latest.time, session.now()));
    out += line("by run", latest.run_id);
    if (!latest.partition.empty()) out += line("partition", latest.partition);
    out += line("artifact", short_artifact(latest.provenance.artifact));
    if (view.version) {
      out += line("size", format_size(view.version->size));
    } else if (!latest.provenance.artifact.empty()) {
      out += line("", "which does not exist any more");
    }
    out += line("data version", latest.provenance.data_version);
    out += line("code version", latest.provenance.code_version);
    for (const auto& input : latest.provenance.inputs)
      out += line("made from",
                  input.asset.text() +
                      (input.data_version.empty() ? "" : "  " + short_digest(input.data_version)));
    if (!view.metadata.empty())
      out += "\n" + indent(render_metadata(view.metadata, t), "  ") + "\n";
  } else {
    out += "\nNever materialized.\n";
  }
  if (!view.checks.empty()) {
    out += "\n" + t.paint(Style::kBold, "Checks") + "\n";
    for (const events::CheckResult& result : view.checks) {
      const CheckLine check = check_line(result);
      const Style style = check.passed           ? Style::kGreen
                          : check.error_severity ? Style::kRed
                                                 : Style::kYellow;
      out += "  " + t.paint(style, printable(render_check(check, t))) +
             t.paint(Style::kDim, "  " + format_ago(result.time, session.now())) + "\n";
      if (!check.description.empty())
        out += indent(printable_block(check.description), "      ") + "\n";
      if (!check.metadata.empty())
        out += indent(render_metadata(check.metadata, t), "      ") + "\n";
    }
  }
  return out;
}

void write_keys(JsonWriter& w, const std::vector<std::string>& keys) {
  w.begin_array();
  for (const std::string& key : keys) w.value(key);
  w.end_array();
}

std::string asset_json(const AssetView& view) {
  JsonWriter w;
  w.begin_object().field("asset", view.key.text()).key("definition");
  if (view.node) {
    const AssetInfo& info = *view.node->info;
    w.begin_object()
        .field("source", view.node->step == nullptr)
        .field("group", info.group)
        .field("description", info.description);
    w.key("kinds");
    write_keys(w, info.kinds);
    w.key("owners");
    write_keys(w, info.owners);
    w.key("tags").begin_object();
    for (const auto& [name, value] : info.tags) w.field(name, value);
    w.end_object().key("upstream");
    write_keys(w, keys_of(view.node->parents, *view.graph));
    w.key("downstream");
    write_keys(w, keys_of(view.node->children, *view.graph));
    w.field("place", view.node->step ? view.node->step->place.text() : std::string());
    w.field("code_version", code_version_of(*view.node));
    w.key("metadata").raw(metadata_to_json(info.metadata)).end_object();
  } else {
    w.null();
  }
  w.key("status");
  view.status ? w.value(staleness_word(view.status->staleness)) : w.null();
  w.key("reasons");
  if (view.status) {
    write_reasons(w, *view.status, *view.graph);
  } else {
    w.begin_array().end_array();
  }
  w.key("latest_materialization");
  if (view.latest) {
    w.begin_object()
        .field("run_id", view.latest->run_id)
        .field("time", format_utc(view.latest->time));
    w.key("partition");
    view.latest->partition.empty() ? w.null() : w.value(view.latest->partition);
    w.key("provenance").raw(provenance_to_json(view.latest->provenance));
    w.key("metadata").raw(metadata_to_json(view.metadata)).key("version");
    if (view.version) {
      write_version(w, *view.version);
    } else {
      w.null();
    }
    w.end_object();
  } else {
    w.null();
  }
  w.key("checks").begin_array();
  for (const events::CheckResult& check : view.checks) write_check(w, check_line(check));
  w.end_array().end_object();
  return std::move(w).str();
}

int no_such_asset(Session& session, const AssetKey& key, const std::vector<std::string>& known,
                  bool loaded) {
  std::string message =
      fmt::format("There is no asset '{}' {}.{}", printable(key.text()),
                  loaded ? "in these definitions or in this home" : "in this home",
                  did_you_mean(key.text(), known));
  if (!loaded && session.program().takes_source)
    message += " To look in definitions too, name them with -f or -m.";
  return session.fail(kExitNotFound, "not_found", message);
}

int run_asset_show(Session& session, const AssetShowOptions& options) {
  AssetView view;
  view.key = AssetKey(options.key);
  if (auto good = view.key.check(); !good) return session.fail(good.error());
  std::optional<LoadedDefinitions> loaded;
  if (options.source.given() || has_default_source(session)) {
    auto definitions = load_definitions(session, options.source);
    if (!definitions) return definitions.error().exit_code;
    loaded = std::move(*definitions);
  }
  auto home = session.open_existing_home();
  if (!home) return session.fail(home.error());
  if (*home) {
    if (auto found = look_up(**home, view); !found) return session.fail(found.error());
  }
  std::vector<std::string> known;
  std::optional<Code> code;
  if (loaded) {
    auto checked = check_code(session, std::move(*loaded), home->get());
    if (!checked) return checked.error().exit_code;
    code = std::move(*checked);
    view.graph = code->graph.get();
    for (const plan::Node& node : view.graph->nodes()) known.push_back(node.info->key.text());
    const plan::NodeId id = view.graph->find(view.key);
    if (id != plan::kNoNode) {
      view.node = &view.graph->node(id);
      plan::Facts facts(view.graph->nodes().size());
      if (*home) {
        auto facts_now = app::load_facts(**home, *view.graph);
        if (!facts_now) return session.fail(facts_now.error());
        facts = std::move(*facts_now);
      }
      if (view.node->step) view.status = plan::find_stale(*view.graph, facts, code_version_of)[id];
    }
  }
  if (!view.node && !view.latest && view.checks.empty()) {
    if (*home)
      for (const AssetKey& key : (*home)->record().asset_keys().value_or(std::vector<AssetKey>{}))
        known.push_back(key.text());
    return no_such_asset(session, view.key, known, code.has_value());
  }
  if (session.json()) session.print_json(asset_json(view));
  session.print(render_asset(view, session));
  return kExitOk;
}

}  // namespace

CommandSpec asset_show_command(const Program& program) {
  auto o = std::make_shared<AssetShowOptions>();
  CommandSpec command;
  command.name = "show";
  command.summary =
      "Show an asset: what it is, what was kept last, its checks, whether it is stale and why";
  command.arguments = {
      {"KEY", "The asset's key: 'model' or 'raw/iris'", &o->key, WordKind::kAsset}};
  add_source_options(command, program, o->source);
  if (program.takes_source) {
    command.details =
        "Without -f, -m or [tool.treadle] in pyproject.toml, only what the home has kept is shown.";
    command.examples = {{"asset show model", "what is kept"},
                        {"asset show model -f pipeline.py", "with its definition and status"}};
  } else {
    command.examples = {{"asset show model", "everything about one asset"}};
  }
  command.run = [o](Session& session) { return run_asset_show(session, *o); };
  return command;
}

}  // namespace treadle::cli
