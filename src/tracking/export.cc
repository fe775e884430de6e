#include "parquet.h"

#include <boost/json.hpp>

#include <algorithm>
#include <charconv>
#include <cmath>

namespace treadle::tracking {
namespace {

constexpr std::int64_t kGroup = 65'536;  // rows

ColumnType type_of(const KeyInfo& key) {
  if (key.key == "_step") return ColumnType::kInteger;
  std::string one;
  for (const auto& [type, count] : key.type_counts) {
    if (type == "nil" || count == 0) continue;
    if (!one.empty()) return ColumnType::kText;
    one = type;
  }
  if (one == "number") return ColumnType::kDouble;
  if (one == "boolean") return ColumnType::kBoolean;
  return ColumnType::kText;
}

bool only_texts(const KeyInfo& key) {
  return std::all_of(key.type_counts.begin(), key.type_counts.end(), [](const auto& one) {
    return one.first == "string" || one.first == "nil" || one.second == 0;
  });
}

double number_of(std::string_view json) {
  if (json == "NaN") return std::nan("");
  if (json == "Infinity") return INFINITY;
  if (json == "-Infinity") return -INFINITY;
  double out = 0;
  std::from_chars(json.data(), json.data() + json.size(), out);
  return out;
}

void add_value(ColumnValues& column, std::string_view json, bool plain_text) {
  if (json == "null") return column.add_null();
  switch (column.type()) {
    case ColumnType::kBoolean:
      return column.add(json == "true");
    case ColumnType::kInteger:
      return column.add(static_cast<std::int64_t>(std::llround(number_of(json))));
    case ColumnType::kDouble:
      return column.add(number_of(json));
    case ColumnType::kText:
      break;
  }
  if (!plain_text) return column.add(json);
  if (json.find('\\') == std::string_view::npos) return column.add(json.substr(1, json.size() - 2));
  boost::system::error_code error;
  const boost::json::value value = boost::json::parse(json, error);
  column.add(!error && value.is_string() ? std::string_view(value.get_string()) : json);
}

}  // namespace

Result<void> write_parquet(Store& store, const Run& run, Stream stream,
                           const std::vector<std::string>& keys, const ByteSink& sink) {
  TREADLE_TRY(const KeysInfo info, store.keys_info(run.key, stream));
  std::vector<KeyInfo> chosen = info.keys;
  if (!keys.empty()) {
    chosen.clear();
    for (const std::string& key : keys) {
      const auto it = std::find_if(info.keys.begin(), info.keys.end(),
                                   [&](const KeyInfo& k) { return k.key == key; });
      chosen.push_back(it == info.keys.end() ? KeyInfo{key, {}, true, {}, {}, {}} : *it);
    }
  }
  std::vector<ParquetColumn> columns;
  for (const KeyInfo& key : chosen) columns.push_back({key.key, type_of(key)});
  ParquetWriter writer(columns, sink);
  TREADLE_CHECK(writer.begin());
  const std::int64_t lines = stream == Stream::kHistory ? run.history_lines : run.event_lines;
  for (std::int64_t first = 0; first < lines; first += kGroup) {
    const std::int64_t end = std::min(first + kGroup, lines);
    for (const KeyInfo& key : chosen) {
      ColumnValues values(type_of(key));
      const bool plain_text = only_texts(key);
      HistoryQuery query;
      query.keys = {key.key};
      query.after_line = first - 1;
      TREADLE_CHECK(
          store.scan(run.key, stream, query, [&](std::int64_t line, std::string_view json) {
            if (line >= end) return false;
            while (values.rows() < line - first) values.add_null();
            // {"key":value}: the key is written as JSON, at least as long as it is.
            const auto colon = json.find("\":", key.key.size() + 1);
            add_value(values, json.substr(colon + 2, json.size() - colon - 3), plain_text);
            return true;
          }));
      while (values.rows() < end - first) values.add_null();
      TREADLE_CHECK(writer.write_column(values));
    }
    writer.end_group();
  }
  return writer.finish();
}

}  // namespace treadle::tracking
