// Metadata: named, typed facts that users attach to assets, outputs, checks and events. Values; the
// kinds and their JSON are Dagster's.
#pragma once

#include <treadle/base/result.h>
#include <treadle/model/asset_key.h>

#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace treadle {

enum class MetadataKind : std::uint8_t {
  kNull,
  kText,
  kInt,
  kFloat,
  kBool,
  kUrl,
  kPath,
  kNotebook,
  kJson,                        // value: JSON text
  kMarkdown,                    // "md"
  kAsset,                       // value: asset key as user text
  kRun,                         // "dagster_run": run id
  kJob,                         // value: JSON text
  kTimestamp,                   // value: double, seconds since the epoch
  kTable,                       // value: JSON text {"records": [...], "schema": {...}}
  kTableSchema,                 // value: JSON text
  kPythonArtifact,              // value: JSON text
  kTableColumnLineage,          // value: JSON text
  kPool,                        // value: JSON text
  kCodeLocationReconstruction,  // value: JSON text
  kOther,                       // a kind of a newer version; value: JSON text
};

// The name in Dagster's vocabulary: "text", "md", "table_schema" ...
std::string_view to_string(MetadataKind kind);
MetadataKind metadata_kind_from(std::string_view name);

class MetadataValue {
 public:
  using Data = std::variant<std::monostate, std::string, std::int64_t, double, bool>;
  MetadataValue() = default;  // null
  MetadataValue(MetadataKind kind, Data data) : kind_(kind), data_(std::move(data)) {}

  // A bare value gets the kind that fits it.
  MetadataValue(std::string text) : kind_(MetadataKind::kText), data_(std::move(text)) {}  // NOLINT
  MetadataValue(const char* text) : MetadataValue(std::string(text)) {}                    // NOLINT
  MetadataValue(bool b) : kind_(MetadataKind::kBool), data_(b) {}                          // NOLINT
  MetadataValue(double d) : kind_(MetadataKind::kFloat), data_(d) {}                       // NOLINT
  template <std::integral I>
    requires(!std::same_as<I, bool> && !std::same_as<I, char>)
  MetadataValue(I i) : kind_(MetadataKind::kInt), data_(static_cast<std::int64_t>(i)) {}  // NOLINT

  static MetadataValue text(std::string v) { return {MetadataKind::kText, std::move(v)}; }
  static MetadataValue md(std::string v) { return {MetadataKind::kMarkdown, std::move(v)}; }
  static MetadataValue url(std::string v) { return {MetadataKind::kUrl, std::move(v)}; }
  static MetadataValue path(std::string v) { return {MetadataKind::kPath, std::move(v)}; }
  static MetadataValue json(std::string v) { return {MetadataKind::kJson, std::move(v)}; }
  static MetadataValue timestamp(double seconds) { return {MetadataKind::kTimestamp, seconds}; }
  static MetadataValue asset(const AssetKey& key) { return {MetadataKind::kAsset, key.text()}; }

  MetadataKind kind() const { return kind_; }
  const Data& data() const { return data_; }
  // How it reads in a terminal: "0.96", "| a | b |", "raw/iris".
  std::string display() const;
  bool operator==(const MetadataValue&) const = default;

 private:
  MetadataKind kind_ = MetadataKind::kNull;
  Data data_;
};

// In the order given by the user; names are unique (the last one given wins).
using Metadata = std::vector<std::pair<std::string, MetadataValue>>;

void set_metadata(Metadata& metadata, std::string name, MetadataValue value);
const MetadataValue* find_metadata(const Metadata& metadata, std::string_view name);

// {"accuracy": {"type": "float", "raw_value": 0.96}, ...}
std::string metadata_to_json(const Metadata& metadata);
Result<Metadata> metadata_from_json(std::string_view json);

}  // namespace treadle
