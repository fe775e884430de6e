// Fresh or stale, and why; a source that is looked at; what was made before is not made again.
#include <treadle/treadle.hpp>

#include <iostream>
#include <string>

namespace td = treadle;

namespace {

std::string seen = "2026-01-05";

td::Defs declare(const std::string& version) {
  td::Defs defs;
  auto orders = defs.observable_source({.key = "orders"}, [] { return seen; });
  auto clean = defs.asset(
      {.key = "clean", .code_version = "1", .deps = {orders.key()}, .memoize = true}, [] {
        std::cout << "clean runs" << std::endl;
        return 3;
      });
  defs.asset({.key = "model", .code_version = version}, [](int n) { return n * 2; }, clean);
  return defs;
}

void say(const td::Defs& defs) {
  const auto assets = td::status(defs, {.selection = "clean or model", .home = "home"}).value();
  for (const td::AssetState& asset : assets) {
    std::cout << "  " << asset.asset.text() << ": " << asset.status;
    for (const td::Why& why : asset.why) std::cout << ' ' << why.text;
    std::cout << '\n';
  }
}

bool make(const td::Defs& defs, const std::string& selection) {
  return td::materialize(defs, {.selection = selection, .home = "home"}).success();
}

}  // namespace

int main() {
  const td::Defs first = declare("1"), second = declare("2");
  if (!make(first, "orders") || !make(first, "clean or model")) return 1;
  std::cout << "everything was made\n";
  say(first);
  std::cout << "the code of the model is new\n";
  say(second);
  if (!make(second, "clean or model")) return 1;
  std::cout << "the orders are new\n";
  seen = "2026-01-06";
  if (!make(second, "orders")) return 1;
  say(second);
}
