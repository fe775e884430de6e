#include "event_rows.h"

#include "rows.h"

#include <unordered_map>

namespace treadle::events {

tl::unexpected<Error> no_such_run(const std::string& run_id) {
  return fail(Errc::kNotFound, "there is no run '" + run_id +
                                   "' in this home. `treadle run list` shows those there are.");
}

Result<db::Statement*> select_events(db::Session& session, const std::string& columns,
                                     const EventFilter& filter, std::string_view from) {
  std::int64_t run = 0;
  if (!filter.run_id.empty()) {
    TREADLE_TRY(run, find_run_key(session, filter.run_id));
    if (run == 0) return no_such_run(filter.run_id);
  }
  std::string sql = "select " + columns + std::string(from) + " where e.id > $1";
  if (filter.before_id > 0) sql += " and e.id < $2";
  if (run != 0) sql += " and e.run = $3";
  if (!filter.asset_key.empty()) sql += " and e.asset_key = $4";
  if (!filter.types.empty()) {
    sql += " and e.type in (";
    for (std::size_t i = 0; i < filter.types.size(); ++i) {
      sql += (i > 0 ? "," : "") + std::to_string(static_cast<int>(filter.types[i]));
    }
    sql += ")";
  }
  sql += filter.newest_first ? " order by e.id desc" : " order by e.id";
  if (filter.limit > 0) sql += " limit " + std::to_string(filter.limit);
  TREADLE_TRY(db::Statement * s, session.prepare(sql));
  s->bind(1, filter.after_id);
  if (filter.before_id > 0) s->bind(2, filter.before_id);
  if (run != 0) s->bind(3, run);
  if (!filter.asset_key.empty()) s->bind(4, filter.asset_key);
  return s;
}

Result<AssetEvents> read_asset_events(db::Database& database, const EventFilter& filter) {
  AssetEvents events;
  TREADLE_CHECK(database.read([&](db::Session& session) -> Result<void> {
    events = {};
    std::unordered_map<std::int64_t, std::uint32_t> runs;
    std::vector<std::int64_t> keys;
    TREADLE_TRY(db::Statement * s,
                select_events(session,
                              "e.id, e.time, e.type, e.asset_key, e.partition, "
                              "case when e.type in (21, 24) then e.payload else '' end, e.run",
                              filter, " from events e"));
    while (true) {
      TREADLE_TRY(const bool row, s->step());
      if (!row) break;
      if (s->is_null(3)) continue;
      const auto [run, added] =
          runs.try_emplace(s->integer(6), static_cast<std::uint32_t>(keys.size()));
      if (added) keys.push_back(s->integer(6));
      events.rows.push_back({.id = s->integer(0),
                             .time = s->integer(1),
                             .type = static_cast<EventType>(s->integer(2)),
                             .asset_key = std::string(s->text(3)),
                             .partition = std::string(s->text(4)),
                             .payload = std::string(s->text(5)),
                             .run = run->second});
    }
    for (const std::int64_t key : keys) {
      TREADLE_TRY(db::Statement * id, session.prepare("select run_id from runs where id = $1"));
      id->bind(1, key);
      TREADLE_TRY(const bool row, id->step());
      events.run_ids.emplace_back(row ? id->text(0) : std::string_view());
      if (row) TREADLE_CHECK(id->run());
    }
    return {};
  }));
  return events;
}

Result<std::vector<LatestUpdate>> read_latest_updates(db::Database& database) {
  std::vector<LatestUpdate> updates;
  TREADLE_CHECK(database.read([&](db::Session& session) -> Result<void> {
    updates.clear();
    TREADLE_TRY(db::Statement * s,
                session.prepare("select l.asset_key, e.id, coalesce(r.run_id, ''), e.time "
                                "from latest_materializations l join events e on e.id = l.event "
                                "left join runs r on r.id = e.run where l.partition = ''"));
    while (true) {
      TREADLE_TRY(const bool row, s->step());
      if (!row) return {};
      updates.push_back({.asset = AssetKey(s->text(0)),
                         .event_id = s->integer(1),
                         .run_id = std::string(s->text(2)),
                         .time = s->integer(3)});
    }
  }));
  return updates;
}

}  // namespace treadle::events
