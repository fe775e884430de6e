#include "yaml.h"

#include <boost/json.hpp>

#include <charconv>
#include <cmath>
#include <limits>
#include <string>
#include <yaml-cpp/yaml.h>

namespace treadle::sweep {
namespace {

namespace json = boost::json;

constexpr int kDeepest = 100;

json::value plain_scalar(const std::string& text) {
  if (text.empty() || text == "~" || text == "null" || text == "Null" || text == "NULL") return {};
  if (text == "true" || text == "True" || text == "TRUE") return true;
  if (text == "false" || text == "False" || text == "FALSE") return false;
  if (text == ".inf" || text == "+.inf") return std::numeric_limits<double>::infinity();
  if (text == "-.inf") return -std::numeric_limits<double>::infinity();
  if (text == ".nan") return std::numeric_limits<double>::quiet_NaN();
  const char* begin = text.data() + (text.front() == '+' ? 1 : 0);
  const char* end = text.data() + text.size();
  std::int64_t whole = 0;
  const auto [stop, error] = std::from_chars(begin, end, whole);
  if (error == std::errc() && stop == end) return whole;
  double real = 0;
  const auto [real_stop, real_error] = std::from_chars(begin, end, real);
  // "inf" and "nan" without a dot are words.
  if (real_error == std::errc() && real_stop == end && std::isfinite(real)) return real;
  return json::value(text);
}

json::value convert(const YAML::Node& node, int depth) {
  if (depth > kDeepest) throw YAML::Exception(node.Mark(), "nested too deep");
  switch (node.Type()) {
    case YAML::NodeType::Scalar:
      // "!" = it was quoted.
      return node.Tag() == "!" ? json::value(node.Scalar()) : plain_scalar(node.Scalar());
    case YAML::NodeType::Sequence: {
      json::array out;
      for (const YAML::Node& item : node) out.push_back(convert(item, depth + 1));
      return out;
    }
    case YAML::NodeType::Map: {
      json::object out;
      for (const auto& entry : node) {
        out[entry.first.IsScalar() ? entry.first.Scalar() : YAML::Dump(entry.first)] =
            convert(entry.second, depth + 1);
      }
      return out;
    }
    default:
      return {};
  }
}

}  // namespace

Result<void> parse_yaml(std::string_view text, json::value& out) {
  try {
    out = convert(YAML::Load(std::string(text)), 0);
    return {};
  } catch (const YAML::Exception& e) {
    return fail(Errc::kInvalidArgument, std::string("The config is no YAML: ") + e.what() + ".");
  }
}

}  // namespace treadle::sweep
