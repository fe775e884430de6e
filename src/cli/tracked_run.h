// Tracked runs on the command line: finding the one a command names, and showing it.
#pragma once

#include "session.h"
#include <treadle/base/json.h>
#include <treadle/tracking/store.h>

#include <string>
#include <vector>

namespace treadle::cli {

// By "entity/project/id", an id, the beginning of one, or "latest". kNotFound suggests.
Result<tracking::Run> get_tracked_run(app::Home& home, const std::string& text);
// The tracking of a run that was executed, if any: by its id, and by the id its IO manager was given.
std::vector<tracking::Run> tracked_as(app::Home& home, const Run& run);

// Config, last values with their course as a sparkline, files.
std::string render_tracked_run(app::Home& home, const tracking::Run& run, const Session& session);
void write_tracked_run(JsonWriter& json, app::Home& home, const tracking::Run& run);
std::string render_tracked_list(const tracking::RunPage& page, const Session& session);

// "▁▃▆█": at most `width` columns. Nothing for fewer than two points.
std::string sparkline(const std::vector<tracking::Point>& points, std::size_t width);

}  // namespace treadle::cli
