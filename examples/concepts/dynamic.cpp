// Dynamic outputs: as many steps as there turn out to be values.
#include <treadle/treadle.hpp>

#include <iostream>
#include <numeric>
#include <string>
#include <vector>

namespace td = treadle;

int main() {
  auto files = td::op("files", [] {
    td::Dynamic<std::string> found;
    for (const char* name : {"a", "bb", "ccc"}) found.add(name, name);
    return found;
  });
  auto size = td::op("size", [](const std::string& name) { return static_cast<int>(name.size()); });
  auto total = td::op("total", [](const std::vector<int>& sizes) {
    return std::accumulate(sizes.begin(), sizes.end(), 0);
  });

  td::Defs defs;
  defs.job("measure_files", [&](td::Compose& c) {
    auto sizes = c(files).map([&](td::Node<std::string> name) { return c(size, name); });
    c(total, sizes.collect());
  });

  const td::RunReport run = td::run_job(defs, "measure_files", {.temporary_home = true});
  std::cout << "sizes:";
  for (const char* key : {"a", "bb", "ccc"})
    std::cout << ' ' << run.output<int>("size[" + std::string(key) + "]").value();
  std::cout << "\ntotal: " << run.output<int>("total").value() << '\n';
}
