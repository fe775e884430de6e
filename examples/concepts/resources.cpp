// Resources: objects that steps share, set up before them and torn down after them.
#include <treadle/treadle.hpp>

#include <iostream>
#include <string>

namespace td = treadle;

struct Database {
  std::string url;
  int rows(const std::string& table) const { return static_cast<int>(table.size()); }
};

int main() {
  td::Defs defs;
  auto database = defs.resource(
      "database",
      [] {
        std::cout << "open db.local" << std::endl;
        return Database{"db.local"};
      },
      [](Database& db) { std::cout << "close " << db.url << std::endl; });

  auto count = td::op("count", [](Database& db) { return db.rows("orders"); }, database);
  defs.job("counting", [&](td::Compose& c) { c(count); });

  const td::RunReport run = td::run_job(defs, "counting", {.temporary_home = true});
  std::cout << "rows: " << run.output<int>("count").value() << '\n';
}
