#include <treadle/base/json.h>
#include <treadle/cpp/tables.h>

namespace treadle {
namespace {

void write_texts(JsonWriter& json, const std::vector<std::string>& texts) {
  json.begin_array();
  for (const std::string& text : texts) json.value(text);
  json.end_array();
}

std::string schema_text(const TableSchema& schema) {
  JsonWriter json;
  json.begin_object().key("columns").begin_array();
  for (const TableColumn& column : schema.columns) {
    json.begin_object().field("name", column.name).field("type", column.type);
    json.key("description");
    if (column.description.empty()) {
      json.raw("null");
    } else {
      json.value(column.description);
    }
    json.key("constraints").begin_object();
    json.field("nullable", column.nullable).field("unique", column.unique).key("other");
    write_texts(json, column.constraints);
    json.end_object().key("tags").begin_object();
    for (const auto& [name, value] : column.tags) json.field(name, value);
    json.end_object().end_object();
  }
  json.end_array().key("constraints").begin_object().key("other");
  write_texts(json, schema.constraints);
  json.end_object().end_object();
  return std::move(json).str();
}

}  // namespace

TableSchema::operator MetadataValue() const {
  return {MetadataKind::kTableSchema, schema_text(*this)};
}

TableColumnLineage::operator MetadataValue() const {
  JsonWriter json;
  json.begin_object().key("deps_by_column").begin_object();
  for (const auto& [column, from] : columns) {
    json.key(column).begin_array();
    for (const auto& [asset, name] : from) {
      json.begin_object().key("asset_key");
      write_texts(json, asset.parts());
      json.field("column_name", name).end_object();
    }
    json.end_array();
  }
  json.end_object().end_object();
  return {MetadataKind::kTableColumnLineage, std::move(json).str()};
}

MetadataValue table(const TableSchema& schema, const std::vector<Json>& rows) {
  JsonWriter json;
  json.begin_object().key("records").begin_array();
  for (const Json& row : rows) json.raw(row.dump());
  json.end_array().key("schema").raw(schema_text(schema)).end_object();
  return {MetadataKind::kTable, std::move(json).str()};
}

}  // namespace treadle
