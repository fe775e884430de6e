// Rows as values: what most queries of most rooms need, over a Session, or over a Database in a
// transaction of their own. `bind` takes a Statement&, `read` a const Statement& and returns the value.
//
//   TREADLE_TRY(const auto names, read_all(database, "select name from t where id > $1",
//       [&](Statement& s) { s.bind(1, 5); },
//       [](const Statement& s) { return std::string(s.text(0)); }));
#pragma once

#include <treadle/db/database.h>

#include <optional>
#include <string_view>
#include <utility>
#include <vector>

namespace treadle::db {

template <class Bind, class Read>
auto select(Session& session, std::string_view sql, const Bind& bind, const Read& read)
    -> Result<std::vector<decltype(read(std::declval<const Statement&>()))>> {
  TREADLE_TRY(Statement * s, session.prepare(sql));
  bind(*s);
  std::vector<decltype(read(*s))> out;
  while (true) {
    TREADLE_TRY(const bool more, s->step());
    if (!more) return out;
    out.push_back(read(*s));
  }
}
// The first row, if any.
template <class Bind, class Read>
auto select_one(Session& session, std::string_view sql, const Bind& bind, const Read& read)
    -> Result<std::optional<decltype(read(std::declval<const Statement&>()))>> {
  TREADLE_TRY(auto rows, select(session, sql, bind, read));
  if (rows.empty()) return std::nullopt;
  return std::move(rows.front());
}
template <class Bind>
Result<void> change(Session& session, std::string_view sql, const Bind& bind) {
  TREADLE_TRY(Statement * s, session.prepare(sql));
  bind(*s);
  return s->run();
}
inline void bind_nothing(Statement&) {}

// The same, each in a transaction of its own.
template <class Bind, class Read>
auto read_all(Database& database, std::string_view sql, const Bind& bind, const Read& read)
    -> Result<std::vector<decltype(read(std::declval<const Statement&>()))>> {
  std::vector<decltype(read(std::declval<const Statement&>()))> out;
  TREADLE_CHECK(database.read([&](Session& session) -> Result<void> {
    TREADLE_TRY(out, select(session, sql, bind, read));
    return {};
  }));
  return out;
}
template <class Bind, class Read>
auto read_one(Database& database, std::string_view sql, const Bind& bind, const Read& read)
    -> Result<std::optional<decltype(read(std::declval<const Statement&>()))>> {
  TREADLE_TRY(auto rows, read_all(database, sql, bind, read));
  if (rows.empty()) return std::nullopt;
  return std::move(rows.front());
}
template <class Bind>
Result<void> write_one(Database& database, std::string_view sql, const Bind& bind) {
  return database.write(
      [&](Session& session) -> Result<void> { return change(session, sql, bind); });
}

}  // namespace treadle::db
