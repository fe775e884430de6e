#include "filter.h"

#include <treadle/base/json_parse.h>
#include <treadle/base/suggest.h>

#include <boost/json.hpp>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <map>
#include <regex>

namespace treadle::tracking {
namespace {

using boost::json::value;

constexpr std::size_t kLongestPattern = 300;
constexpr std::size_t kLongestSubject = 4'000;
constexpr int kDeepest = 64;

tl::unexpected<Error> wrong(std::string message) {
  return fail(Errc::kInvalidArgument, "The filter of runs: " + std::move(message));
}

std::string text_of(boost::json::string_view text) {
  return {text.data(), text.size()};
}

// 0 missing or null, 1 numbers, 2 strings, ...
int rank(const value* v) {
  if (v == nullptr || v->is_null()) return 0;
  if (v->is_number()) return 1;
  if (v->is_string()) return 2;
  if (v->is_object()) return 3;
  if (v->is_array()) return 4;
  return 5;
}

bool equal(const value* v, const value& wanted) {
  if (v == nullptr) return wanted.is_null();
  if (v->is_array() && !wanted.is_array()) {
    return std::any_of(v->get_array().begin(), v->get_array().end(),
                       [&](const value& item) { return equal(&item, wanted); });
  }
  if (rank(v) != rank(&wanted)) return false;
  if (v->is_number()) return compare_values(v, &wanted) == 0;
  return *v == wanted;
}

bool compare(const value* v, const value& bound, const std::function<bool(int)>& accept) {
  if (v == nullptr) return false;
  if (v->is_array() && !bound.is_array()) {
    return std::any_of(v->get_array().begin(), v->get_array().end(),
                       [&](const value& item) { return compare(&item, bound, accept); });
  }
  if (rank(v) != rank(&bound)) return false;
  if (v->is_number() &&
      (std::isnan(v->to_number<double>()) || std::isnan(bound.to_number<double>()))) {
    return false;
  }
  return accept(compare_values(v, &bound));
}

}  // namespace

int compare_values(const value* a, const value* b) {
  const int left = rank(a), right = rank(b);
  if (left != right) return left < right ? -1 : 1;
  switch (left) {
    case 1: {
      if (a->is_int64() && b->is_int64()) {
        return a->get_int64() < b->get_int64() ? -1 : a->get_int64() > b->get_int64() ? 1 : 0;
      }
      const auto x = a->to_number<double>(), y = b->to_number<double>();
      if (std::isnan(x) || std::isnan(y))
        return static_cast<int>(!std::isnan(x)) - static_cast<int>(!std::isnan(y));
      return x < y ? -1 : x > y ? 1 : 0;
    }
    case 2:
      return a->get_string().compare(b->get_string());
    case 5:
      return static_cast<int>(a->get_bool()) - static_cast<int>(b->get_bool());
    case 0:
      return 0;
    default: {
      const std::string x = json_value_text(*a), y = json_value_text(*b);
      return x.compare(y);
    }
  }
}

struct Filter::Node {
  enum class Op {
    kAnd,
    kOr,
    kNot,
    kEqual,
    kIn,
    kGreater,
    kGreaterEqual,
    kLess,
    kLessEqual,
    kRegex,
    kExists
  };
  Op op = Op::kAnd;
  std::vector<std::unique_ptr<Node>> children;
  std::size_t field = 0;
  value operand;
  std::regex pattern;

  bool matches(const FieldValue& get) const {
    switch (op) {
      case Op::kAnd:
        return std::all_of(children.begin(), children.end(),
                           [&](const auto& child) { return child->matches(get); });
      case Op::kOr:
        return std::any_of(children.begin(), children.end(),
                           [&](const auto& child) { return child->matches(get); });
      case Op::kNot:
        return !children.front()->matches(get);
      case Op::kEqual:
        return equal(get(field), operand);
      case Op::kIn:
        return std::any_of(operand.get_array().begin(), operand.get_array().end(),
                           [&](const value& item) { return equal(get(field), item); });
      case Op::kGreater:
        return compare(get(field), operand, [](int c) { return c > 0; });
      case Op::kGreaterEqual:
        return compare(get(field), operand, [](int c) { return c >= 0; });
      case Op::kLess:
        return compare(get(field), operand, [](int c) { return c < 0; });
      case Op::kLessEqual:
        return compare(get(field), operand, [](int c) { return c <= 0; });
      case Op::kExists:
        return (get(field) != nullptr) == operand.get_bool();
      case Op::kRegex:
        return matches_pattern(get(field));
    }
    return false;
  }

