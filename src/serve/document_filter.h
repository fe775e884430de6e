// Private to the room: W&B's Mongo-like filters and orders over things that are at hand: projects,
// collections, versions. (Runs are filtered by their index: room tracking.)
#pragma once

#include <treadle/base/result.h>
#include <treadle/graphql/value.h>

#include <algorithm>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace treadle::serve {

// The values a path leads to; several for a list (one that fits is enough), none when it is missing.
// Strings, numbers and booleans.
using Lookup = std::function<std::vector<graphql::Value>(std::string_view path)>;

class DocumentFilter {
 public:
  // "" and "{}" match everything. kInvalidArgument names the operator or place.
  static Result<DocumentFilter> parse(std::string_view json);
  bool matches(const Lookup& lookup) const;

 private:
  graphql::Value root_;
};

// "-created_at", "+name", "name"; several with commas. Stable.
struct OrderKey {
  std::string path;
  bool descending = false;
};
std::vector<OrderKey> parse_order(std::string_view text);
int compare_lookups(const std::vector<OrderKey>& order, const Lookup& a, const Lookup& b);

// Those that match, in order. `lookup`: item → Lookup.
template <class T, class MakeLookup>
Result<std::vector<T>> filter_and_order(std::vector<T> items, std::string_view filter,
                                        std::string_view order, const MakeLookup& lookup) {
  TREADLE_TRY(const DocumentFilter parsed, DocumentFilter::parse(filter));
  std::erase_if(items, [&](const T& item) { return !parsed.matches(lookup(item)); });
  const std::vector<OrderKey> keys = parse_order(order);
  if (!keys.empty()) {
    std::stable_sort(items.begin(), items.end(), [&](const T& a, const T& b) {
      return compare_lookups(keys, lookup(a), lookup(b)) < 0;
    });
  }
  return items;
}

}  // namespace treadle::serve
