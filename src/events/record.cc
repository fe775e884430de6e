#include "event_rows.h"
#include "partition_rows.h"
#include "rows.h"
#include "run_writer.h"
#include "schema.h"
#include <treadle/base/json_parse.h>
#include <treadle/events/record.h>

#include <boost/json.hpp>

namespace treadle::events {
namespace {

// What readers found out about partitions and keep as values: it holds as long as ids of events only
// grow.
Result<void> forget_judged_partitions(db::Session& session) {
  TREADLE_TRY(db::Statement * s,
              session.prepare("delete from key_values where name like 'partitions/%'"));
  return s->run();
}

class SqlRecord final : public Record {
 public:
  SqlRecord(db::Database& database, std::string lock_folder)
      : database_(database), lock_folder_(std::move(lock_folder)) {}

  Result<void> add_run(const Run& run) override {
    TREADLE_CHECK(check_run_id(run.run_id));
    auto added = database_.write([&](db::Session& session) { return insert_run(session, run); });
    if (!added && added.error().code == Errc::kAlreadyExists) {
      return fail(Errc::kAlreadyExists, "there is already a run '" + run.run_id +
                                            "' in this home. Choose another run id.");
    }
    return added;
  }

  Result<std::unique_ptr<RunWriter>> execute_run(const std::string& run_id) override {
    std::int64_t key = 0;
    TREADLE_CHECK(database_.read([&](db::Session& session) -> Result<void> {
      TREADLE_TRY(key, find_run_key(session, run_id));
      return {};
    }));
    if (key == 0) return no_such_run(run_id);
    TREADLE_TRY(RunLock lock, RunLock::try_acquire(lock_folder_, key));
    if (!lock) {
      return fail(Errc::kBusy, "run '" + run_id + "' is being executed by another process.");
    }
    TREADLE_CHECK(database_.write([&](db::Session& session) -> Result<void> {
      TREADLE_TRY(db::Statement * s,
                  session.prepare(
                      "update runs set status = $1, finished = 0, "
                      "started = case when started = 0 then $2 else started end where id = $3"));
      s->bind(1, static_cast<std::int64_t>(RunStatus::kStarted))
          .bind(2, system_clock().now())
          .bind(3, key);
      return s->run();
    }));
    return std::make_unique<GroupCommitWriter>(database_, run_id, key, std::move(lock), open_);
  }

  Result<std::int64_t> report(Event event) override {
    if (event.time == 0) event.time = system_clock().now();
    std::int64_t id = 0;
    TREADLE_CHECK(database_.write(
        [&](db::Session& session) -> Result<void> {
          std::int64_t run = 0;
          if (!event.run_id.empty()) {
            TREADLE_TRY(run, find_run_key(session, event.run_id));
            if (run == 0) return no_such_run(event.run_id);
          }
          return insert_event(session, run, event, &id);
        },
        db::Sync::kYes));
    return id;
  }

  Result<std::optional<Run>> find_run(const std::string& run_id) override {
    TREADLE_TRY(auto found, select_runs("where r.run_id = $1", {run_id}, 1));
    if (found.empty()) return std::optional<Run>();
    return std::optional<Run>(std::move(found.front()));
  }

  Result<Run> get_run_by_prefix(const std::string& prefix) override {
    TREADLE_TRY(auto exact, find_run(prefix));
    if (exact) return std::move(*exact);
    TREADLE_TRY(auto found, select_runs("where substr(r.run_id, 1, length($1)) = $1", {prefix}, 2));
    if (prefix.empty() || found.empty()) return no_such_run(prefix);
    if (found.size() > 1) {
      return fail(Errc::kInvalidArgument, "several runs begin with '" + prefix +
                                              "': " + found[0].run_id + ", " + found[1].run_id +
                                              ". Give more of the id.");
    }
    return std::move(found.front());
  }

