#include "run_options.h"

#include "convert.h"

namespace treadle::python {

void use_executor(execute::RunOptions& options, nb::handle told) {
  const Items items(told);
  options.executor_said = true;
  if (items.flag(0)) options.executor = execute::Executor::kProcess;
  options.max_concurrent = static_cast<int>(items.integer(1));
  const Items limits(items.at(2));
  for (std::size_t i = 0; i < limits.size(); ++i) {
    const Items one(limits.at(i));
    execute::TagConcurrencyLimit limit{.key = one.text(0)};
    if (!one.is_none(1)) limit.value = one.text(1);
    limit.per_unique_value = one.flag(2);
    limit.limit = static_cast<int>(one.integer(3));
    options.tag_concurrency_limits.push_back(std::move(limit));
  }
  for (const auto& [pool, most] : nb::cast<nb::dict>(items.at(3))) {
    options.pools.emplace(text_of(pool), nb::cast<int>(most));
  }
  options.retries = items.flag(4);
  options.stop_at_first_failure = items.flag(5);
}

}  // namespace treadle::python
