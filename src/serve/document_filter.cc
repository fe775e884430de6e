#include "document_filter.h"

#include <array>
#include <cmath>
#include <regex>

namespace treadle::serve {
namespace {

using graphql::Value;

constexpr std::size_t kLongestPattern = 1000;
constexpr std::size_t kLongestSubject = 10'000;

std::optional<double> number(const Value& value) {
  if (const auto* n = value.get<std::int64_t>()) return static_cast<double>(*n);
  if (const auto* d = value.get<double>()) return *d;
  return std::nullopt;
}

// Nothing when the two do not compare.
std::optional<int> compare(const Value& a, const Value& b) {
  const auto x = number(a);
  const auto y = number(b);
  if (x && y) return *x < *y ? -1 : *x > *y ? 1 : 0;
  const auto* s = a.get<std::string>();
  const auto* t = b.get<std::string>();
  if (s && t) return s->compare(*t) < 0 ? -1 : *s == *t ? 0 : 1;
  const auto* p = a.get<bool>();
  const auto* q = b.get<bool>();
  if (p && q) return static_cast<int>(*p) - static_cast<int>(*q);
  if (a.is_null() && b.is_null()) return 0;
  return std::nullopt;
}

Result<std::regex> pattern_of(const Value& value) {
  const auto* text = value.get<std::string>();
  if (text == nullptr || text->size() > kLongestPattern) {
    return fail(Errc::kInvalidArgument, "$regex wants a pattern of at most 1000 characters.");
  }
  try {
    // Polynomial: no pattern takes exponential time.
    return std::regex(*text, std::regex::ECMAScript | std::regex_constants::__polynomial);
  } catch (const std::regex_error& e) {
    return fail(Errc::kInvalidArgument, "'" + *text + "' is no regular expression: " + e.what());
  }
}

constexpr std::array<std::string_view, 11> kOperators = {
    "$eq", "$ne", "$gt", "$gte", "$lt", "$lte", "$in", "$nin", "$regex", "$contains", "$exists"};

Result<void> check(const Value& node);

Result<void> check_list(const Value& list) {
  const auto* items = list.get<Value::List>();
  if (items == nullptr) return fail(Errc::kInvalidArgument, "$and, $or and $nor want a list.");
  for (const Value& item : *items) TREADLE_CHECK(check(item));
  return {};
}

Result<void> check_condition(const std::string& path, const Value& condition) {
  const auto* members = condition.get<Value::Object>();
  if (members == nullptr) return {};
  for (const auto& [name, operand] : *members) {
    if (name == "$not") {
      TREADLE_CHECK(check_condition(path, operand));
      continue;
    }
    if (std::find(kOperators.begin(), kOperators.end(), name) == kOperators.end()) {
      return fail(
          Errc::kInvalidArgument,
          "The filter on '" + path + "' has an operator that is not known: '" + name + "'.");
    }
    if (name == "$regex") {
      TREADLE_TRY(const std::regex pattern, pattern_of(operand));
      (void)pattern;
    }
    if ((name == "$in" || name == "$nin") && !operand.get<Value::List>()) {
      return fail(Errc::kInvalidArgument, name + " wants a list.");
    }
  }
  return {};
}

Result<void> check(const Value& node) {
  const auto* members = node.get<Value::Object>();
  if (members == nullptr) return fail(Errc::kInvalidArgument, "A filter is a JSON object.");
  for (const auto& [name, value] : *members) {
    if (name == "$and" || name == "$or" || name == "$nor") {
      TREADLE_CHECK(check_list(value));
    } else if (name == "$not") {
      TREADLE_CHECK(check(value));
    } else {
      TREADLE_CHECK(check_condition(name, value));
    }
  }
  return {};
}

bool one_of(const std::vector<Value>& values, const Value& wanted) {
  if (wanted.is_null()) return values.empty();
  return std::any_of(values.begin(), values.end(),
                     [&](const Value& value) { return compare(value, wanted) == 0; });
}

bool fits(const std::vector<Value>& values, const std::string& name, const Value& operand) {
  const auto any = [&](const auto& test) {
    return std::any_of(values.begin(), values.end(), test);
  };
  if (name == "$eq") return one_of(values, operand);
  if (name == "$ne") return !one_of(values, operand);
  if (name == "$gt")
    return any([&](const Value& v) { return compare(v, operand).value_or(-1) > 0; });
  if (name == "$gte")
    return any([&](const Value& v) { return compare(v, operand).value_or(-1) >= 0; });
  if (name == "$lt") {
    return any([&](const Value& v) { return compare(v, operand).value_or(1) < 0; });
  }
  if (name == "$lte") {
    return any([&](const Value& v) { return compare(v, operand).value_or(1) <= 0; });
  }
  if (name == "$in" || name == "$nin") {
    bool found = false;
    for (const Value& wanted : *operand.get<Value::List>()) found = found || one_of(values, wanted);
    return found == (name == "$in");
  }
  if (name == "$exists") {
    const auto* wanted = operand.get<bool>();
    return !values.empty() == (wanted == nullptr || *wanted);
  }
  if (name == "$contains") {
    const auto* part = operand.get<std::string>();
    return part && any([&](const Value& v) {
             const auto* text = v.get<std::string>();
             return text && text->find(*part) != std::string::npos;
           });
  }
  if (name == "$regex") {
    const auto pattern = pattern_of(operand);
    return pattern && any([&](const Value& v) {
             const auto* text = v.get<std::string>();
             return text && text->size() <= kLongestSubject && std::regex_search(*text, *pattern);
           });
  }
  return false;
}

bool meets(const std::vector<Value>& values, const Value& condition) {
  const auto* members = condition.get<Value::Object>();
  if (members == nullptr) return one_of(values, condition);
  return std::all_of(members->begin(), members->end(), [&](const auto& member) {
    if (member.first == "$not") return !meets(values, member.second);
    return fits(values, member.first, member.second);
  });
}

bool matches_node(const Value& node, const Lookup& lookup) {
  const auto* members = node.get<Value::Object>();
  if (members == nullptr) return true;
  for (const auto& [name, value] : *members) {
    const auto* list = value.get<Value::List>();
    const auto each = [&](const Value& item) { return matches_node(item, lookup); };
    bool ok = true;
    if (name == "$and") {
      ok = std::all_of(list->begin(), list->end(), each);
    } else if (name == "$or") {
      ok = list->empty() || std::any_of(list->begin(), list->end(), each);
    } else if (name == "$nor") {
      ok = std::none_of(list->begin(), list->end(), each);
    } else if (name == "$not") {
      ok = !matches_node(value, lookup);
    } else {
      ok = meets(lookup(name), value);
    }
    if (!ok) return false;
  }
  return true;
}

}  // namespace

Result<DocumentFilter> DocumentFilter::parse(std::string_view json) {
  DocumentFilter out;
  if (json.empty() || json == "null") return out;
  auto root = graphql::value_from_json(json);
  if (!root) return fail(std::move(root).error().with_context("The filter is not JSON"));
  if (!root->is_null()) TREADLE_CHECK(check(*root));
  out.root_ = *std::move(root);
  return out;
}

bool DocumentFilter::matches(const Lookup& lookup) const {
  return matches_node(root_, lookup);
}

std::vector<OrderKey> parse_order(std::string_view text) {
  std::vector<OrderKey> out;
  while (!text.empty()) {
    const auto comma = text.find(',');
    std::string_view key = text.substr(0, comma);
    while (key.starts_with(' ')) key.remove_prefix(1);
    OrderKey one;
    one.descending = key.starts_with('-');
    if (key.starts_with('-') || key.starts_with('+')) key.remove_prefix(1);
    one.path = std::string(key);
    if (!one.path.empty()) out.push_back(std::move(one));
    if (comma == std::string_view::npos) break;
    text.remove_prefix(comma + 1);
  }
  return out;
}

int compare_lookups(const std::vector<OrderKey>& order, const Lookup& a, const Lookup& b) {
  for (const OrderKey& key : order) {
    const auto x = a(key.path);
    const auto y = b(key.path);
    int c = 0;
    if (x.empty() || y.empty()) {
      c = x.empty() == y.empty() ? 0 : x.empty() ? -1 : 1;
    } else {
      c = compare(x.front(), y.front()).value_or(0);
    }
    if (c != 0) return key.descending ? -c : c;
  }
  return 0;
}

}  // namespace treadle::serve