  Result<std::vector<Run>> runs(const RunFilter& filter) override {
    std::string where = "where 1 = 1";
    std::vector<std::string> texts;
    if (!filter.statuses.empty()) {
      where += " and r.status in (";
      for (std::size_t i = 0; i < filter.statuses.size(); ++i) {
        where += (i > 0 ? "," : "") + std::to_string(static_cast<int>(filter.statuses[i]));
      }
      where += ")";
    }
    const auto parameter = [&](const std::string& text) {
      texts.push_back(text);
      return "$" + std::to_string(texts.size());
    };
    if (!filter.job_name.empty()) where += " and r.job_name = " + parameter(filter.job_name);
    for (const auto& [name, value] : filter.tags) {
      where += " and exists (select 1 from run_tags t where t.run = r.id and t.name = " +
               parameter(name);
      where += " and t.value = " + parameter(value) + ")";
    }
    return select_runs(where, texts, filter.limit);
  }

  Result<bool> interrupted(const std::string& run_id) override {
    std::int64_t key = 0;
    RunStatus status{};
    TREADLE_CHECK(database_.read([&](db::Session& session) -> Result<void> {
      TREADLE_TRY(db::Statement * s,
                  session.prepare("select id, status from runs where run_id = $1"));
      s->bind(1, run_id);
      TREADLE_TRY(const bool found, s->step());
      if (!found) return no_such_run(run_id);
      key = s->integer(0);
      status = static_cast<RunStatus>(s->integer(1));
      return {};
    }));
    if (status != RunStatus::kStarted && status != RunStatus::kCanceling) return false;
    TREADLE_TRY(const bool held, RunLock::is_held(lock_folder_, key));
    return !held;
  }

  Result<void> add_run_tags(const std::string& run_id,
                            const std::map<std::string, std::string>& tags) override {
    return database_.write([&](db::Session& session) -> Result<void> {
      TREADLE_TRY(const std::int64_t key, find_run_key(session, run_id));
      if (key == 0) return no_such_run(run_id);
      return set_tags(session, key, tags);
    });
  }

  Result<std::vector<Event>> events(const EventFilter& filter) override {
    open_.flush();
    std::vector<Event> events;
    TREADLE_CHECK(database_.read([&](db::Session& session) -> Result<void> {
      events.clear();
      TREADLE_TRY(db::Statement * s,
                  select_events(session, std::string(kEventColumns), filter,
                                " from events e left join runs r on r.id = e.run"));
      while (true) {
        TREADLE_TRY(const bool row, s->step());
        if (!row) return {};
        events.push_back(read_event(*s));
      }
    }));
    return events;
  }

  Result<AssetEvents> asset_events(const EventFilter& filter) override {
    return read_asset_events(database_, filter);
  }
  Result<std::vector<LatestUpdate>> latest_updates() override {
    return read_latest_updates(database_);
  }

  Result<std::vector<LatestMaterialization>> latest_materializations(const AssetKey& asset,
                                                                     bool partitions) override {
    open_.flush();
    std::vector<LatestMaterialization> all;
    TREADLE_CHECK(database_.read([&](db::Session& session) -> Result<void> {
      std::string sql(kLatestMaterializations);
      sql += partitions ? " where 1 = 1" : " where l.partition = ''";
      if (!asset.empty()) sql += " and l.asset_key = $1";
      TREADLE_TRY(db::Statement * s, session.prepare(sql));
      if (!asset.empty()) s->bind(1, asset.text());
      while (true) {
        TREADLE_TRY(const bool row, s->step());
        if (!row) return {};
        TREADLE_TRY(LatestMaterialization m, read_latest_materialization(*s));
        all.push_back(std::move(m));
      }
    }));
    return all;
  }

