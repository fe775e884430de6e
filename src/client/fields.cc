#include "fields.h"

#include "node.h"

namespace treadle::client {

namespace json = boost::json;

const json::value* find(const json::value& from, std::initializer_list<std::string_view> path) {
  const json::value* at = &from;
  for (const std::string_view name : path) {
    if (!at->is_object()) return nullptr;
    at = at->get_object().if_contains(name);
    if (at == nullptr || at->is_null()) return nullptr;
  }
  return at;
}

std::string text(const json::value& object, std::string_view name) {
  return Node(object)[name].text();
}

std::int64_t integer(const json::value& object, std::string_view name, std::int64_t otherwise) {
  return Node(object)[name].integer(otherwise);
}

bool flag(const json::value& object, std::string_view name) {
  return Node(object)[name].flag();
}

const json::array& list(const json::value& object, std::string_view name) {
  static const json::array kNone;
  const json::value* found = find(object, {name});
  return found != nullptr && found->is_array() ? found->get_array() : kNone;
}

Page page_of(const json::value& connection) {
  Page page;
  for (const json::value& edge : list(connection, "edges")) {
    const json::value* node = find(edge, {"node"});
    if (node == nullptr) continue;
    page.nodes.push_back(node);
    page.cursors.push_back(text(edge, "cursor"));
  }
  if (const json::value* info = find(connection, {"pageInfo"})) {
    page.more = flag(*info, "hasNextPage") && !page.nodes.empty();
  }
  return page;
}

}  // namespace treadle::client
