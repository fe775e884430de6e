#include "tracked_run.h"

#include "table.h"
#include "text.h"
#include <treadle/base/json_parse.h>
#include <treadle/base/suggest.h>
#include <treadle/client/runs.h>

#include <boost/json.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

namespace treadle::cli {
namespace {

constexpr std::size_t kSparkWidth = 32;
constexpr std::size_t kMostShown = 40;  // lines of one kind
constexpr int kLongestValue = 60;

Style state_style(tracking::State state) {
  switch (state) {
    case tracking::State::kFinished:
      return Style::kGreen;
    case tracking::State::kFailed:
    case tracking::State::kCrashed:
    case tracking::State::kKilled:
      return Style::kRed;
    default:
      return Style::kPlain;
  }
}

// Every value that is no object, by its path.
void add_leaves(const boost::json::value& value, const std::string& path,
                std::vector<std::pair<std::string, std::string>>& leaves) {
  const bool media = value.is_object() && value.get_object().contains("_type");
  if (value.is_object() && !value.get_object().empty() && !media) {
    for (const auto& [key, inner] : value.get_object()) {
      if (path.empty() && key == "_wandb") continue;
      add_leaves(inner, (path.empty() ? "" : path + ".") + std::string(key), leaves);
    }
    return;
  }
  std::string text;
  if (media) {
    const auto& object = value.get_object();
    const auto* type = object.if_contains("_type");
    const auto* file = object.if_contains("path");
    text = type->is_string() ? std::string(type->get_string()) : "media";
    if (file != nullptr && file->is_string()) text += " " + std::string(file->get_string());
  } else if (value.is_double()) {
    text = fmt::format("{:.6g}", value.get_double());
  } else if (value.is_string()) {
    text = std::string(value.get_string());
  } else {
    text = json_value_text(value);
  }
  leaves.emplace_back(path, std::move(text));
}

std::vector<std::pair<std::string, std::string>> leaves_of(const std::string& document) {
  std::vector<std::pair<std::string, std::string>> leaves;
  boost::json::value value;
  if (parse_json_value(document, value) && value.is_object() && !value.get_object().empty())
    add_leaves(value, "", leaves);
  return leaves;
}

std::string more_line(std::size_t all, std::string_view what) {
  return all > kMostShown
             ? fmt::format("  ... and {} more {} (--json shows all).\n", all - kMostShown, what)
             : "";
}

}  // namespace

std::string sparkline(const std::vector<tracking::Point>& points, std::size_t width) {
  constexpr std::array<std::string_view, 8> kBars = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
  double low = INFINITY, high = -INFINITY;
  for (const tracking::Point& point : points) {
    if (!std::isfinite(point.value)) continue;
    low = std::min(low, point.value);
    high = std::max(high, point.value);
  }
  if (points.size() < 2 || low > high) return {};
  std::string out;
  const std::size_t count = std::min(points.size(), width);
  for (std::size_t i = 0; i < count; ++i) {
    const double value = points[i * (points.size() - 1) / (count - 1)].value;
    if (!std::isfinite(value)) {
      out += " ";
      continue;
    }
    const double part = high > low ? (value - low) / (high - low) : 0.5;
    out += kBars[std::min<std::size_t>(static_cast<std::size_t>(part * 8), 7)];
  }
  return out;
}

Result<TrackedRuns> open_tracked_runs(Session& session, const std::string& host) {
  TrackedRuns out;
  if (const std::string url = session.server(host); !url.empty()) {
    TREADLE_TRY(auto server, session.connect(url));
    TREADLE_TRY(out.server, client::open_runs(std::move(server)));
    out.store = out.server.get();
    return out;
  }
  TREADLE_TRY(out.home, session.open_existing_home());
  if (out.home) out.store = &out.home->tracking();
  return out;
}

Result<tracking::RunPage> list_tracked_runs(const TrackedRuns& runs,
                                            const tracking::RunQuery& query) {
  if (!runs.server || !query.project.empty()) return runs.store->runs(query);
  TREADLE_TRY(const std::vector<tracking::Project> projects, runs.store->projects(query.entity));
  tracking::RunPage all;
  for (const tracking::Project& project : projects) {
    tracking::RunQuery of_one = query;
    of_one.entity = project.entity;
    of_one.project = project.name;
    TREADLE_TRY(tracking::RunPage page, runs.store->runs(of_one));
    all.total += page.total;
    std::move(page.runs.begin(), page.runs.end(), std::back_inserter(all.runs));
  }
  std::stable_sort(
      all.runs.begin(), all.runs.end(),
      [](const tracking::Run& a, const tracking::Run& b) { return a.created > b.created; });
  if (query.limit > 0 && all.runs.size() > static_cast<std::size_t>(query.limit)) {
    all.runs.erase(all.runs.begin() + query.limit, all.runs.end());
  }
  return all;
}

Result<tracking::Run> get_tracked_run(tracking::Store& store, const std::string& text) {
  const auto slash = text.rfind('/');
  if (slash != std::string::npos) {
    const auto first = text.find('/');
    tracking::RunRef ref;
    if (first != slash) ref.entity = text.substr(0, first);
    ref.project =
        text.substr(first == slash ? 0 : first + 1, first == slash ? slash : slash - first - 1);
    ref.id = text.substr(slash + 1);
    return store.get(ref);
  }
  TREADLE_TRY(std::vector<tracking::Run> exact, store.find_by_id(text));
  if (!exact.empty()) return std::move(exact.front());
  tracking::RunQuery query;
  query.order = "-created_at";
  query.limit = text == "latest" ? 1 : 0;
  query.with_documents = false;
  TREADLE_TRY(const tracking::RunPage page, store.runs(query));
  std::vector<std::string> ids;
  for (const tracking::Run& run : page.runs) {
    if (text == "latest" || run.id.starts_with(text) || run.display_name == text) {
      return store.get(run.key);
    }
    ids.push_back(run.id);
  }
  return fail(Errc::kNotFound, "There is no run '" + printable(text) + "' here." +
                                   did_you_mean(text, ids) +
                                   " `treadle run list` and `treadle runs list` show those there "
                                   "are.");
}

std::vector<tracking::Run> tracked_as(tracking::Store& store, const Run& run) {
  std::vector<std::string> ids = {run.run_id};
  const auto named = run.tags.find("wandb/run_id");
  if (named != run.tags.end() && named->second != run.run_id) ids.push_back(named->second);
  std::vector<tracking::Run> found;
  for (const std::string& id : ids) {
    if (auto runs = store.find_by_id(id)) {
      std::move(runs->begin(), runs->end(), std::back_inserter(found));
    }
  }
  return found;
}

std::string render_tracked_run(tracking::Store& store, const tracking::Run& run,
                               const Session& session) {
  const Terminal& terminal = session.out();
  std::string out = terminal.paint(Style::kBold, printable(run.display_name)) + "  " +
                    printable(run.text()) + "  " +
                    terminal.paint(state_style(run.state), to_string(run.state)) + "\n";
  const auto line = [&](std::string_view name, const std::string& value) {
    if (value.empty()) return;
    out += "  " + terminal.paint(Style::kDim, pad_right(name, 11)) + value + "\n";
  };
  line("created", format_time(run.created) + ", " + format_ago(run.created, session.now()));
  line("group", printable(run.group));
  line("job type", printable(run.job_type));
  line("tags", printable(join(run.tags, ", ")));
  line("notes", printable(run.notes));
  line("program", printable(run.program));
  line("commit", printable(run.commit));
  if (!run.forked_from.empty()) {
    line("forked from", fmt::format("{} at step {}", printable(run.forked_from), run.forked_at));
  }
  const auto heading = [&](std::string_view text) {
    out += "\n" + terminal.paint(Style::kDim, text) + "\n";
  };

  const auto config = leaves_of(run.config);
  if (!config.empty()) heading("config");
  for (std::size_t i = 0; i < std::min(config.size(), kMostShown); ++i) {
    out += "  " + pad_right(printable(config[i].first), 24) + " " +
           truncate_to(printable(config[i].second), kLongestValue) + "\n";
  }
  out += more_line(config.size(), "values");

  const auto summary = leaves_of(run.summary);
  if (!summary.empty()) heading("summary");
  Table table;
  table.columns = {{"metric"}, {"last", Column::Align::kRight}, {"course"}};
  for (std::size_t i = 0; i < std::min(summary.size(), kMostShown); ++i) {
    const auto points = store.series(run.key, summary[i].first, kSparkWidth);
    const bool own = summary[i].first.starts_with("_");
    table.rows.push_back({"  " + summary[i].first,
                          truncate_to(printable(summary[i].second), kLongestValue),
                          own || !points ? std::string() : sparkline(*points, kSparkWidth)});
  }
  out += render_table(table, terminal) + more_line(summary.size(), "metrics");

  const auto files = store.files(run.key);
  if (files && !files->empty()) {
    heading("files");
    for (std::size_t i = 0; i < std::min(files->size(), kMostShown); ++i) {
      out += "  " + pad_left(format_size((*files)[i].size), 9) + "  " +
             printable((*files)[i].name) + "\n";
    }
    out += more_line(files->size(), "files");
  }
  return out;
}

void write_tracked_run(JsonWriter& json, tracking::Store& store, const tracking::Run& run) {
  json.begin_object();
  json.field("entity", run.entity).field("project", run.project).field("id", run.id);
  json.field("name", run.display_name).field("state", to_string(run.state));
  json.key("tags").begin_array();
  for (const std::string& tag : run.tags) json.value(tag);
  json.end_array();
  json.field("group", run.group).field("job_type", run.job_type).field("notes", run.notes);
  json.field("created", format_utc(run.created));
  if (run.exit_code) json.field("exit_code", *run.exit_code);
  json.field("history_lines", run.history_lines).field("last_step", run.last_step);
  json.key("config").raw(run.config).key("summary").raw(run.summary);
  json.key("files").begin_array();
  if (const auto files = store.files(run.key)) {
    for (const tracking::RunFile& file : *files) {
      json.begin_object().field("name", file.name).field("size", file.size);
      json.field("md5", file.md5).end_object();
    }
  }
  json.end_array().end_object();
}

std::string render_tracked_list(const tracking::RunPage& page, const Session& session) {
  Table table;
  table.columns = {{"run"},
                   {"name", Column::Align::kLeft, 2, false},
                   {"state"},
                   {"created"},
                   {"steps", Column::Align::kRight},
                   {"project", Column::Align::kLeft, 1, false},
                   {"tags", Column::Align::kLeft, 3, false}};
  for (const tracking::Run& run : page.runs) {
    table.rows.push_back({run.id.size() == 36 ? short_id(run.id) : run.id, run.display_name,
                          Cell(std::string(to_string(run.state)), state_style(run.state)),
                          format_ago(run.created, session.now()), std::to_string(run.history_lines),
                          run.entity + "/" + run.project, join(run.tags, ", ")});
  }
  std::string out = render_table(table, session.out());
  if (page.more) {
    out += fmt::format("{} of {} (--limit 0 shows all).\n", page.runs.size(), page.total);
  }
  return out;
}

}  // namespace treadle::cli