  Result<std::vector<CheckResult>> latest_checks(const AssetKey& asset) override {
    open_.flush();
    std::vector<CheckResult> all;
    TREADLE_CHECK(database_.read([&](db::Session& session) -> Result<void> {
      std::string sql =
          "select l.asset_key, l.check_name, e.id, coalesce(r.run_id, ''), e.time, e.payload "
          "from latest_checks l join events e on e.id = l.event left join runs r on r.id = e.run";
      if (!asset.empty()) sql += " where l.asset_key = $1";
      sql += " order by l.asset_key, l.check_name";
      TREADLE_TRY(db::Statement * s, session.prepare(sql));
      if (!asset.empty()) s->bind(1, asset.text());
      while (true) {
        TREADLE_TRY(const bool row, s->step());
        if (!row) return {};
        all.push_back(read_check(*s));
      }
    }));
    return all;
  }

  Result<std::vector<std::pair<std::string, CheckResult>>> latest_partition_checks(
      const AssetKey& asset) override {
    open_.flush();
    std::vector<std::pair<std::string, CheckResult>> all;
    TREADLE_CHECK(database_.read([&](db::Session& session) -> Result<void> {
      TREADLE_TRY(
          db::Statement * s,
          session.prepare("select l.asset_key, l.check_name, e.id, coalesce(r.run_id, ''), e.time, "
                          "e.payload, l.partition from latest_partition_checks l "
                          "join events e on e.id = l.event left join runs r on r.id = e.run "
                          "where l.asset_key = $1 order by l.check_name, l.partition"));
      s->bind(1, asset.text());
      while (true) {
        TREADLE_TRY(const bool row, s->step());
        if (!row) return {};
        all.emplace_back(s->text(6), read_check(*s));
      }
    }));
    return all;
  }

  Result<std::optional<LatestMaterialization>> latest_materialization(
      const AssetKey& asset, const std::string& partition) override {
    open_.flush();
    std::optional<LatestMaterialization> found;
    TREADLE_CHECK(database_.read([&](db::Session& session) -> Result<void> {
      TREADLE_TRY(db::Statement * s,
                  session.prepare(std::string(kLatestMaterializations) +
                                  (partition.empty()
                                       ? " where l.asset_key = $1 order by l.event desc limit 1"
                                       : " where l.asset_key = $1 and l.partition = $2")));
      s->bind(1, asset.text());
      if (!partition.empty()) s->bind(2, partition);
      TREADLE_TRY(const bool row, s->step());
      if (!row) return {};
      TREADLE_TRY(found, read_latest_materialization(*s));
      return {};
    }));
    return found;
  }

  Result<std::optional<LatestMaterialization>> find_memo(const std::string& memo) override {
    std::optional<LatestMaterialization> found;
    TREADLE_CHECK(database_.read([&](db::Session& session) -> Result<void> {
      TREADLE_TRY(db::Statement * s,
                  session.prepare(
                      "select e.asset_key, e.partition, e.id, coalesce(r.run_id, ''), e.step_key, "
                      "e.time, e.payload from memos m join events e on e.id = m.event "
                      "left join runs r on r.id = e.run where m.memo = $1"));
      s->bind(1, memo);
      TREADLE_TRY(const bool row, s->step());
      if (!row) return {};
      TREADLE_TRY(found, read_latest_materialization(*s));
      return {};
    }));
    return found;
  }

