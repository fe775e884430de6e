#include "json_read.h"
#include <treadle/base/clock.h>
#include <treadle/base/json.h>
#include <treadle/model/metadata.h>

#include <boost/json.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace treadle {
namespace {

struct KindName {
  MetadataKind kind;
  std::string_view name;
};
constexpr std::array kKinds = {
    KindName{MetadataKind::kNull, "null"},
    KindName{MetadataKind::kText, "text"},
    KindName{MetadataKind::kInt, "int"},
    KindName{MetadataKind::kFloat, "float"},
    KindName{MetadataKind::kBool, "bool"},
    KindName{MetadataKind::kUrl, "url"},
    KindName{MetadataKind::kPath, "path"},
    KindName{MetadataKind::kNotebook, "notebook"},
    KindName{MetadataKind::kJson, "json"},
    KindName{MetadataKind::kMarkdown, "md"},
    KindName{MetadataKind::kAsset, "asset"},
    KindName{MetadataKind::kRun, "dagster_run"},
    KindName{MetadataKind::kJob, "job"},
    KindName{MetadataKind::kTimestamp, "timestamp"},
    KindName{MetadataKind::kTable, "table"},
    KindName{MetadataKind::kTableSchema, "table_schema"},
    KindName{MetadataKind::kPythonArtifact, "python_artifact"},
    KindName{MetadataKind::kTableColumnLineage, "table_column_lineage"},
    KindName{MetadataKind::kPool, "pool"},
    KindName{MetadataKind::kCodeLocationReconstruction, "code_location_reconstruction"},
    KindName{MetadataKind::kOther, "other"},
};

// Kinds whose text is a JSON value rather than a string.
bool holds_json(MetadataKind kind) {
  switch (kind) {
    case MetadataKind::kJson:
    case MetadataKind::kJob:
    case MetadataKind::kTable:
    case MetadataKind::kTableSchema:
    case MetadataKind::kPythonArtifact:
    case MetadataKind::kTableColumnLineage:
    case MetadataKind::kPool:
    case MetadataKind::kCodeLocationReconstruction:
    case MetadataKind::kOther:
      return true;
    default:
      return false;
  }
}

void write_value(JsonWriter& w, const MetadataValue& value) {
  w.begin_object().field("type", to_string(value.kind())).key("raw_value");
  if (const auto* text = std::get_if<std::string>(&value.data())) {
    if (holds_json(value.kind())) {
      w.raw(text->empty() ? "null" : *text);
    } else {
      w.value(*text);
    }
  } else if (const auto* i = std::get_if<std::int64_t>(&value.data())) {
    w.value(*i);
  } else if (const auto* d = std::get_if<double>(&value.data())) {
    w.value(*d);
  } else if (const auto* b = std::get_if<bool>(&value.data())) {
    w.value(*b);
  } else {
    w.null();
  }
  w.end_object();
}

MetadataValue read_value(MetadataKind kind, const boost::json::value& raw) {
  if (holds_json(kind)) return {kind, json_text(raw)};
  if (raw.is_bool()) return {kind, raw.get_bool()};
  if (kind == MetadataKind::kFloat || kind == MetadataKind::kTimestamp) {
    if (raw.is_number()) return {kind, raw.to_number<double>()};
  }
  if (raw.is_int64()) return {kind, raw.get_int64()};
  if (raw.is_double()) return {kind, raw.get_double()};
  if (raw.is_string()) return {kind, std::string(raw.get_string())};
  return {kind, MetadataValue::Data{}};
}

}  // namespace

std::string_view to_string(MetadataKind kind) {
  for (const KindName& k : kKinds) {
    if (k.kind == kind) return k.name;
  }
  return "other";
}

MetadataKind metadata_kind_from(std::string_view name) {
  for (const KindName& k : kKinds) {
    if (k.name == name) return k.kind;
  }
  return MetadataKind::kOther;
}

std::string MetadataValue::display() const {
  if (const auto* text = std::get_if<std::string>(&data_)) return *text;
  if (const auto* i = std::get_if<std::int64_t>(&data_)) return std::to_string(*i);
  if (const auto* b = std::get_if<bool>(&data_)) return *b ? "true" : "false";
  if (const auto* d = std::get_if<double>(&data_)) {
    if (kind_ == MetadataKind::kTimestamp) return format_utc(static_cast<Micros>(*d * 1e6));
    return fmt::format("{}", *d);
  }
  return "null";
}

void set_metadata(Metadata& metadata, std::string name, MetadataValue value) {
  for (auto& [key, old] : metadata) {
    if (key == name) {
      old = std::move(value);
      return;
    }
  }
  metadata.emplace_back(std::move(name), std::move(value));
}

const MetadataValue* find_metadata(const Metadata& metadata, std::string_view name) {
  const auto it = std::find_if(metadata.begin(), metadata.end(),
                               [&](const auto& entry) { return entry.first == name; });
  return it == metadata.end() ? nullptr : &it->second;
}

std::string metadata_to_json(const Metadata& metadata) {
  JsonWriter w;
  w.begin_object();
  for (const auto& [name, value] : metadata) {
    w.key(name);
    write_value(w, value);
  }
  w.end_object();
  return std::move(w).str();
}

Result<Metadata> metadata_from_json(std::string_view json) {
  if (json.empty()) return Metadata{};
  TREADLE_TRY(const boost::json::value document, parse_json(json, "metadata"));
  if (!document.is_object()) return fail(Errc::kCorrupt, "metadata is not a JSON object");
  Metadata metadata;
  for (const auto& [name, entry] : document.get_object()) {
    const auto* object = entry.if_object();
    const auto* type = object != nullptr ? object->if_contains("type") : nullptr;
    const auto* raw = object != nullptr ? object->if_contains("raw_value") : nullptr;
    if (type == nullptr || !type->is_string() || raw == nullptr) {
      return fail(Errc::kCorrupt,
                  "metadata entry '" + std::string(name) + "' has no type and raw_value");
    }
    metadata.emplace_back(name, read_value(metadata_kind_from(type->get_string()), *raw));
  }
  return metadata;
}

}  // namespace treadle
