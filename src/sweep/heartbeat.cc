// What an agent is told when it says that it is alive.
#include "schema.h"
#include <treadle/base/json_parse.h>

#include <boost/json.hpp>

#include <algorithm>

namespace treadle::sweep {
namespace {

namespace json = boost::json;

// What a controller beside the agents wants next: an entry of its schedule that was not handed out.
struct Scheduled {
  json::value id;
  std::string arguments;  // "" = it has nothing more
};

std::optional<Scheduled> next_scheduled(const Sweep& sweep, json::array& done) {
  json::value controller;
  json::value scheduler;
  if (!parse_json_value(sweep.controller, controller)) return std::nullopt;
  if (parse_json_value(sweep.scheduler, scheduler) && scheduler.is_object()) {
    const auto* list = scheduler.get_object().if_contains("scheduled");
    if (list && list->is_array()) done = list->get_array();
  }
  const auto* object = controller.if_object();
  const auto* schedule = object ? object->if_contains("schedule") : nullptr;
  if (schedule == nullptr || !schedule->is_array()) return std::nullopt;
  for (const json::value& entry : schedule->get_array()) {
    if (!entry.is_object()) continue;
    const auto* id = entry.get_object().if_contains("id");
    if (id == nullptr) continue;
    const bool handed = std::any_of(done.begin(), done.end(), [&](const json::value& d) {
      const auto* known = d.is_object() ? d.get_object().if_contains("id") : nullptr;
      return known && *known == *id;
    });
    if (handed) continue;
    const auto* data = entry.get_object().if_contains("data");
    const auto* arguments =
        data && data->is_object() ? data->get_object().if_contains("args") : nullptr;
    const bool some = arguments && arguments->is_object();
    return Scheduled{*id, some ? json_value_text(*arguments) : ""};
  }
  return std::nullopt;
}

// The runs a controller wants ended early.
std::vector<std::string> early_stops(const Sweep& sweep, const std::vector<std::string>& running) {
  std::vector<std::string> out;
  json::value controller;
  if (sweep.controller.empty() || !parse_json_value(sweep.controller, controller)) return out;
  const auto* object = controller.if_object();
  const auto* list = object ? object->if_contains("earlystop") : nullptr;
  if (list == nullptr || !list->is_array()) return out;
  for (const json::value& run : list->get_array()) {
    if (!run.is_string()) continue;
    const std::string id(run.get_string());
    if (std::find(running.begin(), running.end(), id) != running.end()) out.push_back(id);
  }
  return out;
}

struct Decision {
  std::optional<std::string> point;  // to be run next
  bool over = false;                 // there is nothing more, ever
};

// Decides for an idle agent, and notes in `sweep` what was taken.
Decision decide(Sweep& sweep, const Space& space, const std::string& run_id,
                const std::vector<Trial>& trials) {
  if (space.run_cap() && sweep.next_point >= *space.run_cap()) return {{}, true};
  if (space.is_local() || space.method() == Method::kCustom) {
    json::array done;
    auto next = next_scheduled(sweep, done);
    if (!next) return {};
    if (next->arguments.empty()) return {{}, true};
    done.push_back(json::object{{"id", next->id}, {"runid", run_id}});
    sweep.scheduler = json_value_text(json::object{{"scheduled", std::move(done)}});
    ++sweep.next_point;
    return {std::move(next->arguments), false};
  }
  Decision out;
  const auto seed = static_cast<std::uint64_t>(sweep.id) * 1'000'003U +
                    static_cast<std::uint64_t>(sweep.next_point);
  switch (space.method()) {
    case Method::kGrid:
      out.point = space.grid_point(sweep.next_point);
      out.over = !out.point;
      break;
    case Method::kBayes:
      out.point = space.bayes_point(trials, seed);
      break;
    default:
      out.point = space.random_point(seed);
  }
  if (out.point) ++sweep.next_point;
  return out;
}

Result<void> assign(db::Session& session, const Sweep& sweep, const Agent& agent,
                    const std::string& run_id, const std::string& arguments) {
  return db::change(session,
                    "insert into sweep_assignment (sweep_id, position, run_id, agent_id, "
                    "arguments) values ($1, $2, $3, $4, $5)",
                    [&](db::Statement& s) {
                      s.bind(1, sweep.id).bind(2, sweep.next_point).bind(3, run_id);
                      s.bind(4, agent.id).bind(5, arguments);
                    });
}

}  // namespace

Result<std::vector<Command>> Sweeps::heartbeat(std::int64_t agent_id,
                                               const std::vector<std::string>& running,
                                               const std::string& metrics,
                                               const ReadTrials& read_trials,
                                               const std::vector<std::string>& behind) {
  TREADLE_TRY(const auto known, find_agent(agent_id));
  if (!known) return fail(Errc::kNotFound, "There is no such agent: its sweep may be deleted.");
  const Agent& agent = *known;
  TREADLE_TRY(const auto before, find(agent.sweep_id));
  if (!before) return fail(Errc::kNotFound, "There is no such sweep: it may be deleted.");
  TREADLE_TRY(const Space space, Space::parse(before->config));
  std::vector<Trial> trials;
  if (running.empty() && space.method() == Method::kBayes && read_trials) {
    TREADLE_TRY(const auto assigned, assignments(before->id));
    TREADLE_TRY(trials, read_trials(assigned));
  }
  std::vector<Command> out;
  TREADLE_CHECK(database_.write([&](db::Session& session) -> Result<void> {
    out.clear();
    TREADLE_TRY(Sweep sweep, get_sweep(session, agent.sweep_id));
    const Micros now = clock_.now();
    sweep.heartbeat = now;
    bool leaves = false;
    if (sweep.state == State::kCanceled) {
      for (const std::string& run : running) out.push_back({Command::Kind::kStop, run, "", ""});
      leaves = true;
    } else {
      std::vector<std::string> stops = early_stops(sweep, running);
      stops.insert(stops.end(), behind.begin(), behind.end());
      for (const std::string& run : stops) out.push_back({Command::Kind::kStop, run, "", ""});
      if (running.empty() && sweep.state == State::kFinished) leaves = true;
      if (running.empty() && (sweep.state == State::kRunning || sweep.state == State::kPending)) {
        const std::string run_id = random_name();
        Decision next = decide(sweep, space, run_id, trials);
        sweep.state = State::kRunning;
        if (next.point) {
          TREADLE_CHECK(assign(session, sweep, agent, run_id, *next.point));
          out.push_back({Command::Kind::kRun, run_id, space.program(), *std::move(next.point)});
        } else if (next.over) {
          sweep.state = State::kFinished;
          leaves = true;
        }
      }
    }
    if (leaves) out.push_back({Command::Kind::kExit, "", "", ""});
    TREADLE_CHECK(put_sweep(session, sweep));
    return db::change(session,
                      "update sweep_agent set heartbeat = $2, metrics = $3, exited = $4 where "
                      "id = $1",
                      [&](db::Statement& s) {
                        s.bind(1, agent.id).bind(2, now).bind(3, metrics).bind(4, leaves);
                      });
  }));
  return out;
}

}  // namespace treadle::sweep