  Result<std::vector<PartitionFact>> partition_facts(const AssetKey& asset,
                                                     std::int64_t after_event) override {
    open_.flush();
    return read_partition_facts(database_, asset, after_event);
  }
  Result<std::vector<PartitionHistory>> partition_histories(
      const std::vector<HistoryAsked>& asked) override {
    return read_partition_histories(database_, asked);
  }
  Result<void> save_partition_summaries(
      const std::vector<std::pair<AssetKey, PartitionSummary>>& summaries) override {
    return write_partition_summaries(database_, summaries);
  }
  Result<std::int64_t> add_dynamic_partitions(const std::string& name,
                                              const std::vector<std::string>& keys) override {
    return events::add_dynamic_partitions(database_, name, keys);
  }
  Result<std::int64_t> delete_dynamic_partitions(const std::string& name,
                                                 const std::vector<std::string>& keys) override {
    return events::delete_dynamic_partitions(database_, name, keys);
  }
  Result<std::vector<std::string>> dynamic_partitions(const std::string& name) override {
    TREADLE_TRY(DynamicPartitionsPage page, read_dynamic_partitions(database_, name, 0, 0));
    return std::move(page.keys);
  }
  Result<DynamicPartitionsPage> dynamic_partitions_page(const std::string& name, std::int64_t after,
                                                        int limit) override {
    return read_dynamic_partitions(database_, name, after, limit);
  }
  Result<std::int64_t> count_dynamic_partitions(const std::string& name) override {
    return events::count_dynamic_partitions(database_, name);
  }
  Result<std::vector<std::string>> dynamic_partition_names() override {
    return read_dynamic_partition_names(database_);
  }
  Result<bool> has_dynamic_partition(const std::string& name, const std::string& key) override {
    bool found = false;
    TREADLE_CHECK(database_.read([&](db::Session& session) -> Result<void> {
      TREADLE_TRY(
          db::Statement * s,
          session.prepare("select 1 from dynamic_partitions where name = $1 and partition = $2"));
      s->bind(1, name).bind(2, key);
      TREADLE_TRY(found, s->step());
      return {};
    }));
    return found;
  }

  Result<std::vector<AssetKey>> asset_keys() override {
    open_.flush();
    std::vector<AssetKey> keys;
    TREADLE_CHECK(database_.read([&](db::Session& session) -> Result<void> {
      TREADLE_TRY(
          db::Statement * s,
          session.prepare("select distinct asset_key from events where asset_key is not null "
                          "and type in ($1, $2) order by asset_key"));
      s->bind(1, static_cast<std::int64_t>(EventType::kAssetMaterialization));
      s->bind(2, static_cast<std::int64_t>(EventType::kAssetObservation));
      while (true) {
        TREADLE_TRY(const bool row, s->step());
        if (!row) return {};
        keys.emplace_back(s->text(0));
      }
    }));
    return keys;
  }

  Result<void> wipe_asset(const AssetKey& asset) override {
    return database_.write(
        [&](db::Session& session) -> Result<void> {
          for (const char* sql :
               {"delete from partition_summaries where asset_key = $1",
                "delete from latest_materializations where asset_key = $1",
                "delete from latest_failures where asset_key = $1",
                "delete from latest_checks where asset_key = $1",
                "delete from latest_partition_checks where asset_key = $1",
                "delete from memos where event in (select id from events where asset_key = $1 and "
                "type = 22)",
                "delete from events where asset_key = $1 and type in (21, 22, 23, "
                "24, 25, 26)"}) {
            TREADLE_TRY(db::Statement * s, session.prepare(sql));
            s->bind(1, asset.text());
            TREADLE_CHECK(s->run());
          }
          return forget_judged_partitions(session);
        },
        db::Sync::kYes);
  }

  Result<void> delete_run(const std::string& run_id) override {
    std::int64_t key = 0;
    TREADLE_CHECK(database_.read([&](db::Session& session) -> Result<void> {
      TREADLE_TRY(key, find_run_key(session, run_id));
      return {};
    }));
    if (key == 0) return no_such_run(run_id);
    TREADLE_TRY(const RunLock lock, RunLock::try_acquire(lock_folder_, key));
    if (!lock) {
      return fail(Errc::kBusy, "run '" + run_id + "' is being executed. Cancel it first.");
    }
    return database_.write(
        [&](db::Session& session) -> Result<void> {
          for (const char* sql :
               {"delete from partition_summaries where asset_key in (select asset_key from events "
                "where run = $1 and asset_key is not null)",
                "delete from latest_materializations where event in (select id from events where "
                "run = $1)",
                "delete from latest_failures where event in (select id from events where run = $1)",
                "delete from latest_partition_checks where event in (select id from events where "
                "run = $1)",
                "delete from memos where event in (select id from events where run = $1)",
                "delete from latest_checks where event in (select id from events where run = $1)",
                "delete from events where run = $1", "delete from run_tags where run = $1",
                "delete from runs where id = $1"}) {
            TREADLE_TRY(db::Statement * s, session.prepare(sql));
            s->bind(1, key);
            TREADLE_CHECK(s->run());
          }
          TREADLE_CHECK(forget_judged_partitions(session));
          // What was the latest before it is so again.
          TREADLE_TRY(
              db::Statement * s,
              session.prepare(
                  "insert into latest_materializations (asset_key, partition, event) "
                  "select e.asset_key, e.partition, max(e.id) from events e where e.type = $1 "
                  "and not exists (select 1 from latest_materializations l where l.asset_key "
                  "= e.asset_key and l.partition = e.partition) "
                  "group by e.asset_key, e.partition"));
          s->bind(1, static_cast<std::int64_t>(EventType::kAssetMaterialization));
          TREADLE_CHECK(s->run());
          return {};
        },
        db::Sync::kYes);
  }

