#include <treadle/account/accounts.h>
#include <treadle/account/identity.h>
#include <treadle/app/server.h>
#include <treadle/artifact/store.h>
#include <treadle/base/files.h>
#include <treadle/client/fetch.h>
#include <treadle/db/tune.h>
#include <treadle/serve/service.h>
#include <treadle/tracking/store.h>

#include <mutex>
#include <unistd.h>

namespace treadle::app {
namespace {

// Lines of several threads, each whole.
class LineLog {
 public:
  static Result<std::unique_ptr<LineLog>> open(const std::string& path) {
    auto log = std::make_unique<LineLog>();
    if (path == "-") {
      log->file_ = OpenFile(dup(STDOUT_FILENO));
      return log;
    }
    Files& files = real_files();
    TREADLE_CHECK(files.make_folders(parent_path(absolute_path(path))));
    auto file = files.open_append(path);
    if (!file) return fail(std::move(file).error().with_context("cannot write the access log"));
    log->file_ = *std::move(file);
    return log;
  }
  void write(const std::string& line) {
    const std::lock_guard lock(mutex_);
    (void)real_files().write(file_, line + "\n");  // a full disk stops the log, not the server
  }

 private:
  std::mutex mutex_;
  OpenFile file_;
};

class HomeServer final : public Server {
 public:
  Result<void> open(Home& home, const ServerOptions& options) {
    db::tune_for_many_writes(home.database());
    TREADLE_TRY(accounts_, open_accounts(home));
    TREADLE_TRY(const auto made, accounts_->ensure_admin());
    if (made) {
      TREADLE_TRY(const auto user, accounts_->find_user(made->key.user_id));
      new_admin_ = user ? user->name : "";
      new_key_ = made->text;
    }
    TREADLE_CHECK(adopt_entities(home));
    serve::Options serve_options;
    serve_options.base_url = options.base_url;
    serve_options.transport.host = options.host;
    serve_options.transport.port = options.port;
    serve_options.transport.tls_certificate = options.tls_certificate;
    serve_options.transport.tls_key = options.tls_key;
    if (options.access_log != "none") {
      TREADLE_TRY(log_, LineLog::open(options.access_log.empty()
                                          ? join_path(home.logs_folder(), "access.jsonl")
                                          : options.access_log));
      serve_options.access_log = [log = log_.get()](const std::string& line) { log->write(line); };
    }
    identities_ = open_identities(home, *accounts_);
    const serve::Parts parts{home.database(), *accounts_,         *identities_, home.store(),
                             home.tracking(), home.signing_key(), home.path(),  TREADLE_VERSION};
    TREADLE_TRY(service_, serve::Service::open(parts, serve_options));
    return {};
  }

  void start() override { service_->start(); }
  void stop() override { service_->stop(); }
  const std::string& url() const override { return service_->url(); }
  int port() const override { return service_->port(); }
  std::int64_t idle_seconds() const override { return service_->idle_seconds(); }
  const std::string& new_admin() const override { return new_admin_; }
  const std::string& new_key() const override { return new_key_; }
  Result<std::string> local_key() override { return accounts_->local_key(); }

 private:
  // What was kept before there were users belongs to the first admin.
  Result<void> adopt_entities(Home& home) {
    TREADLE_TRY(const auto projects, home.tracking().projects());
    for (const tracking::Project& project : projects) {
      TREADLE_CHECK(accounts_->adopt(project.entity));
    }
    TREADLE_TRY(const auto collections, home.store().collections());
    for (const artifact::Collection& collection : collections) {
      TREADLE_CHECK(accounts_->adopt(collection.entity));
    }
    return {};
  }

  std::unique_ptr<account::Accounts> accounts_;
  std::unique_ptr<account::Identities> identities_;
  std::unique_ptr<LineLog> log_;
  std::unique_ptr<serve::Service> service_;
  std::string new_admin_;
  std::string new_key_;
};

}  // namespace

Result<std::unique_ptr<account::Accounts>> open_accounts(Home& home) {
  return account::Accounts::open(home.database(), home.signing_key());
}

std::unique_ptr<account::Identities> open_identities(Home& home, account::Accounts& accounts) {
  return std::make_unique<account::Identities>(
      home.database(), accounts, home.signing_key(),
      [](const std::string& url) { return client::fetch_text(url); });
}

Result<std::unique_ptr<Server>> Server::open(Home& home, const ServerOptions& options) {
  auto server = std::make_unique<HomeServer>();
  TREADLE_CHECK(server->open(home, options));
  return server;
}

}  // namespace treadle::app
