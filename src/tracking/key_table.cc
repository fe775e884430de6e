#include "key_table.h"

#include "bytes.h"
#include <treadle/base/json.h>
#include <treadle/base/json_parse.h>

#include <boost/json.hpp>

#include <algorithm>
#include <bit>
#include <cmath>

namespace treadle::tracking {
namespace {

void put_number(std::string& out, const std::optional<double>& number) {
  out += static_cast<char>(number.has_value());
  if (!number) return;
  const auto bits = std::bit_cast<std::uint64_t>(*number);
  for (int k = 0; k < 8; ++k) out += static_cast<char>(bits >> (8 * k));
}

std::optional<double> take_number(ByteReader& reader) {
  const std::string_view has = reader.take(1);
  if (!reader.ok() || has[0] == 0) return std::nullopt;
  const std::string_view bytes = reader.take(8);
  std::uint64_t bits = 0;
  for (std::size_t k = 0; k < bytes.size(); ++k) {
    bits |= static_cast<std::uint64_t>(static_cast<unsigned char>(bytes[k])) << (8 * k);
  }
  return std::bit_cast<double>(bits);
}

void count_type(KeyInfo& info, std::string_view type, std::int64_t count) {
  for (auto& [name, counted] : info.type_counts) {
    if (name == type) {
      counted += count;
      return;
    }
  }
  info.type_counts.emplace_back(type, count);
}

void add_number(KeyInfo& info, double value) {
  if (info.last && value < *info.last) info.monotonic = false;
  info.last = value;
  if (std::isnan(value)) return;
  if (!info.min || value < *info.min) info.min = value;
  if (!info.max || value > *info.max) info.max = value;
}

}  // namespace

std::string type_of_text(std::string_view json) {
  switch (json.empty() ? ' ' : json.front()) {
    case '"':
      return "string";
    case '[':
      return "list";
    case '{': {
      boost::json::value value;
      if (parse_json_value(json, value) && value.is_object()) {
        const auto* type = value.get_object().if_contains("_type");
        if (type != nullptr && type->is_string()) return std::string(type->get_string());
      }
      return "map";
    }
    default:
      return "number";
  }
}

void KeyTable::add(const RowBatch& batch) {
  for (const Column& column : batch.columns) {
    if (column.count == 0) continue;
    const auto [it, added] = index_.emplace(column.key, keys_.size());
    if (added) {
      keys_.emplace_back();
      keys_.back().key = column.key;
    }
    add(column, keys_[it->second]);
  }
}

void KeyTable::add(const Column& column, KeyInfo& info) {
  std::size_t ints = 0, doubles = 0, texts = 0, text_at = 0;
  for (const auto& [kind, run] : column.kinds) {
    switch (kind) {
      case Kind::kNull:
        count_type(info, "nil", run);
        break;
      case Kind::kFalse:
      case Kind::kTrue:
        count_type(info, "boolean", run);
        break;
      case Kind::kInt:
        count_type(info, "number", run);
        for (std::int64_t i = 0; i < run; ++i) {
          add_number(info, static_cast<double>(column.ints[ints++]));
        }
        break;
      case Kind::kDouble:
        count_type(info, "number", run);
        for (std::int64_t i = 0; i < run; ++i) add_number(info, column.doubles[doubles++]);
        break;
      case Kind::kText:
        for (std::int64_t i = 0; i < run; ++i) {
          const std::size_t size = column.text_sizes[texts++];
          count_type(info, type_of_text({column.text_bytes.data() + text_at, size}), 1);
          text_at += size;
        }
        break;
    }
  }
}

std::string KeyTable::encode() const {
  std::string out;
  put_varint(out, keys_.size());
  for (const KeyInfo& info : keys_) {
    put_text(out, info.key);
    put_varint(out, info.type_counts.size());
    for (const auto& [type, count] : info.type_counts) {
      put_text(out, type);
      put_varint(out, static_cast<std::uint64_t>(count));
    }
    out += static_cast<char>(info.monotonic);
    put_number(out, info.last);
    put_number(out, info.min);
    put_number(out, info.max);
  }
  return out;
}

Result<KeyTable> KeyTable::decode(std::string_view bytes) {
  KeyTable table;
  if (bytes.empty()) return table;
  ByteReader reader(bytes);
  const std::size_t keys = reader.count();
  for (std::size_t i = 0; i < keys; ++i) {
    KeyInfo info;
    info.key = reader.text();
    const std::size_t types = reader.count();
    for (std::size_t k = 0; k < types; ++k) {
      std::string type(reader.text());
      info.type_counts.emplace_back(std::move(type), static_cast<std::int64_t>(reader.varint()));
    }
    const std::string_view monotonic = reader.take(1);
    if (!reader.ok()) break;
    info.monotonic = monotonic[0] != 0;
    info.last = take_number(reader);
    info.min = take_number(reader);
    info.max = take_number(reader);
    table.index_.emplace(info.key, table.keys_.size());
    table.keys_.push_back(std::move(info));
  }
  if (!reader.ok()) {
    return fail(Errc::kCorrupt,
                "What is known of a run's keys is damaged. Restore treadle.db from a backup.");
  }
  return table;
}

std::string history_keys_json(const KeysInfo& info) {
  JsonWriter w;
  w.begin_object().key("keys").begin_object();
  for (const KeyInfo& key : info.keys) {
    w.key(key.key).begin_object().key("typeCounts").begin_array();
    for (const auto& [type, count] : key.type_counts) {
      w.begin_object().field("type", type).field("count", count).end_object();
    }
    w.end_array().field("monotonic", key.monotonic && key.last.has_value());
    if (key.last && std::isfinite(*key.last)) {
      w.field("previousValue", *key.last);
    }
    w.end_object();
  }
  w.end_object();
  if (info.last_step >= 0) w.field("lastStep", info.last_step);
  w.key("sets").begin_array().end_array().end_object();
  return std::move(w).str();
}

}  // namespace treadle::tracking