  bool matches_pattern(const value* v) const {
    if (v == nullptr) return false;
    if (v->is_array()) {
      return std::any_of(v->get_array().begin(), v->get_array().end(),
                         [&](const value& item) { return matches_pattern(&item); });
    }
    if (!v->is_string() || v->get_string().size() > kLongestSubject) return false;
    return std::regex_search(v->get_string().begin(), v->get_string().end(), pattern);
  }
};

namespace {

using Node = Filter::Node;
using NodePtr = std::unique_ptr<Node>;

class Parser {
 public:
  explicit Parser(std::vector<Field>& fields) : fields_(fields) {}

  Result<NodePtr> document(const value& v, int depth) {
    if (depth > kDeepest) return wrong("it is nested too deeply.");
    if (!v.is_object()) return wrong("a JSON object is wanted, not " + json_value_text(v) + ".");
    auto all = std::make_unique<Node>();
    for (const auto& [key, operand] : v.get_object()) {
      TREADLE_TRY(NodePtr child, member(text_of(key), operand, depth));
      all->children.push_back(std::move(child));
    }
    return all;
  }

 private:
  Result<NodePtr> member(const std::string& key, const value& operand, int depth) {
    if (key == "$and" || key == "$or" || key == "$nor") {
      if (!operand.is_array()) return wrong(key + " wants a list of filters.");
      auto node = std::make_unique<Node>();
      node->op = key == "$and" ? Node::Op::kAnd : Node::Op::kOr;
      for (const value& item : operand.get_array()) {
        TREADLE_TRY(NodePtr child, document(item, depth + 1));
        node->children.push_back(std::move(child));
      }
      return key == "$nor" ? negate(std::move(node)) : std::move(node);
    }
    if (key == "$not") {
      TREADLE_TRY(NodePtr child, document(operand, depth + 1));
      return negate(std::move(child));
    }
    if (key.starts_with("$")) return unknown(key);
    TREADLE_TRY(const std::size_t field, field_index(key));
    return condition(key, field, operand, depth);
  }

  static NodePtr negate(NodePtr child) {
    auto node = std::make_unique<Node>();
    node->op = Node::Op::kNot;
    node->children.push_back(std::move(child));
    return node;
  }

  // A literal, or an object of operators.
  Result<NodePtr> condition(const std::string& path, std::size_t field, const value& operand,
                            int depth) {
    if (depth > kDeepest) return wrong("it is nested too deeply.");
    const bool operators = operand.is_object() && !operand.get_object().empty() &&
                           operand.get_object().begin()->key().starts_with("$");
    if (!operators) return leaf(Node::Op::kEqual, path, field, operand);
    auto all = std::make_unique<Node>();
    for (const auto& [key, inner] : operand.get_object()) {
      const std::string name = text_of(key);
      if (name == "$options") continue;
      TREADLE_TRY(NodePtr child, operation(name, path, field, inner, operand.get_object(), depth));
      all->children.push_back(std::move(child));
    }
    return all;
  }

  Result<NodePtr> operation(const std::string& name, const std::string& path, std::size_t field,
                            const value& operand, const boost::json::object& beside, int depth) {
    static const std::map<std::string, Node::Op, std::less<>> kCompare = {
        {"$eq", Node::Op::kEqual},
        {"$gt", Node::Op::kGreater},
        {"$gte", Node::Op::kGreaterEqual},
        {"$lt", Node::Op::kLess},
        {"$lte", Node::Op::kLessEqual}};
    if (const auto it = kCompare.find(name); it != kCompare.end()) {
      return leaf(it->second, path, field, operand);
    }
    if (name == "$ne") {
      TREADLE_TRY(NodePtr child, leaf(Node::Op::kEqual, path, field, operand));
      return negate(std::move(child));
    }
    if (name == "$in" || name == "$nin") {
      if (!operand.is_array()) return wrong(name + " of '" + path + "' wants a list.");
      TREADLE_TRY(NodePtr child, leaf(Node::Op::kIn, path, field, operand));
      return name == "$in" ? std::move(child) : negate(std::move(child));
    }
    if (name == "$not") {
      TREADLE_TRY(NodePtr child, condition(path, field, operand, depth + 1));
      return negate(std::move(child));
    }
    if (name == "$exists") {
      auto node = std::make_unique<Node>();
      node->op = Node::Op::kExists;
      node->field = field;
      node->operand = operand.is_bool()    ? operand.get_bool()
                      : operand.is_int64() ? operand.get_int64() != 0
                                           : !operand.is_null();
      return node;
    }
    if (name == "$regex") return regex(path, field, operand, beside);
    return unknown(name);
  }

