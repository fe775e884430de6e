// Private to the room: what differs between the texts of the two databases, and values as PostgreSQL
// sends them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace treadle::db {

// Our tables' definitions in PostgreSQL's words, inside `create table` and `alter table` only:
// `integer primary key` numbers rows by itself, `integer` has 64 bits, `blob` is bytea, and text
// compares by its bytes, as in SQLite, whatever the database's locale.
std::string postgres_definitions(std::string_view sql);

// Whether `$n` is in the text, by n; [0] is unused. Quoted text is skipped.
std::vector<bool> parameters_in(std::string_view sql);
// Whether stepping gives rows: a query, or a change with `returning`.
bool gives_rows(std::string_view sql);

// `text` as PostgreSQL can keep it: UTF-8 without NUL. What cannot be kept becomes U+FFFD. `room`
// holds the copy where one is needed.
std::string_view storable_text(std::string_view text, std::string& room);

// Types as they are numbered in pg_type.
enum PostgresType : unsigned {
  kBool = 16,
  kBytea = 17,
  kInt8 = 20,
  kInt2 = 21,
  kInt4 = 23,
  kText = 25,
  kFloat4 = 700,
  kFloat8 = 701,
  kNumeric = 1700,
};
// A value in PostgreSQL's binary form.
std::int64_t integer_of(unsigned type, std::string_view value);
double real_of(unsigned type, std::string_view value);
bool is_number(unsigned type);

}  // namespace treadle::db
