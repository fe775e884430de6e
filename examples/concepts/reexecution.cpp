// Again from where it failed: what had succeeded is loaded, not made again.
#include <treadle/treadle.hpp>

#include <filesystem>
#include <iostream>
#include <stdexcept>

namespace td = treadle;

int main() {
  bool broken = true;
  auto expensive = td::op("expensive", [] {
    std::cout << "expensive runs" << std::endl;
    return 40;
  });
  auto finish = td::op("finish", [&](int n) {
    if (broken) throw std::runtime_error("the disk is full");
    return n + 2;
  });

  td::Defs defs;
  defs.job("work", [&](td::Compose& c) { c(finish, c(expensive)); });

  const std::string home = std::filesystem::temp_directory_path() / "treadle-reexecution";
  std::filesystem::remove_all(home);
  const td::RunReport failed = td::run_job(defs, "work", {.home = home});
  std::cout << "first: " << (failed.success() ? "success" : "failure") << '\n';
  broken = false;
  const td::RunReport again = td::run_job(defs, "work", {.again = failed.run_id(), .home = home});
  std::cout << "again: " << again.output<int>("finish").value() << '\n';
}
