#include "partition_rows.h"

#include <unordered_map>

namespace treadle::events {
namespace {

Result<std::vector<PartitionFact>> facts_after(db::Session& session, const AssetKey& asset,
                                               std::int64_t after_event) {
  std::vector<PartitionFact> facts;
  const auto rows = [&](std::string_view sql, auto set) -> Result<void> {
    TREADLE_TRY(db::Statement * s, session.prepare(sql));
    s->bind(1, asset.text()).bind(2, after_event);
    while (true) {
      TREADLE_TRY(const bool row, s->step());
      if (!row) return {};
      set(std::string(s->text(0)), s->integer(1));
    }
  };
  TREADLE_CHECK(rows(
      "select partition, event from latest_materializations where asset_key = $1 and event > $2 "
      "and partition <> ''",
      [&](std::string partition, std::int64_t event) {
        facts.push_back({.partition = std::move(partition), .materialized = event});
      }));
  std::vector<PartitionFact> failures;
  TREADLE_CHECK(
      rows("select partition, event from latest_failures where asset_key = $1 and event > $2 and "
           "partition <> ''",
           [&](std::string partition, std::int64_t event) {
             failures.push_back({.partition = std::move(partition), .failed = event});
           }));
  if (failures.empty()) return facts;
  std::unordered_map<std::string, std::size_t> places;
  for (std::size_t i = 0; i < facts.size(); ++i) places.emplace(facts[i].partition, i);
  for (PartitionFact& failure : failures) {
    const auto at = places.find(failure.partition);
    if (at == places.end()) {
      facts.push_back(std::move(failure));
    } else {
      facts[at->second].failed = failure.failed;
    }
  }
  return facts;
}

Result<std::optional<PartitionSummary>> find_summary(db::Session& session,
                                                     const Record::HistoryAsked& asked) {
  TREADLE_TRY(db::Statement * s, session.prepare("select fingerprint, event, materialized, failed "
                                                 "from partition_summaries where asset_key = $1"));
  s->bind(1, asked.asset.text());
  TREADLE_TRY(const bool row, s->step());
  std::optional<PartitionSummary> found;
  if (!row) return found;
  if (s->text(0) == asked.fingerprint) {
    found = PartitionSummary{.fingerprint = asked.fingerprint,
                             .event = s->integer(1),
                             .materialized = std::string(s->text(2)),
                             .failed = std::string(s->text(3))};
  }
  TREADLE_CHECK(s->run());
  return found;
}

// How many rows `sql` changes, run with the name and each key.
Result<std::int64_t> change_keys(db::Session& session, std::string_view sql,
                                 const std::string& name, const std::vector<std::string>& keys) {
  std::int64_t changed = 0;
  for (const std::string& key : keys) {
    TREADLE_TRY(db::Statement * s, session.prepare(sql));
    s->bind(1, name).bind(2, key);
    TREADLE_CHECK(s->run());
    changed += session.changes();
  }
  return changed;
}

}  // namespace

Result<std::vector<PartitionFact>> read_partition_facts(db::Database& database,
                                                        const AssetKey& asset,
                                                        std::int64_t after_event) {
  std::vector<PartitionFact> facts;
  TREADLE_CHECK(database.read([&](db::Session& session) -> Result<void> {
    TREADLE_TRY(facts, facts_after(session, asset, after_event));
    return {};
  }));
  return facts;
}

Result<std::vector<PartitionHistory>> read_partition_histories(
    db::Database& database, const std::vector<Record::HistoryAsked>& asked) {
  std::vector<PartitionHistory> histories;
  TREADLE_CHECK(database.read([&](db::Session& session) -> Result<void> {
    histories.clear();
    histories.reserve(asked.size());
    for (const Record::HistoryAsked& one : asked) {
      PartitionHistory& history = histories.emplace_back();
      TREADLE_TRY(history.summary, find_summary(session, one));
      TREADLE_TRY(history.since,
                  facts_after(session, one.asset, history.summary ? history.summary->event : 0));
    }
    return {};
  }));
  return histories;
}

Result<void> write_partition_summaries(
    db::Database& database, const std::vector<std::pair<AssetKey, PartitionSummary>>& summaries) {
  return database.write([&](db::Session& session) -> Result<void> {
    for (const auto& [asset, summary] : summaries) {
      // Never back: another reader may have got further meanwhile.
      TREADLE_TRY(db::Statement * s,
                  session.prepare(
                      "insert into partition_summaries (asset_key, fingerprint, event, "
                      "materialized, failed) values ($1, $2, $3, $4, $5) on conflict (asset_key) "
                      "do update set fingerprint = excluded.fingerprint, event = excluded.event, "
                      "materialized = excluded.materialized, failed = excluded.failed "
                      "where excluded.event > partition_summaries.event "
                      "or excluded.fingerprint <> partition_summaries.fingerprint"));
      s->bind(1, asset.text()).bind(2, summary.fingerprint).bind(3, summary.event);
      s->bind_blob(4, summary.materialized).bind_blob(5, summary.failed);
      TREADLE_CHECK(s->run());
    }
    return {};
  });
}

Result<std::int64_t> add_dynamic_partitions(db::Database& database, const std::string& name,
                                            const std::vector<std::string>& keys) {
  std::int64_t added = 0;
  TREADLE_CHECK(database.write(
      [&](db::Session& session) -> Result<void> {
        TREADLE_TRY(added, change_keys(session,
                                       "insert into dynamic_partitions (name, partition) values "
                                       "($1, $2) on conflict do nothing",
                                       name, keys));
        return {};
      },
      db::Sync::kYes));
  return added;
}

Result<std::int64_t> delete_dynamic_partitions(db::Database& database, const std::string& name,
                                               const std::vector<std::string>& keys) {
  std::int64_t removed = 0;
  TREADLE_CHECK(database.write(
      [&](db::Session& session) -> Result<void> {
        TREADLE_TRY(removed,
                    change_keys(session,
                                "delete from dynamic_partitions where name = $1 and partition = $2",
                                name, keys));
        if (removed == 0) return {};
        TREADLE_TRY(db::Statement * s,
                    session.prepare("insert into dynamic_removals (name, removals) values ($1, 1) "
                                    "on conflict (name) do update set removals = "
                                    "dynamic_removals.removals + 1"));
        s->bind(1, name);
        return s->run();
      },
      db::Sync::kYes));
  return removed;
}

Result<DynamicPartitionsPage> read_dynamic_partitions(db::Database& database,
                                                      const std::string& name, std::int64_t after,
                                                      int limit) {
  DynamicPartitionsPage page;
  TREADLE_CHECK(database.read([&](db::Session& session) -> Result<void> {
    page = {.keys = {}, .last = after, .removals = 0};
    TREADLE_TRY(db::Statement * removals,
                session.prepare("select removals from dynamic_removals where name = $1"));
    removals->bind(1, name);
    TREADLE_TRY(const bool some, removals->step());
    if (some) {
      page.removals = removals->integer(0);
      TREADLE_CHECK(removals->run());
    }
    std::string sql =
        "select id, partition from dynamic_partitions where name = $1 and id > $2 order by id";
    if (limit > 0) sql += " limit " + std::to_string(limit);
    TREADLE_TRY(db::Statement * s, session.prepare(sql));
    s->bind(1, name).bind(2, after);
    while (true) {
      TREADLE_TRY(const bool row, s->step());
      if (!row) return {};
      page.last = s->integer(0);
      page.keys.emplace_back(s->text(1));
    }
  }));
  return page;
}

Result<std::int64_t> count_dynamic_partitions(db::Database& database, const std::string& name) {
  std::int64_t count = 0;
  TREADLE_CHECK(database.read([&](db::Session& session) -> Result<void> {
    TREADLE_TRY(db::Statement * s,
                session.prepare("select count(*) from dynamic_partitions where name = $1"));
    s->bind(1, name);
    TREADLE_CHECK(s->step());
    count = s->integer(0);
    return s->run();
  }));
  return count;
}

Result<std::vector<std::string>> read_dynamic_partition_names(db::Database& database) {
  std::vector<std::string> names;
  TREADLE_CHECK(database.read([&](db::Session& session) -> Result<void> {
    // From one name to the next, not over all keys.
    std::string at;
    while (true) {
      TREADLE_TRY(db::Statement * s,
                  session.prepare("select name from dynamic_partitions where name > $1 "
                                  "order by name limit 1"));
      s->bind(1, at);
      TREADLE_TRY(const bool row, s->step());
      if (!row) return {};
      names.emplace_back(s->text(0));
      TREADLE_CHECK(s->run());
      at = names.back();
    }
  }));
  return names;
}

}  // namespace treadle::events
