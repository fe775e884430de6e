// Tracked runs on the command line: finding the one a command names, and showing it.
#pragma once

#include "session.h"
#include <treadle/base/json.h>
#include <treadle/tracking/store.h>

#include <memory>
#include <string>
#include <vector>

namespace treadle::cli {

// The runs that a command is about: the home's, a server's, or none, in a home in which nothing is kept yet.
struct TrackedRuns {
  std::unique_ptr<app::Home> home;
  std::unique_ptr<tracking::Store> server;
  tracking::Store* store = nullptr;  // of either
};
// By --host, else WANDB_BASE_URL, else the home (Session::server).
Result<TrackedRuns> open_tracked_runs(Session& session, const std::string& host);
// Those that match; on a server, of all projects when none is named.
Result<tracking::RunPage> list_tracked_runs(const TrackedRuns& runs,
                                            const tracking::RunQuery& query);

// By "entity/project/id", an id, the beginning of one, or "latest". kNotFound suggests.
Result<tracking::Run> get_tracked_run(tracking::Store& store, const std::string& text);
// The tracking of a run that was executed, if any: by its id, and by the id its IO manager was given.
std::vector<tracking::Run> tracked_as(tracking::Store& store, const Run& run);

// Config, last values with their course as a sparkline, files.
std::string render_tracked_run(tracking::Store& store, const tracking::Run& run,
                               const Session& session);
void write_tracked_run(JsonWriter& json, tracking::Store& store, const tracking::Run& run);
std::string render_tracked_list(const tracking::RunPage& page, const Session& session);

// "▁▃▆█": at most `width` columns. Nothing for fewer than two points.
std::string sparkline(const std::vector<tracking::Point>& points, std::size_t width);

}  // namespace treadle::cli
