#include "sql_text.h"

#include <treadle/base/json.h>

#include <algorithm>
#include <deque>
#include <limits>

namespace treadle::sql {
namespace {

using Kind = RowColumn::Kind;

std::string quoted(std::string_view name) {
  std::string text = "\"";
  for (const char c : name) {
    if (c == '"') text += '"';
    text += c;
  }
  return text + '"';
}

// One value of a row. `room` keeps texts that the statement borrows.
Result<void> bind(db::Statement& statement, int parameter, const RowColumn& column, JsonRef value,
                  std::deque<std::string>& room) {
  if (!value || value.is_null()) {
    statement.bind_null(parameter);
    return {};
  }
  switch (column.kind) {
    case Kind::kBool:
      statement.bind(parameter, value.as_bool().value_or(false));
      return {};
    case Kind::kInt:
      if (const auto number = value.as_int()) {
        statement.bind(parameter, *number);
        return {};
      }
      return fail(Errc::kInvalidArgument, "column '" + column.name + "': " + value.dump() +
                                              " is more than a bigint can hold.");
    case Kind::kFloat:
      statement.bind(parameter,
                     value.as_double().value_or(std::numeric_limits<double>::quiet_NaN()));
      return {};
    case Kind::kText:
      statement.bind(parameter, room.emplace_back(value.as_string().value_or("")));
      return {};
    case Kind::kJson:
      statement.bind(parameter, room.emplace_back(value.dump()));
      return {};
  }
  return {};
}

void write(JsonWriter& json, const db::Statement& row, int at, const RowColumn& column) {
  if (row.is_null(at)) {
    // Databases without NaN keep a null instead.
    json.raw(column.kind == Kind::kFloat && !column.nullable ? "NaN" : "null");
    return;
  }
  switch (column.kind) {
    case Kind::kBool:
      json.value(row.integer(at) != 0);
      return;
    case Kind::kInt:
      json.value(row.integer(at));
      return;
    case Kind::kFloat:
      json.value(row.real(at));
      return;
    case Kind::kText:
      json.value(row.text(at));
      return;
    case Kind::kJson:
      json.raw(row.text(at));
      return;
  }
}

}  // namespace

std::string path_of(const std::string& url) {
  constexpr std::string_view kScheme = "sqlite:///";
  return url.starts_with(kScheme) ? url.substr(kScheme.size()) : url;
}

std::string_view type_of(Kind kind) {
  switch (kind) {
    case Kind::kBool:
      return "boolean";
    case Kind::kInt:
      return "bigint";
    case Kind::kFloat:
      return "double precision";
    case Kind::kText:
    case Kind::kJson:
      return "text";
  }
  return "text";
}

std::string Table::full_name() const {
  return schema.empty() ? name : schema + "." + name;
}

std::string Table::quoted_name() const {
  return schema.empty() ? quoted(name) : quoted(schema) + "." + quoted(name);
}

Result<void> Table::add_partition_columns(const std::string* expression,
                                          const PartitionsDefinition& definition) {
  if (expression == nullptr) {
    return fail(Errc::kInvalidArgument,
                "it has partitions: say which column holds the partition's key, with the metadata "
                "{\"partition_expr\", \"day\"}.");
  }
  const MultiPartitions* multi = definition.as_multi();
  const auto by_dimension = Json::parse(*expression);
  const bool several = by_dimension && by_dimension->kind() == JsonRef::Kind::kObject;
  if (multi == nullptr || !several) {
    partition_columns.push_back(*expression);
  } else {
    for (const PartitionDimension& dimension : multi->dimensions) {
      const auto column = (*by_dimension)[dimension.name].as_string();
      if (!column) {
        return fail(Errc::kInvalidArgument,
                    "its metadata `partition_expr` does not say which column "
                    "holds the dimension '" +
                        dimension.name + "'.");
      }
      partition_columns.emplace_back(*column);
    }
  }
  for (const std::string& column : partition_columns) {
    if (std::none_of(columns.begin(), columns.end(),
                     [&](const RowColumn& known) { return known.name == column; }))
      added.push_back(column);
  }
  return {};
}

Result<void> Table::prepare(db::Session& session, bool replace) const {
  if (!schema.empty())
    TREADLE_CHECK(session.execute("create schema if not exists " + quoted(schema)));
  if (replace) TREADLE_CHECK(session.execute("drop table if exists " + quoted_name()));
  std::string text = "create table if not exists " + quoted_name() + " (";
  std::string comma;
  for (const RowColumn& column : columns) {
    text += comma + quoted(column.name) + " " + std::string(type_of(column.kind));
    comma = ", ";
  }
  for (const std::string& column : added) text += comma + quoted(column) + " text";
  TREADLE_CHECK(session.execute(text + ")"));
  if (replace || partition_columns.empty()) return {};
  std::string index = "create index if not exists " + quoted(name + "_of_partition") + " on " +
                      quoted_name() + " (";
  comma.clear();
  for (const std::string& column : partition_columns) {
    index += comma + "(cast(" + quoted(column) + " as text))";
    comma = ", ";
  }
  return session.execute(index + ")");
}

Result<void> Table::check_is_there(db::Session& session) const {
  bool found = false;
  if (postgres) {
    TREADLE_TRY(db::Statement * s,
                session.prepare("select 1 from information_schema.tables where table_name = $1 and "
                                "table_schema = coalesce($2, current_schema())"));
    s->bind(1, name);
    schema.empty() ? s->bind_null(2) : s->bind(2, schema);
    TREADLE_TRY(found, s->step());
  } else {
    TREADLE_TRY(found, session.has_table(name));
  }
  if (found) return {};
  return fail(Errc::kNotFound,
              "its table '" + full_name() +
                  "' is not there: materialize the asset with this IO manager first.");
}

std::vector<std::string> Table::parts_of(const std::string& key) const {
  if (partition_columns.size() == 1) return {key};
  std::vector<std::string> parts(1);
  for (const char c : key) {
    if (c == kMultiKeyDelimiter) {
      parts.emplace_back();
    } else {
      parts.back() += c;
    }
  }
  parts.resize(partition_columns.size());
  return parts;
}

std::string Table::of_partition() const {
  std::string text;
  for (std::size_t i = 0; i < partition_columns.size(); ++i) {
    text += (i == 0 ? " where " : " and ") + ("cast(" + quoted(partition_columns[i])) +
            " as text) = $" + std::to_string(i + 1);
  }
  return text;
}

Result<void> Table::remove(db::Session& session, const std::string& key) const {
  TREADLE_TRY(db::Statement * s, session.prepare("delete from " + quoted_name() + of_partition()));
  const std::vector<std::string> parts = parts_of(key);
  for (std::size_t i = 0; i < parts.size(); ++i) s->bind(static_cast<int>(i + 1), parts[i]);
  return s->run();
}

Result<void> Table::insert(db::Session& session, const Json& rows, const std::string& key) const {
  std::string names, values;
  int parameter = 0;
  for (const RowColumn& column : columns) {
    const std::string place = "$" + std::to_string(++parameter);
    names += (names.empty() ? "" : ", ") + quoted(column.name);
    // Both databases know this way from a whole number to a boolean.
    values += (values.empty() ? "" : ", ") +
              (column.kind == Kind::kBool ? "cast(cast(" + place + " as int) as boolean)" : place);
  }
  for (const std::string& column : added) {
    names += ", " + quoted(column);
    values += ", $" + std::to_string(++parameter);
  }
  TREADLE_TRY(db::Statement * s, session.prepare("insert into " + quoted_name() + " (" + names +
                                                 ") values (" + values + ")"));
  const std::vector<std::string> parts = parts_of(key);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    std::deque<std::string> room;
    parameter = 0;
    for (const RowColumn& column : columns)
      TREADLE_CHECK(bind(*s, ++parameter, column, rows[i][column.name], room));
    for (const std::string& column : added) {
      const auto at = std::find(partition_columns.begin(), partition_columns.end(), column);
      s->bind(++parameter, parts[static_cast<std::size_t>(at - partition_columns.begin())]);
    }
    TREADLE_CHECK(s->run());
  }
  return {};
}

Result<std::string> Table::select(db::Session& session,
                                  const std::optional<std::string>& key) const {
  std::string names;
  for (const RowColumn& column : columns) {
    const bool text = column.kind == Kind::kText || column.kind == Kind::kJson;
    names += (names.empty() ? "" : ", ") +
             (text ? "cast(" + quoted(column.name) + " as text)" : quoted(column.name));
  }
  TREADLE_TRY(db::Statement * s, session.prepare("select " + names + " from " + quoted_name() +
                                                 (key ? of_partition() : std::string())));
  std::vector<std::string> parts;
  if (key) parts = parts_of(*key);
  for (std::size_t i = 0; i < parts.size(); ++i) s->bind(static_cast<int>(i + 1), parts[i]);
  JsonWriter json;
  json.begin_array();
  while (true) {
    TREADLE_TRY(const bool more, s->step());
    if (!more) break;
    json.begin_object();
    for (std::size_t i = 0; i < columns.size(); ++i) {
      json.key(columns[i].name);
      write(json, *s, static_cast<int>(i), columns[i]);
    }
    json.end_object();
  }
  return std::move(json.end_array()).str();
}

}  // namespace treadle::sql
