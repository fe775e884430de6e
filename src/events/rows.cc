#include "rows.h"

#include <treadle/base/json.h>
#include <treadle/base/json_parse.h>

#include <boost/json.hpp>

namespace treadle::events {
namespace {

Result<void> move_latest(db::Session& session, std::string_view sql, const Event& event,
                         std::string_view second, std::int64_t id) {
  TREADLE_TRY(db::Statement * s, session.prepare(sql));
  s->bind(1, event.asset_key).bind(2, second).bind(3, id);
  return s->run();
}

std::string check_name_of(const Event& event) {
  boost::json::value payload;
  if (!parse_json_value(event.payload, payload) || !payload.is_object()) return {};
  const auto* name = payload.get_object().if_contains("check");
  return name != nullptr && name->is_string() ? std::string(name->get_string()) : std::string();
}

// A memo stands before anything that users write into the payload.
Result<void> keep_memo(db::Session& session, const Event& event, std::int64_t id) {
  constexpr std::string_view kName = "\"memo\":\"";
  const std::size_t at = std::string_view(event.payload).substr(0, 400).find(kName);
  if (at == std::string_view::npos) return {};
  const std::size_t begin = at + kName.size();
  const std::string memo = event.payload.substr(begin, event.payload.find('"', begin) - begin);
  TREADLE_TRY(db::Statement * s,
              session.prepare("insert into memos (memo, event) values ($1, $2) "
                              "on conflict (memo) do update set event = excluded.event"));
  s->bind(1, memo).bind(2, id);
  return s->run();
}

Result<void> move_partition_check(db::Session& session, const Event& event, std::int64_t id) {
  TREADLE_TRY(
      db::Statement * s,
      session.prepare(
          "insert into latest_partition_checks (asset_key, check_name, partition, event) "
          "values ($1, $2, $3, $4) on conflict (asset_key, check_name, partition) do update "
          "set event = excluded.event"));
  s->bind(1, event.asset_key).bind(2, check_name_of(event)).bind(3, event.partition).bind(4, id);
  return s->run();
}

std::vector<std::string> read_step_keys(std::string_view json) {
  std::vector<std::string> keys;
  boost::json::value value;
  if (!parse_json_value(json, value) || !value.is_array()) return keys;
  for (const auto& item : value.get_array()) {
    if (item.is_string()) keys.emplace_back(item.get_string());
  }
  return keys;
}

}  // namespace

Result<void> insert_event(db::Session& session, std::int64_t run, const Event& event,
                          std::int64_t* id_of_event) {
  TREADLE_TRY(
      db::Statement * insert,
      session.prepare("insert into events (run, type, level, time, step_key, asset_key, partition, "
                      "message, payload) values ($1, $2, $3, $4, $5, $6, $7, $8, $9)"));
  insert->bind(1, run)
      .bind(2, static_cast<std::int64_t>(event.type))
      .bind(3, static_cast<std::int64_t>(event.level))
      .bind(4, event.time)
      .bind(5, event.step_key)
      .bind(7, event.partition)
      .bind(8, event.message)
      .bind(9, event.payload);
  if (event.asset_key.empty()) {
    insert->bind_null(6);
  } else {
    insert->bind(6, event.asset_key);
  }
  TREADLE_CHECK(insert->run());
  const bool points_at_it = event.type == EventType::kAssetMaterialization ||
                            event.type == EventType::kAssetFailedToMaterialize ||
                            event.type == EventType::kAssetCheckEvaluation;
  if (!points_at_it && id_of_event == nullptr) return {};  // asking may cost a round trip
  const std::int64_t id = session.last_insert_id();
  if (id_of_event != nullptr) *id_of_event = id;
  if (event.type == EventType::kAssetMaterialization) {
    TREADLE_CHECK(
        move_latest(session,
                    "insert into latest_materializations (asset_key, partition, event) "
                    "values ($1, $2, $3) on conflict (asset_key, partition) do update set "
                    "event = excluded.event",
                    event, event.partition, id));
    TREADLE_CHECK(keep_memo(session, event, id));
  } else if (event.type == EventType::kAssetFailedToMaterialize) {
    TREADLE_CHECK(
        move_latest(session,
                    "insert into latest_failures (asset_key, partition, event) "
                    "values ($1, $2, $3) on conflict (asset_key, partition) do update set "
                    "event = excluded.event",
                    event, event.partition, id));
  } else if (event.type == EventType::kAssetCheckEvaluation) {
    if (!event.partition.empty()) TREADLE_CHECK(move_partition_check(session, event, id));
    TREADLE_CHECK(
        move_latest(session,
                    "insert into latest_checks (asset_key, check_name, event) values ($1, $2, $3) "
                    "on conflict (asset_key, check_name) do update set event = excluded.event",
                    event, check_name_of(event), id));
  }
  return {};
}

Event read_event(const db::Statement& row) {
  Event event;
  event.id = row.integer(0);
  event.run_id = row.text(1);
  event.type = static_cast<EventType>(row.integer(2));
  event.level = static_cast<LogLevel>(row.integer(3));
  event.time = row.integer(4);
  event.step_key = row.text(5);
  event.asset_key = row.text(6);
  event.partition = row.text(7);
  event.message = row.text(8);
  event.payload = row.text(9);
  return event;
}

Result<void> insert_run(db::Session& session, const Run& run) {
  JsonWriter keys;
  keys.begin_array();
  for (const std::string& key : run.step_keys) keys.value(key);
  keys.end_array();
  TREADLE_TRY(db::Statement * insert,
              session.prepare(
                  "insert into runs (run_id, job_name, status, created, started, finished, "
                  "root_run_id, parent_run_id, step_keys, selection, run_config, origin, executor) "
                  "values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) returning id"));
  insert->bind(1, run.run_id)
      .bind(2, run.job_name)
      .bind(3, static_cast<std::int64_t>(run.status))
      .bind(4, run.created)
      .bind(5, run.started)
      .bind(6, run.finished)
      .bind(7, run.root_run_id)
      .bind(8, run.parent_run_id)
      .bind(9, keys.str())
      .bind(10, run.selection)
      .bind(11, run.run_config)
      .bind(12, run.origin)
      .bind(13, run.executor);
  TREADLE_CHECK(insert->step());
  const std::int64_t id = insert->integer(0);
  TREADLE_CHECK(insert->run());
  return set_tags(session, id, run.tags);
}

Result<std::int64_t> find_run_key(db::Session& session, const std::string& run_id) {
  TREADLE_TRY(db::Statement * s, session.prepare("select id from runs where run_id = $1"));
  s->bind(1, run_id);
  TREADLE_TRY(const bool found, s->step());
  return found ? s->integer(0) : 0;
}

Run read_run(const db::Statement& row) {
  Run run;
  run.run_id = row.text(1);
  run.job_name = row.text(2);
  run.status = static_cast<RunStatus>(row.integer(3));
  run.created = row.integer(4);
  run.started = row.integer(5);
  run.finished = row.integer(6);
  run.root_run_id = row.text(7);
  run.parent_run_id = row.text(8);
  run.step_keys = read_step_keys(row.text(9));
  run.selection = row.text(10);
  run.run_config = row.text(11);
  run.origin = row.text(12);
  run.executor = row.text(13);
  run.number = row.integer(0);
  return run;
}

Result<void> set_tags(db::Session& session, std::int64_t run,
                      const std::map<std::string, std::string>& tags) {
  for (const auto& [name, value] : tags) {
    TREADLE_TRY(db::Statement * s,
                session.prepare("insert into run_tags (run, name, value) values ($1, $2, $3) "
                                "on conflict (run, name) do update set value = excluded.value"));
    s->bind(1, run).bind(2, name).bind(3, value);
    TREADLE_CHECK(s->run());
  }
  return {};
}

std::string_view object_in_payload(std::string_view payload, std::string_view name) {
  // Only at the top level: depth and strings are tracked from the start.
  int depth = 0;
  for (std::size_t i = 0; i < payload.size(); ++i) {
    const char c = payload[i];
    if (c == '{' || c == '[') ++depth;
    if (c == '}' || c == ']') --depth;
    if (c != '"') continue;
    const std::size_t start = i + 1;
    for (++i; i < payload.size() && payload[i] != '"'; ++i) {
      if (payload[i] == '\\') ++i;
    }
    if (depth != 1 || payload.substr(start, i - start) != name) continue;
    std::size_t open = i + 1;
    while (open < payload.size() && (payload[open] == ':' || payload[open] == ' ')) ++open;
    if (open == i + 1 || open >= payload.size() || payload[open] != '{') continue;
    int inner = 0;
    for (std::size_t k = open; k < payload.size(); ++k) {
      if (payload[k] == '"') {
        for (++k; k < payload.size() && payload[k] != '"'; ++k) {
          if (payload[k] == '\\') ++k;
        }
      } else if (payload[k] == '{') {
        ++inner;
      } else if (payload[k] == '}' && --inner == 0) {
        return payload.substr(open, k + 1 - open);
      }
    }
    return {};
  }
  return {};
}

}  // namespace treadle::events