  Result<std::map<std::string, std::string>> values(const std::vector<std::string>& keys) override {
    std::map<std::string, std::string> found;
    TREADLE_CHECK(database_.read([&](db::Session& session) -> Result<void> {
      for (const std::string& key : keys) {
        TREADLE_TRY(db::Statement * s,
                    session.prepare("select value from key_values where name = $1"));
        s->bind(1, key);
        TREADLE_TRY(const bool row, s->step());
        if (row) found.emplace(key, s->text(0));
      }
      return {};
    }));
    return found;
  }

  Result<void> add_ticks(const std::vector<Tick>& ticks) override {
    return database_.write([&](db::Session& session) -> Result<void> {
      for (const Tick& tick : ticks) {
        TREADLE_TRY(db::Statement * s,
                    session.prepare("insert into ticks (kind, name, time, status, detail) values "
                                    "($1, $2, $3, $4, $5)"));
        s->bind(1, tick.kind).bind(2, tick.name).bind(3, tick.time);
        s->bind(4, tick.status).bind(5, tick.detail);
        TREADLE_CHECK(s->run());
      }
      return {};
    });
  }

  Result<std::vector<Tick>> ticks(const TickFilter& filter) override {
    std::vector<Tick> found;
    TREADLE_CHECK(database_.read([&](db::Session& session) -> Result<void> {
      std::string sql =
          "select id, kind, name, time, status, detail from ticks where ($1 = '' or kind = $1) and "
          "($2 = '' or name = $2) and ($3 = '' or status = $3) and ($4 = 0 or id = $4) "
          "order by id desc";
      if (filter.limit > 0) sql += " limit " + std::to_string(filter.limit);
      TREADLE_TRY(db::Statement * s, session.prepare(sql));
      s->bind(1, filter.kind).bind(2, filter.name).bind(3, filter.status).bind(4, filter.id);
      while (true) {
        TREADLE_TRY(const bool row, s->step());
        if (!row) return {};
        found.push_back({.id = s->integer(0),
                         .kind = std::string(s->text(1)),
                         .name = std::string(s->text(2)),
                         .time = s->integer(3),
                         .status = std::string(s->text(4)),
                         .detail = std::string(s->text(5))});
      }
    }));
    return found;
  }

  Result<std::map<std::string, std::string>> values_below(const std::string& prefix) override {
    std::map<std::string, std::string> found;
    TREADLE_CHECK(database_.read([&](db::Session& session) -> Result<void> {
      TREADLE_TRY(
          db::Statement * s,
          session.prepare("select name, value from key_values where substr(name, 1, $2) = $1"));
      s->bind(1, prefix).bind(2, static_cast<std::int64_t>(prefix.size()));
      while (true) {
        TREADLE_TRY(const bool row, s->step());
        if (!row) return {};
        found.emplace(s->text(0), s->text(1));
      }
    }));
    return found;
  }

