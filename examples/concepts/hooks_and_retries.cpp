// Retries and hooks: a step that fails is tried again, and functions hear how steps end.
#include <treadle/treadle.hpp>

#include <iostream>
#include <stdexcept>

namespace td = treadle;

int main() {
  auto cheer = td::success_hook("cheer", [](td::HookContext& c) {
    std::cout << c.op_name() + " succeeded\n" << std::flush;
  });
  auto mourn = td::failure_hook("mourn", [](td::HookContext& c) {
    std::cout << c.op_name() + " failed: " + c.failure()->message + "\n" << std::flush;
  });

  auto flaky = td::op({.name = "flaky", .retry_policy = td::RetryPolicy{.max_retries = 2}},
                      [](td::Context& context) {
                        if (context.retry_number() < 2) throw std::runtime_error("not yet");
                        return context.retry_number();
                      });
  auto broken = td::op("broken", [] { throw std::runtime_error("never"); });

  td::Defs defs;
  defs.job("trying",
           [&](td::Compose& c) {
             c(flaky);
             c(broken);
           },
           {.hooks = {cheer, mourn}});

  const td::RunReport run =
      td::run_job(defs, "trying", {.temporary_home = true, .max_concurrent = 1});
  std::cout << "retries: " << run.output<int>("flaky").value() << '\n';
}
