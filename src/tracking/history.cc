// Reading rows.
#include "row_query.h"
#include "sql_store.h"

namespace treadle::tracking {
namespace {

std::int64_t number(Stream stream) {
  return static_cast<std::int64_t>(stream);
}

}  // namespace

Result<void> SqlStore::scan(std::int64_t run_key, Stream stream, const HistoryQuery& query,
                            const RowSink& sink) {
  return scan_rows(database_, run_key, number(stream), query, sink);
}

Result<std::vector<std::string>> SqlStore::rows(std::int64_t run_key, Stream stream,
                                                const HistoryQuery& query) {
  std::vector<std::string> rows;
  TREADLE_CHECK(scan(run_key, stream, query, [&](std::int64_t, std::string_view json) {
    rows.emplace_back(json);
    return true;
  }));
  return rows;
}

Result<std::vector<std::string>> SqlStore::sampled(std::int64_t run_key, Stream stream,
                                                   const SampleQuery& query) {
  std::vector<std::string> rows;
  TREADLE_CHECK(database_.read([&](db::Session& session) {
    rows.clear();
    return sample_rows(session, run_key, number(stream), query,
                       [&](std::int64_t, RowReader& row) { row.append_json(rows.emplace_back()); });
  }));
  return rows;
}

Result<std::vector<Point>> SqlStore::series(std::int64_t run_key, const std::string& key,
                                            std::int64_t samples, Stream stream) {
  std::vector<Point> points;
  SampleQuery query;
  query.keys = {key};
  query.samples = samples;
  TREADLE_CHECK(database_.read([&](db::Session& session) {
    points.clear();
    return sample_rows(session, run_key, number(stream), query,
                       [&](std::int64_t step, RowReader& row) {
                         const ColumnCursor& value = row.value(0);
                         if (value.is_number()) points.push_back({step, value.number()});
                       });
  }));
  return points;
}

Result<KeysInfo> SqlStore::keys_info(std::int64_t run_key, Stream stream) {
  KeysInfo info;
  TREADLE_CHECK(database_.read([&](db::Session& session) -> Result<void> {
    TREADLE_TRY(const StreamHead head, load_head(session, run_key, stream));
    info.last_step = head.last_step;
    info.keys = head.keys.keys();
    for (KeyInfo& key : info.keys) key.key = plain_key(key.key);
    return {};
  }));
  return info;
}

}  // namespace treadle::tracking
