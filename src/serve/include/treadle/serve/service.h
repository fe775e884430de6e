// W&B's server protocol over a home: what WANDB_BASE_URL points to.
//
//   TREADLE_TRY(auto service, serve::Service::open(parts, {.base_url = "http://127.0.0.1:8080"}));
//   service->start();  ...  service->stop();
#pragma once

#include <treadle/base/result.h>
#include <treadle/http/server.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace treadle::db {
class Database;
}
namespace treadle::account {
class Accounts;
class Identities;
}  // namespace treadle::account
namespace treadle::artifact {
class Store;
}
namespace treadle::tracking {
class Store;
}

namespace treadle::serve {

// What a service stands on; all of it must outlive it.
struct Parts {
  db::Database& database;
  account::Accounts& accounts;
  account::Identities& identities;
  artifact::Store& artifacts;
  tracking::Store& runs;
  std::string secret;  // the home's key: signs URLs
  std::string folder;  // the home's: uploads on their way lie below it
  std::string version;
};

struct Options {
  http::ServerOptions transport;
  std::string base_url;  // what clients reach it by; "" = made from host and port
  // One JSON line per request, on any thread. Empty: none.
  std::function<void(const std::string& line)> access_log;
};

class Service {
 public:
  // Listens; answers from start() on.
  static Result<std::unique_ptr<Service>> open(const Parts& parts, const Options& options);
  virtual ~Service() = default;
  virtual void start() = 0;
  // Open requests finish first.
  virtual void stop() = 0;
  virtual const std::string& url() const = 0;
  virtual int port() const = 0;
  // Seconds since somebody asked for anything: an on-demand server ends when it is idle.
  virtual std::int64_t idle_seconds() const = 0;
};

}  // namespace treadle::serve
