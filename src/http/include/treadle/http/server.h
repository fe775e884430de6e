// The transport: listens, reads requests, has them answered on worker threads, writes answers.
// HTTP/1.1 with keep-alive, chunked bodies and gzip in both directions, over TCP or TLS.
#pragma once

#include <treadle/base/result.h>
#include <treadle/http/router.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace treadle::http {

// One exchange, for the access log and the metrics.
struct Exchange {
  const Request& request;
  int status = 0;
  std::int64_t bytes_in = 0;   // of the body, as sent
  std::int64_t bytes_out = 0;  // of the body, as sent
  std::chrono::microseconds took{0};
  std::string_view route;  // the pattern that matched, or ""
  std::string_view note;   // Response::note
};

struct ServerOptions {
  std::string host = "127.0.0.1";
  int port = 0;                 // 0 = any that is free
  std::string tls_certificate;  // PEM files; both or none
  std::string tls_key;
  int worker_threads = 16;
  int io_threads = 2;
  int max_connections = 4096;
  std::size_t header_limit = 64 << 10;  // bytes
  std::chrono::seconds header_timeout{
      20};  // from the first byte of a request to the end of its head
  std::chrono::seconds idle_timeout{180};  // between requests
  std::chrono::seconds stall_timeout{60};  // without a byte of a body moving
  std::chrono::seconds drain_timeout{20};  // stop(): how long open requests may take
  // Called on any thread after each exchange.
  std::function<void(const Exchange&)> on_exchange;
};

class Server {
 public:
  // Binds and listens; requests are answered from start() on. Errors name the address and the cure.
  static Result<std::unique_ptr<Server>> open(Router router, const ServerOptions& options);
  virtual ~Server() = default;
  virtual int port() const = 0;
  virtual void start() = 0;
  // No new connection or request is taken; open ones finish, up to the drain timeout. Returns when
  // all threads have ended. Idempotent.
  virtual void stop() = 0;
  virtual int open_connections() const = 0;
  virtual std::int64_t requests_served() const = 0;
};

}  // namespace treadle::http
