// Private to the room: lists in pages, as Relay's connections.
#pragma once

#include <treadle/graphql/schema.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace treadle::serve {

struct Edge {
  graphql::Output node;
  std::string cursor;
  std::string version;  // of an artifact in its collection
};
struct Connection {
  std::vector<Edge> edges;
  bool more = false;
  std::int64_t total = 0;
};

// Defines <node>Connection and <node>Edge. `also`: more fields of the edge or connection are extended
// by whoever needs them.
void define_connection(graphql::Schema& schema, std::string_view node);
// PageInfo, once.
void define_pages(graphql::Schema& schema);
graphql::Node connection_node(std::string_view type, Connection connection);

// From where to where `first` and `after` lead in a list of `total`; at most 10,000 at once.
struct Span {
  std::int64_t begin = 0;
  std::int64_t end = 0;
};
Span page_span(const graphql::Arguments& args, std::int64_t total, std::int64_t otherwise = 50);
std::string offset_cursor(std::int64_t offset);

// A page of what is in memory. `make`: item → Output.
template <class T, class Make>
Connection page(const graphql::Arguments& args, const std::vector<T>& items, const Make& make,
                std::int64_t otherwise = 50) {
  const auto total = static_cast<std::int64_t>(items.size());
  const Span span = page_span(args, total, otherwise);
  Connection out;
  out.total = total;
  out.more = span.end < total;
  for (std::int64_t i = span.begin; i < span.end; ++i) {
    out.edges.push_back({make(items[static_cast<std::size_t>(i)]), offset_cursor(i + 1), {}});
  }
  return out;
}

}  // namespace treadle::serve
