// What is known of a table, as metadata that user interfaces show: its columns, where they come from, some of its rows.
//   const td::TableSchema schema{.columns = {{.name = "id", .type = "int", .unique = true}, {.name = "city"}}};
//   defs.asset({.key = "cities", .metadata = {{"dagster/column_schema", schema}}}, ...);
//   context.add_metadata("preview", td::table(schema, {td::Json::from(first_row)}));
#pragma once

#include <treadle/cpp/json.h>
#include <treadle/model/metadata.h>

#include <map>
#include <string>
#include <utility>
#include <vector>

namespace treadle {

struct TableColumn {
  std::string name;
  std::string type = "string";
  std::string description = {};
  bool nullable = true;
  bool unique = false;
  std::vector<std::string> constraints = {};  // others, in words
  std::vector<std::pair<std::string, std::string>> tags = {};
};

struct TableSchema {
  std::vector<TableColumn> columns;
  std::vector<std::string> constraints = {};  // of the whole, in words
  operator MetadataValue() const;  // NOLINT(google-explicit-constructor): as metadata takes it
};

// By column: the columns of assets that it is made from.
struct TableColumnLineage {
  std::map<std::string, std::vector<std::pair<AssetKey, std::string>>> columns;
  operator MetadataValue() const;  // NOLINT(google-explicit-constructor)
};

// Rows, each an object with a value for each column.
MetadataValue table(const TableSchema& schema, const std::vector<Json>& rows);

}  // namespace treadle
