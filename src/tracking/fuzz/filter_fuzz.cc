// Any bytes as a filter of runs: refused, or evaluated.
#include "../filter.h"

#include <boost/json.hpp>

#include <cstdint>

using namespace treadle::tracking;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto filter = Filter::parse({reinterpret_cast<const char*>(data), size});
  if (!filter) return 0;
  const boost::json::value values[] = {1, 2.5, "resnet", {1, "x"}, true, nullptr};
  (void)filter->matches(
      [&](std::size_t field) { return field % 7 == 6 ? nullptr : &values[field % 7]; });
  return 0;
}
