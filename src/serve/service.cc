#include "file_stream.h"
#include "gate.h"
#include "graphql_endpoint.h"
#include "metrics.h"
#include "pages.h"
#include "storage.h"
#include "token_endpoint.h"
#include <treadle/serve/service.h>

#include <array>
#include <atomic>
#include <chrono>
#include <unistd.h>

namespace treadle::serve {
namespace {

constexpr std::size_t kLargestQuery = 64 << 20;
constexpr std::size_t kLargestStream = 32 << 20;  // clients stay below 10 MiB

std::string url_of(const http::ServerOptions& transport, int port) {
  std::string host = transport.host;
  if (host == "0.0.0.0" || host == "::" || host.empty()) {
    std::array<char, 256> name{};
    gethostname(name.data(), name.size() - 1);
    host = name.data();
  } else if (host.find(':') != std::string::npos) {
    host = "[" + host + "]";
  }
  return (transport.tls_certificate.empty() ? "http://" : "https://") + host + ":" +
         std::to_string(port);
}

// "/a/b" of "https://host/a/b/".
std::string path_prefix(const std::string& url) {
  const auto scheme = url.find("://");
  const auto slash = url.find('/', scheme == std::string::npos ? 0 : scheme + 3);
  return slash == std::string::npos ? "" : url.substr(slash);
}

class LocalService final : public Service {
 public:
  LocalService(const Parts& parts, const Options& options, std::unique_ptr<desk::Desk> desk,
               std::unique_ptr<sweep::Sweeps> sweeps)
      : desk_(std::move(desk)),
        sweeps_(std::move(sweeps)),
        backend_(parts, *desk_, *sweeps_),
        gate_(backend_),
        graphql_(backend_, gate_),
        file_stream_(backend_, gate_),
        storage_(backend_, gate_),
        tokens_(backend_, gate_),
        pages_(backend_, gate_),
        access_log_(options.access_log) {}

  Result<void> listen(const Options& options) {
    std::string base = options.base_url;
    while (base.ends_with('/')) base.pop_back();
    prefix_ = path_prefix(base);
    http::ServerOptions transport = options.transport;
    transport.on_exchange = [this](const http::Exchange& exchange) { note(exchange); };
    TREADLE_TRY(server_, http::Server::open(routes(), transport));
    backend_.parts.sweep(system_clock().now());
    backend_.base_is_given = !base.empty();
    backend_.base_url = base.empty() ? url_of(transport, server_->port()) : base;
    return {};
  }

  void start() override {
    last_ = std::chrono::steady_clock::now();
    server_->start();
  }
  void stop() override { server_->stop(); }
  const std::string& url() const override { return backend_.base_url; }
  int port() const override { return server_->port(); }
  std::int64_t idle_seconds() const override {
    if (server_->open_connections() > 0) return 0;
    const auto idle = std::chrono::steady_clock::now() - last_.load();
    return std::chrono::duration_cast<std::chrono::seconds>(idle).count();
  }

 private:
  http::Router routes() {
    http::Router router;
    const auto add = [&](http::Route route) {
      if (!prefix_.empty()) {
        http::Route prefixed = route;
        prefixed.pattern = prefix_ + route.pattern;
        router.add(std::move(prefixed));
      }
      router.add(std::move(route));
    };
    const auto ready = [this](http::Request&) {
      const auto ok = backend_.database.read([](db::Session&) -> Result<void> { return {}; });
      return ok ? http::text_response(200, "ok\n") : http::text_response(503, ok.error().message);
    };
    add({.method = "GET", .pattern = "/ready", .handler = ready});
    add({.method = "GET", .pattern = "/health", .handler = ready});
    add({.method = "GET", .pattern = "/healthz", .handler = ready});
    add({.method = "GET", .pattern = "/metrics", .handler = [this](http::Request& request) {
           // From this machine anybody may look; from others, whoever has a key.
           if (!request.loopback) {
             auto admitted = gate_.admit(request);
             if (auto* refused = std::get_if<http::Response>(&admitted)) return std::move(*refused);
           }
           return http::text_response(200, metrics_.text(*server_));
         }});
    add({.method = "POST",
         .pattern = "/graphql",
         .handler = [this](http::Request& request) { return graphql_.answer(request); },
         .body_limit = kLargestQuery});
    add({.method = "POST",
         .pattern = "/files/{entity}/{project}/{run}/file_stream",
         .handler = [this](http::Request& request) { return file_stream_.answer(request); },
         .body_limit = kLargestStream});
    add({.method = "POST", .pattern = "/oidc/token", .handler = [this](http::Request& request) {
           return tokens_.answer(request);
         }});
    add({.method = "GET",
         .pattern = "/storage/{path...}",
         .handler = [this](http::Request& request) { return storage_.get(request); }});
    add({.method = "OPTIONS",
         .pattern = "/storage/{path...}",
         .handler = [this](http::Request& request) { return storage_.options(request); }});
    const auto by_digest = [this](http::Request& request) {
      return storage_.get_by_digest(request);
    };
    for (const char* pattern :
         {"/artifactsV2/{region}/{entity}/{project}/{collection}/{birth}/{md5}/{name}",
          "/artifactsV2/{region}/{entity}/{project}/{collection}/{artifact}/{birth}/{md5}/"
          "{name}"}) {
      add({.method = "GET", .pattern = pattern, .handler = by_digest});
    }
    add({.method = "GET",
         .pattern = "/artifacts/{entity}/{md5}",
         .handler = [this](http::Request& request) { return storage_.get_by_digest_v1(request); }});
    add({.method = "PUT",
         .pattern = "/storage/{path...}",
         .open_sink = [this](const http::Request& request) { return storage_.open_put(request); }});
    add({.method = "PUT",
         .pattern = "/contents/{entity}/{project}",
         .open_sink = [this](const http::Request& request) {
           return storage_.open_ahead(request);
         }});
    pages_.add_routes(add);
    return router;
  }

  void note(const http::Exchange& exchange) {
    last_ = std::chrono::steady_clock::now();
    metrics_.count(exchange);
    if (access_log_) access_log_(access_line(exchange));
  }

  const std::unique_ptr<desk::Desk> desk_;
  const std::unique_ptr<sweep::Sweeps> sweeps_;
  Backend backend_;
  Gate gate_;
  GraphqlEndpoint graphql_;
  FileStream file_stream_;
  Storage storage_;
  TokenEndpoint tokens_;
  Pages pages_;
  Metrics metrics_;
  std::function<void(const std::string&)> access_log_;
  std::string prefix_;
  std::atomic<std::chrono::steady_clock::time_point> last_{};
  std::unique_ptr<http::Server> server_;
};

}  // namespace

Result<std::unique_ptr<Service>> Service::open(const Parts& parts, const Options& options) {
  TREADLE_TRY(auto desk, desk::Desk::open(parts.database));
  TREADLE_TRY(auto sweeps, sweep::Sweeps::open(parts.database));
  auto service = std::make_unique<LocalService>(parts, options, std::move(desk), std::move(sweeps));
  TREADLE_CHECK(service->listen(options));
  return service;
}

}  // namespace treadle::serve
