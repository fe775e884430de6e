// automation tick: what schedules, sensors and conditions ask for at a moment, and why.
#include "commands.h"
#include "load.h"
#include "text.h"
#include <treadle/app/automation.h>
#include <treadle/base/files.h>
#include <treadle/base/json.h>
#include <treadle/base/suggest.h>
#include <treadle/base/time_zone.h>

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <fstream>
#include <iterator>

namespace treadle::cli {
namespace {

constexpr const char* kCursorFile = "automation-cursor.json";

struct TickOptions {
  SourceOptions source;
  std::string at;
  std::string explain;
  std::string name;
  bool dry_run = false;
};

// "2026-01-05", "2026-01-05T09:30", "2026-01-05 09:30:00Z", "...+02:00"; in UTC unless it says more.
Result<Micros> parse_moment(const std::string& text) {
  CivilTime c;
  int used = 0;
  const int dates = std::sscanf(text.c_str(), "%4d-%2d-%2d%n", &c.year, &c.month, &c.day, &used);
  std::string rest = dates == 3 ? text.substr(static_cast<std::size_t>(used)) : "x";
  if (!rest.empty() && (rest[0] == 'T' || rest[0] == ' ')) {
    int clock = 0;
    if (std::sscanf(rest.c_str() + 1, "%2d:%2d%n", &c.hour, &c.minute, &clock) == 2) {
      rest = rest.substr(1 + static_cast<std::size_t>(clock));
      if (int seconds = 0; std::sscanf(rest.c_str(), ":%2d%n", &c.second, &seconds) == 1)
        rest = rest.substr(static_cast<std::size_t>(seconds));
    }
  }
  int offset = 0, hours = 0, minutes = 0;
  char sign[2] = {};
  if (std::sscanf(rest.c_str(), "%1[+-]%2d:%2d", sign, &hours, &minutes) == 3 && rest.size() == 6) {
    offset = (sign[0] == '-' ? -1 : 1) * (hours * 3600 + minutes * 60);
    rest.clear();
  }
  const bool sound = (rest.empty() || rest == "Z") && c.month >= 1 && c.month <= 12 && c.day >= 1 &&
                     c.day <= days_in_month(c.year, c.month) && c.hour < 24 && c.minute < 60 &&
                     c.second < 60;
  if (!sound)
    return fail(Errc::kInvalidArgument,
                "--at '" + text +
                    "' is no moment. Write it as 2026-01-05T09:30, in UTC, or with an "
                    "offset as 2026-01-05T09:30+01:00.");
  return (local_seconds(c) - offset) * kMicrosPerSecond;
}

Result<automate::Cursor> read_cursor(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return automate::Cursor{};
  const std::string text{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  auto cursor = automate::Cursor::from_json(text);
  if (!cursor) return fail(std::move(cursor).error().with_context(path));
  return cursor;
}

Result<void> write_cursor(const std::string& path, const automate::Cursor& cursor) {
  const std::string next = path + ".next";
  {
    std::ofstream out(next, std::ios::binary | std::ios::trunc);
    out << cursor.to_json();
    if (!out) return fail(errno_error("cannot write " + next, errno));
  }
  if (std::rename(next.c_str(), path.c_str()) != 0)
    return fail(errno_error("cannot rename " + next, errno));
  return {};
}

// When the cursor's evaluation was; 0: never.
Micros last_time(const automate::Cursor& cursor) {
  Micros out = 0;
  for (const auto& [key, entity] : cursor.entities) out = std::max(out, entity->time);
  return out;
}

void print_instigator(Session& session, const InstigatorTick& tick) {
  std::string out = fmt::format("{} {}\n", tick.kind, tick.name);
  if (!tick.error.empty()) out += "  failed: " + tick.error + "\n";
  if (!tick.skip.empty()) out += "  skipped: " + tick.skip + "\n";
  for (const InstigatorTick::Request& request : tick.requests) {
    out += "  requests a run";
    // Of assets that belong to no job they are all there is to say.
    if (!request.job.empty() && request.job != "__ASSET_JOB") out += " of " + request.job;
    if (!request.assets.empty()) out += " of " + request.assets;
    if (!request.partition.empty()) out += " for " + request.partition;
    if (!request.run_key.empty()) out += "  run key " + request.run_key;
    out += "\n";
  }
  session.print(out);
}

void write_instigator(JsonWriter& w, const InstigatorTick& tick) {
  w.begin_object().field("kind", tick.kind).field("name", tick.name);
  if (!tick.skip.empty()) w.field("skipped", tick.skip);
  if (!tick.error.empty()) w.field("error", tick.error);
  w.key("requests").begin_array();
  for (const InstigatorTick::Request& request : tick.requests) {
    w.begin_object().field("run_key", request.run_key).field("job", request.job);
    w.field("assets", request.assets).field("partition", request.partition);
    w.key("tags").raw(request.tags.empty() ? "{}" : request.tags);
    if (!request.config.empty()) w.key("config").raw(request.config);
    w.end_object();
  }
  w.end_array().end_object();
}

Result<std::vector<InstigatorTick>> tick_all(const LoadedDefinitions& loaded, app::Home& home,
                                             Micros since, Micros now, bool remember) {
  TREADLE_TRY(std::vector<InstigatorTick> ticks,
              app::tick_instigators(home, *loaded.definitions, since, now, remember));
  if (!loaded.tick) return ticks;
  TREADLE_TRY(std::vector<InstigatorTick> others, loaded.tick(since, now, home, remember));
  std::move(others.begin(), others.end(), std::back_inserter(ticks));
  return ticks;
}

// What is kept of one evaluation, for `automation ticks`.
events::Tick record_of(const InstigatorTick& tick, Micros now) {
  JsonWriter w;
  write_instigator(w, tick);
  const char* status = !tick.error.empty() ? "failed" : "skipped";
  return {.id = 0,
          .kind = tick.kind,
          .name = tick.name,
          .time = now,
          .status = tick.requests.empty() ? status : "requested",
          .detail = std::move(w).str()};
}

int run_tick(Session& session, const TickOptions& options) {
  if (!options.name.empty() && !options.dry_run)
    return session.usage_error(
        "One schedule or sensor is shown alone with --dry-run; a tick is all.");
  Micros now = session.now();
  if (!options.at.empty()) {
    const auto moment = parse_moment(options.at);
    if (!moment) return session.usage_error(moment.error().message);
    now = *moment;
  }
  auto loaded = load_definitions(session, options.source);
  if (!loaded) return loaded.error().exit_code;
  auto home = session.open_home();
  if (!home) return session.fail(home.error());
  auto code = check_code(session, std::move(*loaded), home->get());
  if (!code) return code.error().exit_code;

  const std::string path = join_path((*home)->path(), kCursorFile);
  const auto before = read_cursor(path);
  if (!before) return session.fail(before.error());
  auto moment = app::automation_moment(**home, *code->graph, now, *before);
  if (!moment) return session.fail(moment.error());
  const automate::Entities& entities = *moment->entities;
  const auto evaluation = automate::evaluate(entities, moment->facts, *before);
  if (!evaluation) return session.fail(evaluation.error());
  auto ticks = tick_all(code->loaded, **home, last_time(*before), now, !options.dry_run);
  if (!ticks) return session.fail(ticks.error());
  if (!options.name.empty()) {
    std::vector<std::string> names;
    for (const InstigatorTick& tick : *ticks) names.push_back(tick.name);
    std::erase_if(*ticks, [&](const InstigatorTick& tick) { return tick.name != options.name; });
    if (ticks->empty())
      return session.fail(kExitNotFound, "not_found",
                          fmt::format("There is no schedule or sensor '{}' in these definitions.{}",
                                      printable(options.name), did_you_mean(options.name, names)));
  }

  std::vector<events::Tick> records;
  JsonWriter w;
  w.begin_object().field("at", format_utc(now)).field("dry_run", options.dry_run);
  w.key("conditions").begin_array();
  session.print(fmt::format("{}: {} conditions evaluated, {} requested\n",
                            format_in_zone(now, TimeZone::utc()), evaluation->results.size(),
                            evaluation->total(entities)));
  for (const automate::Requested& result : evaluation->results) {
    const automate::Entity& entity = entities[result.entity];
    const bool asked = options.explain == "all" || options.explain == entity.key;
    if (!session.json() && result.slice.is_none() && !asked) continue;
    const auto why =
        automate::explain(entities, moment->facts, *before, *evaluation, result.entity);
    if (!why) return session.fail(why.error());
    w.begin_object().field("entity", entity.key);
    w.field("requested", result.slice.count(entity.size));
    if (entity.partitions)
      w.field("partitions", entity.partitions->text(result.slice.subset(entity.size), 100));
    const std::string explanation = why->to_json(entities);
    w.key("explanation").raw(explanation).end_object();
    if (!result.slice.is_none())
      records.push_back({.id = 0,
                         .kind = "condition",
                         .name = std::string(entity.key),
                         .time = now,
                         .status = "requested",
                         .detail = explanation});
    std::string title = "\n" + std::string(entity.key);
    if (entity.partitions && !result.slice.is_none())
      title += "  " + entity.partitions->text(result.slice.subset(entity.size), 5);
    session.print(title + "\n" + why->text(entities));
  }
  w.end_array().key("instigators").begin_array();
  if (!ticks->empty()) session.print("\n");
  for (const InstigatorTick& tick : *ticks) {
    write_instigator(w, tick);
    print_instigator(session, tick);
    records.push_back(record_of(tick, now));
  }
  w.end_array().end_object();
  if (session.json()) session.print_json(w.str());
  if (options.dry_run) return kExitOk;
  if (auto kept = (*home)->record().add_ticks(records); !kept) return session.fail(kept.error());
  if (auto kept = write_cursor(path, evaluation->cursor); !kept) return session.fail(kept.error());
  return kExitOk;
}

}  // namespace

CommandSpec automation_tick_command(const Program& program) {
  auto options = std::make_shared<TickOptions>();
  CommandSpec command;
  command.name = "tick";
  command.summary =
      "Evaluate all schedules, sensors and conditions once, and say what they ask for and why";
  command.details =
      "Nothing is run. What conditions remember from one evaluation to the next is kept in the "
      "home; with "
      "--dry-run it is not, so that the next tick finds everything as it was. The first evaluation "
      "of a "
      "condition only takes note of what there is. A schedule ticks when one of its times lies "
      "between the "
      "last evaluation and this one.";
  command.arguments = {{.name = "NAME",
                        .help = "With --dry-run: only this schedule or sensor",
                        .target = &options->name,
                        .required = false}};
  add_source_options(command, program, options->source);
  command.options.push_back({.names = "--at",
                             .value = "TIME",
                             .help =
                                 "The moment, such as 2026-01-05T09:30 (UTC) or with an offset; "
                                 "without it: now",
                             .target = &options->at});
  command.options.push_back(
      {.names = "--dry-run", .value = "", .help = "Remember nothing", .target = &options->dry_run});
  command.options.push_back(
      {.names = "--explain",
       .value = "ASSET",
       .help = "Explain this asset's condition (or 'all') also when it asks for nothing",
       .target = &options->explain,
       .kind = WordKind::kAsset});
  const std::string from = program.takes_source ? " -f pipeline.py" : "";
  command.examples = {{"automation tick" + from, "what is due now"},
                      {"automation tick --at 2026-01-05T09:30 --dry-run" + from,
                       "what would be due on a Monday morning"}};
  command.run = [options](Session& session) { return run_tick(session, *options); };
  return command;
}

}  // namespace treadle::cli
