// Values as tables of a SQL database: a std::vector of a struct with TREADLE_FIELDS is one, each member a column.
//
//   struct Sale { std::string day; std::string city; double amount = 0; std::optional<int> pieces; };
//   TREADLE_FIELDS(Sale, day, city, amount, pieces)
//
//   defs.io_manager("warehouse", td::sql_tables({.url = "postgresql://shop@db/warehouse"}));
//   defs.asset({.key = "raw/sales", .metadata = {{"partition_expr", "day"}}, .io_manager = "warehouse",
//               .partitions = td::daily_partitions("2026-01-01")},
//              [](td::Context& c) { return sales_of(c.partition_key()); });   // std::vector<Sale>
//
// What Python's treadle.io.SqlTables keeps it reads, and the other way round.
#pragma once

#include <treadle/define/io_manager.h>

#include <memory>
#include <string>

namespace treadle {

struct SqlTablesOptions {
  // "postgresql://user@host/database", "sqlite:///lake.db" (relative), "sqlite:////srv/lake.db", or the path of a file of SQLite.
  std::string url = {};
  std::string schema = {};  // of assets whose key has one part; "" = that of the connection
  bool by_schema = true;    // whether the part of a key before the last is a schema
};

// The asset raw/sales is the table `sales` of the schema `raw`; where there are no schemas (SQLite, or by_schema off) `raw__sales`.
// Metadata of the asset may say `schema` and `table`.
//
// A table is replaced in one transaction: who reads meanwhile sees the old one, and a failure leaves it as it was. Of an asset with
// partitions each replaces its own rows: the metadata `partition_expr` names the column that holds the key of the partition, which is added
// when the struct has no such member; of several dimensions an object, {"day": "sold_on", "region": "region"}.
//
// Columns: bool as boolean, whole numbers as bigint, others as double precision, text and enumerations as text, everything else as
// JSON in text; a std::optional may be null. Only the members of the struct are read, so a struct with fewer of them reads fewer columns.
// The digest of the rows is the data version; the table's name, columns and number of rows are recorded. Thread-safe.
std::shared_ptr<IOManager> sql_tables(SqlTablesOptions options);

}  // namespace treadle
