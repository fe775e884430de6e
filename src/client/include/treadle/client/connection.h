// A server that speaks W&B's protocol, seen from a client: queries, and files up and down.
//
//   TREADLE_TRY(auto address, client::find_address({.base_url = "http://127.0.0.1:8080"}));
//   TREADLE_TRY(auto server, client::Connection::open({.address = address}));
//   boost::json::value data;
//   TREADLE_CHECK(server->graphql("query Viewer{viewer{entity}}", "{}", data));
//   TREADLE_CHECK(server->perform({.url = direct_url, .to_file = path, .md5 = md5}));
#pragma once

#include <treadle/base/result.h>
#include <treadle/client/address.h>
#include <treadle/client/request.h>

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>

namespace boost::json {
class value;
}

namespace treadle::client {

struct ConnectionOptions {
  Address address;  // base_url and api_key must be set
  std::string user_agent = "treadle";
  Headers headers;  // with every request that has the key
  std::chrono::milliseconds connect_timeout{10'000};
  std::chrono::milliseconds query_timeout{30'000};  // one try of a query
  std::chrono::milliseconds patience{60'000};       // a query with all its tries
  // Before the second try; doubles up to a minute, a quarter more at random. 0 = 2 s, on loopback 0.2 s.
  std::chrono::milliseconds first_wait{0};
  int parallel = 64;  // open exchanges at most, in all
  int lanes = 2;      // threads that move bytes
};

struct QueryOptions {
  Retry retry = Retry::kQuery;
  std::chrono::milliseconds patience{0};  // 0 = the connection's
  std::stop_token stop;
};

// Thread-safe. Threads start with the first request; a forked child begins with its own.
class Connection {
 public:
  // Nothing is sent yet. kInvalidArgument, kPermissionDenied: no host or no key; says where one is set.
  static Result<std::shared_ptr<Connection>> open(ConnectionOptions options);
  virtual ~Connection() = default;
  virtual const Address& address() const = 0;

  // Runs a document with variables (a JSON object's text) and gives its `data`. Errors beside the data
  // are errors: kUnsupported when the server does not know a field. Not found is a null in the data.
  virtual Result<void> graphql(std::string_view document, std::string_view variables,
                               boost::json::value& data, const QueryOptions& options = {}) = 0;
  // Whether the server says that it has this feature ("FILESTREAM_GZIP"); asked once.
  virtual Result<bool> has_feature(std::string_view name) = 0;
  // The entity of who asks; asked once. kPermissionDenied when the server does not know the key.
  virtual Result<std::string> default_entity() = 0;

  // One exchange, waited for.
  virtual Result<Reply> perform(Request request) = 0;
  // One exchange, not waited for. `done` is called once, on a thread of the connection (or on this
  // one), and must not block.
  virtual void start(Request request, Done done) = 0;
  // Exchanges 0 .. count-1, at most `parallel` open at a time (0 = the connection's). `make` and `done` are
  // called on the calling thread, one at a time; `done` in any order. The first error cancels what is
  // open and is returned.
  virtual Result<void> perform_all(std::size_t count,
                                   const std::function<Result<Request>(std::size_t)>& make,
                                   const std::function<Result<void>(std::size_t, Reply)>& done,
                                   int parallel = 0) = 0;
};

}  // namespace treadle::client
