// Node (node.h) for code that holds the JSON itself: absent, null and of another type are alike.
#pragma once

#include <boost/json.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace treadle::client {

// null when a part of the path is missing: find(data, {"project", "run"}).
const boost::json::value* find(const boost::json::value& from,
                               std::initializer_list<std::string_view> path);
std::string text(const boost::json::value& object, std::string_view name);
// Also of a number written as text.
std::int64_t integer(const boost::json::value& object, std::string_view name,
                     std::int64_t otherwise = 0);
bool flag(const boost::json::value& object, std::string_view name);
const boost::json::array& list(const boost::json::value& object, std::string_view name);
// The nodes of {"edges":[{"node":...}]}, and where the next page begins ("" = there is none). W&B's
// runs and files go on after the last edge's cursor.
struct Page {
  std::vector<const boost::json::value*> nodes;
  std::vector<std::string> cursors;
  bool more = false;
};
Page page_of(const boost::json::value& connection);

}  // namespace treadle::client
