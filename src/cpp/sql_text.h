// A table as SQL says it: made, written and read through room db. One text for SQLite and PostgreSQL.
#pragma once

#include <treadle/base/result.h>
#include <treadle/cpp/json.h>
#include <treadle/db/database.h>
#include <treadle/define/codec.h>
#include <treadle/define/partitions.h>

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace treadle::sql {

// The file that a URL of SQLite means.
std::string path_of(const std::string& url);
std::string_view type_of(RowColumn::Kind kind);

struct Table {
  bool postgres = false;
  std::string schema = {};  // "" = that of the connection
  std::string name = {};
  std::vector<RowColumn> columns = {};
  // The columns that hold the key of a partition, in the order of its dimensions.
  std::vector<std::string> partition_columns = {};

  std::string full_name() const;  // for people
  // As the metadata `partition_expr` says: the name of a column, or of several dimensions {"day": "sold_on"}. Columns that the rows lack
  // are `added`.
  Result<void> add_partition_columns(const std::string* expression,
                                     const PartitionsDefinition& definition);
  // The table is there; with `replace` a new and empty one.
  Result<void> prepare(db::Session& session, bool replace) const;
  Result<void> check_is_there(db::Session& session) const;
  // The rows of one partition.
  Result<void> remove(db::Session& session, const std::string& key) const;
  Result<void> insert(db::Session& session, const Json& rows, const std::string& key) const;
  // The rows as a JSON list of objects; of one partition, or all.
  Result<std::string> select(db::Session& session, const std::optional<std::string>& key) const;

 private:
  std::string quoted_name() const;
  std::string of_partition() const;  // the condition on $1, $2 ...
  std::vector<std::string> parts_of(const std::string& key) const;

 public:
  std::vector<std::string> added = {};
};

}  // namespace treadle::sql
