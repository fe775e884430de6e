#include "connection.h"

#include "ids.h"

namespace treadle::serve {
namespace {

constexpr std::int64_t kLargestPage = 10'000;

struct PageInfo {
  std::string end;
  bool more = false;
};

}  // namespace

using graphql::Call;
using graphql::Output;

void define_pages(graphql::Schema& schema) {
  schema.define(
      "type PageInfo { endCursor: String hasNextPage: Boolean! hasPreviousPage: Boolean! "
      "startCursor: String }");
  schema.resolve<PageInfo>(
      "PageInfo",
      {{"endCursor",
        [](const PageInfo& p, const Call&) { return p.end.empty() ? Output() : Output(p.end); }},
       {"hasNextPage", [](const PageInfo& p, const Call&) { return p.more; }},
       {"hasPreviousPage", [](const PageInfo&, const Call&) { return false; }},
       {"startCursor", [](const PageInfo&, const Call&) { return nullptr; }}});
}

void define_connection(graphql::Schema& schema, std::string_view node) {
  const std::string name(node);
  schema.define("type " + name + "Connection { edges: [" + name +
                "Edge!]! pageInfo: PageInfo! totalCount: Int! } type " + name +
                "Edge { node: " + name + " cursor: String! }");
  // The schema keeps the name of the edge's type for as long as the program runs.
  static std::vector<std::unique_ptr<const std::string>> names;
  names.push_back(std::make_unique<const std::string>(name + "Edge"));
  const std::string_view edge_type = *names.back();
  schema.resolve<Connection>(
      name + "Connection",
      {{"edges",
        [edge_type](const Connection& c, const Call&) -> Result<Output> {
          graphql::Outputs edges;
          edges.reserve(c.edges.size());
          for (const Edge& edge : c.edges) edges.push_back(graphql::node(edge_type, edge));
          return edges;
        }},
       {"pageInfo",
        [](const Connection& c, const Call&) -> Result<Output> {
          return graphql::node(
              "PageInfo",
              PageInfo{c.edges.empty() ? std::string() : c.edges.back().cursor, c.more});
        }},
       {"totalCount", [](const Connection& c, const Call&) { return c.total; }}});
  schema.resolve<Edge>(name + "Edge",
                       {{"node", [](const Edge& e, const Call&) { return e.node; }},
                        {"cursor", [](const Edge& e, const Call&) { return e.cursor; }}});
}

graphql::Node connection_node(std::string_view type, Connection connection) {
  return graphql::node(type, std::move(connection));
}

std::string offset_cursor(std::int64_t offset) {
  return make_id("cursor", offset);
}

Span page_span(const graphql::Arguments& args, std::int64_t total, std::int64_t otherwise) {
  const std::int64_t first =
      std::clamp<std::int64_t>(args.integer("first", otherwise), 0, kLargestPage);
  const std::int64_t begin =
      std::clamp<std::int64_t>(number_of(args.text("after"), "cursor").value_or(0), 0, total);
  return {begin, std::min(total, begin + first)};
}

}  // namespace treadle::serve
