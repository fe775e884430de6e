// A program of another project: two assets, run from inside.
#include <treadle/treadle.hpp>

#include <cstdio>

namespace td = treadle;

int main(int, char** argv) {
  td::Defs defs;
  auto word = defs.asset("word", [] { return "weaver"; });
  auto letters = defs.asset("letters", [](const std::string& w) { return w.size(); }, word);
  const auto report = td::materialize(defs, {.home = argv[1]});
  if (!report.success()) {
    std::fprintf(stderr, "%s\n", report.problem().c_str());
    return 1;
  }
  std::printf("%zu letters\n", report.value(letters).value_or(0));
}
