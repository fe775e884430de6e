// expect: treadle: the function of a schedule or sensor returns a td::RunRequest
#include <treadle/treadle.hpp>
namespace td = treadle;

int main() {
  td::Defs defs;
  defs.schedule({.name = "s", .cron = {"@daily"}, .job = "j"}, [](td::TickContext&) { return 3; });
}
