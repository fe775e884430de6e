#include "node.h"

#include <boost/json.hpp>

#include <charconv>

namespace treadle::client {

Node Node::operator[](std::string_view path) const {
  Node at = *this;
  while (at.value_ != nullptr && !path.empty()) {
    const auto dot = path.find('.');
    const auto* object = at.value_->if_object();
    at.value_ = object == nullptr ? nullptr : object->if_contains(path.substr(0, dot));
    path = dot == std::string_view::npos ? std::string_view() : path.substr(dot + 1);
  }
  return at;
}

bool Node::empty() const {
  return value_ == nullptr || value_->is_null();
}

std::optional<std::string> Node::text_if() const {
  const auto* text = value_ == nullptr ? nullptr : value_->if_string();
  if (text == nullptr) return std::nullopt;
  return std::string(text->data(), text->size());
}

std::string Node::text() const {
  return text_if().value_or("");
}

std::int64_t Node::integer(std::int64_t otherwise) const {
  if (value_ == nullptr) return otherwise;
  if (value_->is_int64()) return value_->get_int64();
  if (value_->is_uint64()) return static_cast<std::int64_t>(value_->get_uint64());
  if (value_->is_double()) {
    const double number = value_->get_double();
    const bool fits = number > -9.2e18 && number < 9.2e18;  // what a server says may be anything
    return fits ? static_cast<std::int64_t>(number) : otherwise;
  }
  const std::string digits = text();
  std::int64_t number = otherwise;
  std::from_chars(digits.data(), digits.data() + digits.size(), number);
  return number;
}

bool Node::flag() const {
  return value_ != nullptr && value_->is_bool() && value_->get_bool();
}

std::vector<Node> Node::items() const {
  std::vector<Node> out;
  const auto* list = value_ == nullptr ? nullptr : value_->if_array();
  if (list == nullptr) return out;
  out.reserve(list->size());
  for (const auto& item : *list) out.emplace_back(item);
  return out;
}

std::vector<Node> Node::nodes() const {
  std::vector<Node> out;
  for (const Node& edge : (*this)["edges"].items()) {
    if (const Node node = edge["node"]; !node.empty()) out.push_back(node);
  }
  return out;
}

}  // namespace treadle::client
