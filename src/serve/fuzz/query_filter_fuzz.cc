// Filters of strangers over one document: matched or refused, in bounded time.
#include "../document_filter.h"

#include <cstddef>
#include <cstdint>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using treadle::graphql::Value;
  const auto filter =
      treadle::serve::DocumentFilter::parse({reinterpret_cast<const char*>(data), size});
  if (!filter) return 0;
  (void)filter->matches([](std::string_view path) -> std::vector<Value> {
    if (path == "name") return {{std::string("model")}};
    if (path == "n") return {{std::int64_t{3}}, {2.5}};
    return {};
  });
  return 0;
}