  Result<void> set_values(const std::map<std::string, std::string>& values) override {
    return database_.write(
        [&](db::Session& session) -> Result<void> {
          for (const auto& [name, value] : values) {
            TREADLE_TRY(db::Statement * s,
                        session.prepare("insert into key_values (name, value) values ($1, $2) on "
                                        "conflict (name) do update set value = excluded.value"));
            s->bind(1, name).bind(2, value);
            TREADLE_CHECK(s->run());
          }
          return {};
        },
        db::Sync::kYes);
  }

 private:
  // Newest first; `limit` 0 = all.
  Result<std::vector<Run>> select_runs(const std::string& where,
                                       const std::vector<std::string>& texts, int limit) {
    std::vector<Run> runs;
    TREADLE_CHECK(database_.read([&](db::Session& session) -> Result<void> {
      std::string sql =
          "select " + std::string(kRunColumns) + " from runs r " + where + " order by r.id desc";
      if (limit > 0) sql += " limit " + std::to_string(limit);
      TREADLE_TRY(db::Statement * s, session.prepare(sql));
      for (std::size_t i = 0; i < texts.size(); ++i) s->bind(static_cast<int>(i) + 1, texts[i]);
      std::vector<std::int64_t> keys;
      while (true) {
        TREADLE_TRY(const bool row, s->step());
        if (!row) break;
        keys.push_back(s->integer(0));
        runs.push_back(read_run(*s));
      }
      TREADLE_TRY(db::Statement * tags,
                  session.prepare("select name, value from run_tags where run = $1"));
      for (std::size_t i = 0; i < keys.size(); ++i) {
        tags->bind(1, keys[i]);
        while (true) {
          TREADLE_TRY(const bool row, tags->step());
          if (!row) break;
          runs[i].tags.emplace(tags->text(0), tags->text(1));
        }
      }
      return {};
    }));
    return runs;
  }

  static constexpr std::string_view kLatestMaterializations =
      "select l.asset_key, l.partition, e.id, coalesce(r.run_id, ''), e.step_key, e.time, "
      "e.payload "
      "from latest_materializations l join events e on e.id = l.event left join runs r on r.id = "
      "e.run";

  static Result<LatestMaterialization> read_latest_materialization(const db::Statement& row) {
    LatestMaterialization m;
    m.asset = AssetKey(row.text(0));
    m.partition = row.text(1);
    m.event_id = row.integer(2);
    m.run_id = row.text(3);
    m.step_key = row.text(4);
    m.time = row.integer(5);
    TREADLE_TRY(m.provenance, provenance_from_json(object_in_payload(row.text(6), "provenance")));
    return m;
  }

  static CheckResult read_check(const db::Statement& row) {
    CheckResult check;
    check.asset = AssetKey(row.text(0));
    check.check = row.text(1);
    check.event_id = row.integer(2);
    check.run_id = row.text(3);
    check.time = row.integer(4);
    read_check_payload(row.text(5), check);
    return check;
  }

  static void read_check_payload(std::string_view payload, CheckResult& check) {
    boost::json::value value;
    if (!parse_json_value(payload, value) || !value.is_object()) return;
    const auto& object = value.get_object();
    const auto flag = [&](std::string_view name) {
      const auto* field = object.if_contains(name);
      return field != nullptr && field->is_bool() && field->get_bool();
    };
    check.passed = flag("passed");
    check.blocking = flag("blocking");
    if (const auto* severity = object.if_contains("severity");
        severity != nullptr && severity->is_string()) {
      check.error_severity = severity->get_string() != "WARN";
    }
    if (const auto* text = object.if_contains("description");
        text != nullptr && text->is_string()) {
      check.description = text->get_string();
    }
    check.metadata = object_in_payload(payload, "metadata");
  }

  db::Database& database_;
  const std::string lock_folder_;
  OpenWriters open_;
};

}  // namespace

Result<std::unique_ptr<Record>> Record::open(db::Database& database,
                                             const std::string& lock_folder) {
  TREADLE_CHECK(db::migrate(database, "events", kMigrations));
  return std::make_unique<SqlRecord>(database, lock_folder);
}

}  // namespace treadle::events
