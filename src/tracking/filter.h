// Private to the room: W&B's Mongo-like filters and orders over runs, as values. What a path and an
// operator mean: docs/formats/tracking.md.
#pragma once

#include <treadle/base/clock.h>
#include <treadle/base/result.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace boost::json {
class value;
}

namespace treadle::tracking {

// What a path of a filter means.
struct Field {
  enum class Kind : std::uint8_t {
    kText,    // a column of tracking_run: `name`
    kNumber,  // a column of tracking_run that is a number: `name`
    kTime,    // a column of tracking_run that is a time: `name`
    kState,
    kDuration,  // seconds
    kTags,
    kDocument,  // a value of config or summary: `name`, or else `other`
  };
  Kind kind = Kind::kText;
  std::string name;
  std::string other;  // "config.a" for "config.a.value"
  bool operator==(const Field&) const = default;
};
// kInvalidArgument for a path that is none, with the nearest.
Result<Field> field_of(std::string_view path);

// The value of a field of one run; nullptr = missing.
using FieldValue = std::function<const boost::json::value*(std::size_t field)>;

class Filter {
 public:
  // "" and "{}" match everything.
  static Result<Filter> parse(std::string_view json);
  Filter(Filter&&) noexcept;
  Filter& operator=(Filter&&) noexcept;
  ~Filter();
  bool matches_all() const;
  const std::vector<Field>& fields() const;
  // `value(i)` is that of fields()[i].
  bool matches(const FieldValue& value) const;

  struct Node;

 private:
  Filter();
  std::vector<Field> fields_;
  std::unique_ptr<Node> root_;
};

struct OrderBy {
  Field field;
  bool descending = false;
};
Result<std::vector<OrderBy>> parse_order(std::string_view text);
// Mongo's order of values: missing and null, numbers, strings, objects, lists, booleans.
int compare_values(const boost::json::value* a, const boost::json::value* b);

// "2026-01-31", "2026-01-31T12:00:00[.123][Z]", or nothing.
std::optional<Micros> parse_time(std::string_view text);

}  // namespace treadle::tracking
