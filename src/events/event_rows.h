// Private to the room: reading events by a filter.
#pragma once

#include <treadle/db/database.h>
#include <treadle/events/record.h>

#include <string>
#include <string_view>
#include <vector>

namespace treadle::events {

// "select COLUMNS FROM where ...", bound; events are called e. kNotFound: there is no such run.
Result<db::Statement*> select_events(db::Session& session, const std::string& columns,
                                     const EventFilter& filter, std::string_view from);

Result<AssetEvents> read_asset_events(db::Database& database, const EventFilter& filter);
Result<std::vector<LatestUpdate>> read_latest_updates(db::Database& database);

tl::unexpected<Error> no_such_run(const std::string& run_id);

}  // namespace treadle::events