  Result<NodePtr> regex(const std::string& path, std::size_t field, const value& operand,
                        const boost::json::object& beside) {
    if (!operand.is_string() || operand.get_string().size() > kLongestPattern) {
      return wrong("$regex of '" + path + "' wants a pattern of at most 300 characters.");
    }
    auto node = std::make_unique<Node>();
    node->op = Node::Op::kRegex;
    node->field = field;
    std::string pattern = text_of(operand.get_string());
    // Time grows with the subject's length, whatever the pattern: no pattern can stop a server.
    auto flags = std::regex::ECMAScript | std::regex_constants::__polynomial;
    const auto* options = beside.if_contains("$options");
    const bool inline_flag = pattern.starts_with("(?i)");
    if (inline_flag) pattern.erase(0, 4);
    if (inline_flag || (options != nullptr && options->is_string() &&
                        text_of(options->get_string()).find('i') != std::string::npos)) {
      flags |= std::regex::icase;
    }
    try {
      node->pattern.assign(pattern, flags);
    } catch (const std::regex_error& error) {
      return wrong("the pattern '" + pattern + "' of '" + path +
                   "' is no regular expression: " + error.what() + ".");
    }
    return node;
  }

  Result<NodePtr> leaf(Node::Op op, const std::string& path, std::size_t field,
                       const value& operand) {
    auto node = std::make_unique<Node>();
    node->op = op;
    node->field = field;
    node->operand = operand;
    if (fields_[field].kind != Field::Kind::kTime) return node;
    if (node->operand.is_array()) {
      for (value& item : node->operand.get_array()) TREADLE_CHECK(as_time(path, item));
    } else {
      TREADLE_CHECK(as_time(path, node->operand));
    }
    return node;
  }

  static Result<void> as_time(const std::string& path, value& operand) {
    if (operand.is_number()) {
      const auto seconds = operand.to_number<double>();
      operand = static_cast<std::int64_t>(seconds * (std::abs(seconds) < 1e11 ? 1e6 : 1e3));
    } else if (operand.is_string()) {
      const auto time = parse_time(text_of(operand.get_string()));
      if (!time) {
        return wrong("'" + text_of(operand.get_string()) + "', compared with '" + path +
                     "', is no time. Write it as 2026-01-31T12:00:00.");
      }
      operand = *time;
    }
    return {};
  }

  Result<std::size_t> field_index(const std::string& path) {
    TREADLE_TRY(Field field, field_of(path));
    const auto it = std::find(fields_.begin(), fields_.end(), field);
    if (it != fields_.end()) return static_cast<std::size_t>(it - fields_.begin());
    fields_.push_back(std::move(field));
    return fields_.size() - 1;
  }

  static tl::unexpected<Error> unknown(const std::string& name) {
    static const std::vector<std::string> kNames = {"$and", "$or",  "$nor",   "$not",   "$eq",
                                                    "$ne",  "$gt",  "$gte",   "$lt",    "$lte",
                                                    "$in",  "$nin", "$regex", "$exists"};
    std::string message = "there is no operator '" + name + "'." + did_you_mean(name, kNames);
    return wrong(message +
                 " There are $and $or $nor $not $eq $ne $gt $gte $lt $lte $in $nin $regex "
                 "$exists.");
  }

  std::vector<Field>& fields_;
};

}  // namespace

Filter::Filter() = default;
Filter::Filter(Filter&&) noexcept = default;
Filter& Filter::operator=(Filter&&) noexcept = default;
Filter::~Filter() = default;

Result<Filter> Filter::parse(std::string_view json) {
  Filter filter;
  value document;
  if (!json.empty()) {
    if (auto parsed = parse_json_value(json, document); !parsed) {
      return wrong(std::move(parsed).error().message);
    }
  }
  if (document.is_null()) document.emplace_object();
  Parser parser(filter.fields_);
  TREADLE_TRY(filter.root_, parser.document(document, 0));
  return filter;
}

bool Filter::matches_all() const {
  return root_->children.empty();
}
const std::vector<Field>& Filter::fields() const {
  return fields_;
}
bool Filter::matches(const FieldValue& value) const {
  return root_->matches(value);
}

}  // namespace treadle::tracking
