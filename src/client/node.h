// What a server answered, looked into: a JSON value that may not be there. What is missing or of another
// kind reads as nothing, as the protocol's many nulls want.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace boost::json {
class value;
}

namespace treadle::client {

// Borrows the value.
class Node {
 public:
  Node() = default;
  explicit Node(const boost::json::value& value) : value_(&value) {}
  // By "a" or "a.b.c".
  Node operator[](std::string_view path) const;
  // Nothing, or null.
  bool empty() const;
  std::string text() const;
  std::optional<std::string> text_if() const;
  std::int64_t integer(std::int64_t otherwise = 0) const;  // also of a text of digits
  bool flag() const;
  std::vector<Node> items() const;  // of a list
  std::vector<Node> nodes() const;  // edges[].node of a connection

 private:
  const boost::json::value* value_ = nullptr;
};

}  // namespace treadle::client
