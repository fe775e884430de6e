#include "partition_rows.h"

#include <unordered_map>

namespace treadle::events {

Result<std::vector<PartitionFact>> read_partition_facts(db::Database& database,
                                                        const AssetKey& asset,
                                                        std::int64_t after_event) {
  std::vector<PartitionFact> facts;
  std::unordered_map<std::string, std::size_t> places;
  TREADLE_CHECK(database.read([&](db::Session& session) -> Result<void> {
    const auto rows = [&](std::string_view table, auto set) -> Result<void> {
      TREADLE_TRY(db::Statement * s,
                  session.prepare("select partition, event from " + std::string(table) +
                                  " where asset_key = $1 and event > $2 and partition <> ''"));
      s->bind(1, asset.text()).bind(2, after_event);
      while (true) {
        TREADLE_TRY(const bool row, s->step());
        if (!row) return {};
        set(std::string(s->text(0)), s->integer(1));
      }
    };
    TREADLE_CHECK(rows("latest_materializations", [&](std::string partition, std::int64_t event) {
      facts.push_back({.partition = std::move(partition), .materialized = event});
    }));
    std::vector<PartitionFact> failures;
    TREADLE_CHECK(rows("latest_failures", [&](std::string partition, std::int64_t event) {
      failures.push_back({.partition = std::move(partition), .failed = event});
    }));
    if (failures.empty()) return {};
    for (std::size_t i = 0; i < facts.size(); ++i) places.emplace(facts[i].partition, i);
    for (PartitionFact& failure : failures) {
      const auto at = places.find(failure.partition);
      if (at == places.end()) {
        facts.push_back(std::move(failure));
      } else {
        facts[at->second].failed = failure.failed;
      }
    }
    return {};
  }));
  return facts;
}

Result<std::optional<PartitionSummary>> read_partition_summary(db::Database& database,
                                                               const AssetKey& asset) {
  std::optional<PartitionSummary> found;
  TREADLE_CHECK(database.read([&](db::Session& session) -> Result<void> {
    TREADLE_TRY(db::Statement * s,
                session.prepare("select fingerprint, event, materialized, failed "
                                "from partition_summaries where asset_key = $1"));
    s->bind(1, asset.text());
    TREADLE_TRY(const bool row, s->step());
    if (!row) return {};
    found = PartitionSummary{.fingerprint = std::string(s->text(0)),
                             .event = s->integer(1),
                             .materialized = std::string(s->text(2)),
                             .failed = std::string(s->text(3))};
    return {};
  }));
  return found;
}

Result<void> write_partition_summary(db::Database& database, const AssetKey& asset,
                                     const PartitionSummary& summary) {
  return database.write([&](db::Session& session) -> Result<void> {
    // Never back: another reader may have got further meanwhile.
    TREADLE_TRY(db::Statement * s,
                session.prepare(
                    "insert into partition_summaries (asset_key, fingerprint, event, materialized, "
                    "failed) values ($1, $2, $3, $4, $5) on conflict (asset_key) do update set "
                    "fingerprint = excluded.fingerprint, event = excluded.event, "
                    "materialized = excluded.materialized, failed = excluded.failed "
                    "where excluded.event > partition_summaries.event "
                    "or excluded.fingerprint <> partition_summaries.fingerprint"));
    s->bind(1, asset.text()).bind(2, summary.fingerprint).bind(3, summary.event);
    s->bind_blob(4, summary.materialized).bind_blob(5, summary.failed);
    return s->run();
  });
}

Result<std::int64_t> change_dynamic_partitions(db::Database& database, std::string_view sql,
                                               const std::string& name,
                                               const std::vector<std::string>& keys) {
  std::int64_t changed = 0;
  TREADLE_CHECK(database.write(
      [&](db::Session& session) -> Result<void> {
        changed = 0;
        for (const std::string& key : keys) {
          TREADLE_TRY(db::Statement * s, session.prepare(sql));
          s->bind(1, name).bind(2, key);
          TREADLE_CHECK(s->run());
          changed += session.changes();
        }
        return {};
      },
      db::Sync::kYes));
  return changed;
}

Result<std::vector<std::string>> read_dynamic_partitions(db::Database& database,
                                                         const std::string& name) {
  std::vector<std::string> keys;
  TREADLE_CHECK(database.read([&](db::Session& session) -> Result<void> {
    TREADLE_TRY(
        db::Statement * s,
        session.prepare("select partition from dynamic_partitions where name = $1 order by id"));
    s->bind(1, name);
    while (true) {
      TREADLE_TRY(const bool row, s->step());
      if (!row) return {};
      keys.emplace_back(s->text(0));
    }
  }));
  return keys;
}

}  // namespace treadle::events
