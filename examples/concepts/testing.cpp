// Testing: functions are called as they are; what they ask of a run stands in for it.
#include <treadle/treadle.hpp>

#include <iostream>
#include <string>

namespace td = treadle;

struct Database {
  int rows = 0;
};

int load(td::Context& context, Database& database) {
  context.info("reading " + context.partition_key());
  return database.rows;
}

int main() {
  td::TestContext context({.partition_key = "2026-01-05"});
  Database fake{7};
  std::cout << "called: " << load(context, fake) << '\n';
  for (const auto& line : context.logs()) std::cout << "logged: " << line.message << '\n';

  td::Defs defs;
  auto database = defs.resource("database", [] { return Database{1'000'000}; });
  auto rows = defs.asset("rows", [](Database& db) { return db.rows; }, database);
  const td::RunReport run = td::materialize(
      defs, {.temporary_home = true, .resources = {{"database", td::given(Database{3})}}});
  std::cout << "with another database: " << run.value(rows).value() << '\n';

  const auto tell = td::failure_hook(
      "tell", [](td::HookContext& c) { c.log(td::LogLevel::kError, c.op_name() + " failed"); });
  const auto told = td::call_hook(tell, {.op_name = "load", .failure = "no rows"}).value();
  std::cout << "the hook: " << told.front().message << '\n';
}
