// automation ticks: what schedules, sensors and conditions asked for, and why, from the record.
#include "commands.h"
#include "session.h"
#include "table.h"
#include "text.h"
#include <treadle/base/json.h>
#include <treadle/base/json_parse.h>
#include <treadle/base/time_zone.h>

#include <boost/json.hpp>
#include <fmt/format.h>

#include <algorithm>

namespace treadle::cli {
namespace {

struct TicksOptions {
  std::string name;
  std::string kind;
  std::string status;
  int limit = 20;
  int id = 0;
};

std::string_view text_in(const boost::json::object& object, std::string_view name) {
  const auto* found = object.if_contains(name);
  return found != nullptr && found->is_string() ? std::string_view(found->get_string())
                                                : std::string_view();
}

const boost::json::array& list_in(const boost::json::object& object, std::string_view name) {
  static const boost::json::array none;
  const auto* found = object.if_contains(name);
  return found != nullptr && found->is_array() ? found->get_array() : none;
}

// Where a condition held: of partitions which, of others only whether.
std::pair<bool, std::string> held(const boost::json::object& node) {
  const auto* holds = node.if_contains("true");
  if (holds == nullptr) return {false, ""};
  if (holds->is_bool()) return {holds->get_bool(), ""};
  if (!holds->is_object()) return {false, ""};
  const std::string_view partitions = text_in(holds->get_object(), "partitions");
  return {!partitions.empty(), std::string(partitions)};
}

// As the explanation was printed when it was evaluated.
void write_tree(const boost::json::object& node, const std::string& indent, bool last, bool root,
                std::string& out) {
  const auto [yes, partitions] = held(node);
  const std::string_view label = text_in(node, "label");
  out += "  " + indent + (root ? "" : last ? "└─ " : "├─ ") + (yes ? "✓ " : "✗ ");
  out += printable(label.empty() ? text_in(node, "name") : label);
  if (!partitions.empty()) out += "  " + printable(partitions);
  if (const auto* metadata = node.if_contains("metadata"); metadata && metadata->is_object()) {
    for (const char* what : {"trigger", "reset"}) {
      const std::string_view time =
          text_in(metadata->get_object(), std::string(what) + "_timestamp");
      if (!time.empty()) out += fmt::format("  {} {}Z", what, time.substr(0, 19));
    }
  }
  out += '\n';
  const boost::json::array& children = list_in(node, "children");
  for (std::size_t i = 0; i < children.size(); ++i) {
    if (!children[i].is_object()) continue;
    write_tree(children[i].get_object(), root ? "" : indent + (last ? "   " : "│  "),
               i + 1 == children.size(), false, out);
  }
}

// One line about it.
std::string summary(const events::Tick& tick, const boost::json::value& detail) {
  if (!detail.is_object()) return "";
  const boost::json::object& object = detail.get_object();
  if (tick.kind == "condition") {
    const auto [yes, partitions] = held(object);
    return partitions.empty() ? (yes ? "requested" : "not requested") : partitions;
  }
  if (const std::string_view error = text_in(object, "error"); !error.empty())
    return std::string(error.substr(0, error.find('\n')));
  if (const std::string_view skipped = text_in(object, "skipped"); !skipped.empty())
    return std::string(skipped);
  const boost::json::array& requests = list_in(object, "requests");
  std::string out = requests.empty() ? "" : count_text(requests.size(), "run");
  if (requests.size() == 1 && requests[0].is_object()) {
    const boost::json::object& request = requests[0].get_object();
    const std::string_view job = text_in(request, "job"), partition = text_in(request, "partition");
    if (!job.empty()) out += fmt::format(" of {}", job);
    if (!partition.empty()) out += fmt::format(" for {}", partition);
  }
  return out;
}

void write_tick(JsonWriter& w, const events::Tick& tick) {
  w.begin_object().field("id", tick.id).field("kind", tick.kind).field("name", tick.name);
  w.field("time", format_utc(tick.time)).field("status", tick.status);
  w.key("detail").raw(tick.detail.empty() ? "{}" : tick.detail).end_object();
}

std::string whole(const events::Tick& tick, const boost::json::value& detail) {
  std::string out = fmt::format("{} {}  {}  {}\n", tick.kind, printable(tick.name),
                                format_in_zone(tick.time, TimeZone::utc()), tick.status);
  if (!detail.is_object()) return out;
  const boost::json::object& object = detail.get_object();
  if (tick.kind == "condition") {
    write_tree(object, "", true, true, out);
    return out;
  }
  if (const std::string_view error = text_in(object, "error"); !error.empty())
    out += fmt::format("  failed: {}\n", printable(error));
  if (const std::string_view skipped = text_in(object, "skipped"); !skipped.empty())
    out += fmt::format("  skipped: {}\n", printable(skipped));
  for (const auto& request : list_in(object, "requests")) {
    if (!request.is_object()) continue;
    out += "  requests a run";
    for (const auto& [name, between] : {std::pair("job", " of "),
                                        {"assets", " of "},
                                        {"partition", " for "},
                                        {"run_key", "  run key "}}) {
      const std::string_view said = text_in(request.get_object(), name);
      if (!said.empty()) out += between + printable(said);
    }
    out += '\n';
  }
  return out;
}

int run_ticks(Session& session, const TicksOptions& options) {
  auto home = session.open_existing_home();
  if (!home) return session.fail(home.error());
  std::vector<events::Tick> ticks;
  if (*home) {
    auto found = (*home)->record().ticks({.id = options.id,
                                          .kind = options.kind,
                                          .name = options.name,
                                          .status = options.status,
                                          .limit = options.limit});
    if (!found) return session.fail(found.error());
    ticks = std::move(*found);
  }
  if (options.id != 0 && ticks.empty()) {
    return session.fail(
        Error{Errc::kNotFound, fmt::format("There is no tick {}. `{} automation ticks` shows those "
                                           "there are.",
                                           options.id, session.program().name)});
  }
  if (session.json()) {
    JsonWriter w;
    w.begin_object().key("ticks").begin_array();
    for (const events::Tick& tick : ticks) write_tick(w, tick);
    w.end_array().end_object();
    session.print_json(w.str());
    return kExitOk;
  }
  if (!*home) {
    session.print(session.no_home_text());
    return kExitOk;
  }
  if (ticks.empty()) {
    session.print("No ticks. `automation tick` evaluates what there is, and keeps them.\n");
    return kExitOk;
  }
  const auto detail_of = [](const events::Tick& tick) {
    boost::json::value detail;
    static_cast<void>(parse_json_value(tick.detail, detail));
    return detail;
  };
  if (options.id != 0) {
    session.print(whole(ticks.front(), detail_of(ticks.front())));
    return kExitOk;
  }
  Table table;
  table.columns = {{"tick", Column::Align::kRight},
                   {"time"},
                   {"kind"},
                   {"name", Column::Align::kLeft, 2, false},
                   {"status"},
                   {"what", Column::Align::kLeft, 1, false}};
  for (const events::Tick& tick : ticks) {
    const Style style = tick.status == "failed"      ? Style::kRed
                        : tick.status == "requested" ? Style::kGreen
                                                     : Style::kPlain;
    table.rows.push_back({std::to_string(tick.id), format_in_zone(tick.time, TimeZone::utc()),
                          tick.kind, tick.name, Cell(tick.status, style),
                          summary(tick, detail_of(tick))});
  }
  session.print(render_table(table, session.out()));
  return kExitOk;
}

}  // namespace

CommandSpec automation_ticks_command() {
  auto o = std::make_shared<TicksOptions>();
  CommandSpec command;
  command.name = "ticks";
  command.summary = "List what schedules, sensors and conditions asked for, newest first";
  command.details =
      "Each evaluation of a schedule and a sensor is kept, of a condition those that asked for "
      "something. With --tick one of them is shown whole: of a condition the tree that says which "
      "part held for which partitions.";
  command.arguments = {{"NAME", "A schedule, a sensor, an asset, or a check as asset:check",
                        &o->name, WordKind::kAsset, false}};
  command.options = {
      {.names = "-n,--limit",
       .value = "N",
       .help = "At most N (default 20); 0: all",
       .target = &o->limit},
      {.names = "--kind",
       .value = "KIND",
       .help = "Only of this kind",
       .target = &o->kind,
       .choices = {"schedule", "sensor", "condition"}},
      {.names = "--status",
       .value = "STATUS",
       .help = "Only with this outcome",
       .target = &o->status,
       .choices = {"requested", "skipped", "failed"}},
      {.names = "--tick", .value = "ID", .help = "This one, whole", .target = &o->id},
  };
  command.examples = {{"automation ticks", "the last 20"},
                      {"automation ticks daily_sales --limit 5", "those of one asset"},
                      {"automation ticks --tick 17", "one of them with its reasons"}};
  command.run = [o](Session& session) { return run_ticks(session, *o); };
  return command;
}

}  // namespace treadle::cli
