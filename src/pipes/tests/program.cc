// What tests/languages/test_pipes.py starts, through Treadle and through Dagster.
#include <treadle/pipes.h>

#include <cstdio>

using treadle::pipes::Value;

int main(int argc, char** argv) {
  try {
    auto pipes = treadle::pipes::open(argc, argv);
    if (!pipes.connected()) {
      std::puts("not connected");
      return 0;
    }
    pipes.log("at work on " + pipes.assets().at(0) + " with " + pipes.extra("seed"));
    pipes.report_materialization({.metadata = {{"rows", 150},
                                               {"share", 0.5},
                                               {"good", true},
                                               {"note", "fine"},
                                               {"site", Value::url("https://example.com")},
                                               {"more", Value::json(R"({"a": [1, 2]})")}},
                                  .data_version = "v7"});
    pipes.report_check(
        {.name = "not_empty", .passed = true, .severity = treadle::pipes::Severity::kWarn});
    pipes.report_custom_message(R"({"epochs": 3})");
  } catch (const treadle::pipes::PipesError& e) {
    std::fprintf(stderr, "%s\n", e.what());
    return 2;
  }
  return 0;
}
