// W&B's server over a home, made of its parts: what `treadle server` runs.
#pragma once

#include <treadle/app/home.h>
#include <treadle/base/result.h>

#include <cstdint>
#include <memory>
#include <string>

namespace treadle::account {
class Accounts;
class Identities;
}  // namespace treadle::account

namespace treadle::app {

// The accounts of a home; a server that runs on it sees what changes.
Result<std::unique_ptr<account::Accounts>> open_accounts(Home& home);
// The issuers of identity tokens that it trusts; their keys are fetched over the network.
std::unique_ptr<account::Identities> open_identities(Home& home, account::Accounts& accounts);

struct ServerOptions {
  std::string host = "127.0.0.1";
  int port = 8080;  // 0 = any that is free
  std::string base_url;
  std::string tls_certificate;
  std::string tls_key;
  // Where the access log goes: a file, "-" = stdout, "none", "" = logs/access.jsonl in the home.
  std::string access_log;
};

class Server {
 public:
  // Listens already, answers from start() on. The home must outlive it.
  static Result<std::unique_ptr<Server>> open(Home& home, const ServerOptions& options);
  virtual ~Server() = default;
  virtual void start() = 0;
  // Open requests finish first.
  virtual void stop() = 0;
  virtual const std::string& url() const = 0;
  virtual int port() const = 0;
  virtual std::int64_t idle_seconds() const = 0;
  // The name and key of the admin who was made because there was no user yet; "" = there was one.
  virtual const std::string& new_admin() const = 0;
  virtual const std::string& new_key() const = 0;
  // The key by which programs of this home's owner reach it.
  virtual Result<std::string> local_key() = 0;
};

}  // namespace treadle::app
