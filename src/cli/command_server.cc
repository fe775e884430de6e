#include "commands.h"
#include "session.h"
#include <treadle/app/server.h>
#include <treadle/base/files.h>
#include <treadle/base/json.h>

#include <fmt/format.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <poll.h>
#include <sys/file.h>
#include <unistd.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif

namespace treadle::cli {
namespace {

struct ServerCommandOptions {
  app::ServerOptions server;
  int idle_exit = 0;
  bool on_demand = false;
};

// The one server that programs of a home share. Its lock is held as long as it lives; server.json, for
// the owner's eyes only, says how to reach it.
class SharedServer {
 public:
  explicit SharedServer(const std::string& home)
      : lock_path_(join_path(home, "server.lock")), file_path_(join_path(home, "server.json")) {}
  ~SharedServer() {
    if (!written_) return;
    (void)real_files().remove(file_path_);
  }
  SharedServer(const SharedServer&) = delete;

  // False: another process serves the home already.
  Result<bool> take() {
    TREADLE_TRY(lock_, real_files().open_append(lock_path_));
    if (flock(lock_.fd(), LOCK_EX | LOCK_NB) == 0) return true;
    if (errno == EWOULDBLOCK) return false;
    return treadle::fail(errno_error("cannot lock '" + lock_path_ + "'", errno));
  }
  Result<std::string> other() {
    // It is written a moment after the lock is taken.
    for (int i = 0; i < 100; ++i) {
      auto text = read_file(real_files(), file_path_);
      if (text || text.error().code != Errc::kNotFound) return text;
      usleep(20'000);
    }
    return treadle::fail(Errc::kBusy, "Another server of this home does not come up.");
  }
  Result<void> announce(const std::string& json) {
    written_ = true;
    return write_file_atomic(real_files(), file_path_, json, false, 0600);
  }

 private:
  const std::string lock_path_;
  const std::string file_path_;
  OpenFile lock_;
  bool written_ = false;
};

int wake_pipe[2] = {-1, -1};

void on_signal(int) {
  const char byte = 1;
  [[maybe_unused]] const auto written = ::write(wake_pipe[1], &byte, 1);
}

// What large requests took goes back to the machine when they are done, and the rest now and then: glibc would
// keep the most that each thread ever needed.
void keep_memory_low() {
#ifdef __GLIBC__
  mallopt(M_MMAP_THRESHOLD, 1 << 20);
  mallopt(M_TRIM_THRESHOLD, 4 << 20);
#endif
}
void give_back_memory() {
#ifdef __GLIBC__
  malloc_trim(0);
#endif
}

// Returns when SIGINT or SIGTERM came, or the server has been idle for so long.
void wait_for_end(const app::Server& server, int idle_exit) {
  constexpr std::int64_t kGiveBack = 10;  // seconds
  pollfd ready{wake_pipe[0], POLLIN, 0};
  for (std::int64_t second = 1;; ++second) {
    if (poll(&ready, 1, 1000) > 0) return;
    const std::int64_t idle = server.idle_seconds();
    if (idle_exit > 0 && idle >= idle_exit) return;
    if (second % kGiveBack == 0 && idle < 2 * kGiveBack) give_back_memory();
  }
}

int run_server(Session& session, const ServerCommandOptions& options) {
  keep_memory_low();
  auto home = session.open_home_to_serve();
  if (!home) return session.fail(home.error());
  SharedServer shared((*home)->path());
  if (options.on_demand) {
    const auto taken = shared.take();
    if (!taken) return session.fail(taken.error());
    if (!*taken) {
      const auto other = shared.other();
      if (!other) return session.fail(other.error());
      session.write_out(*other + "\n");
      return kExitOk;
    }
  }
  auto server = app::Server::open(**home, options.server);
  if (!server) return session.fail(server.error());
  if (pipe(wake_pipe) != 0) return session.fail(errno_error("cannot make a pipe", errno));
  struct sigaction action{};
  action.sa_handler = on_signal;
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
  std::signal(SIGPIPE, SIG_IGN);

  const app::Server& running = **server;
  (*server)->start();
  if (options.on_demand) {
    const auto key = (*server)->local_key();
    if (!key) return session.fail(key.error());
    JsonWriter w;
    w.begin_object().field("url", running.url()).field("key", *key).field("pid", getpid());
    w.end_object();
    if (auto ok = shared.announce(w.str()); !ok) return session.fail(ok.error());
    session.write_out(w.str() + "\n");
    session.release_stdout();
    wait_for_end(running, options.idle_exit);
    (*server)->stop();
    return kExitOk;
  }
  if (!running.new_key().empty()) {
    session.print(fmt::format(
        "An admin was made: user '{}'. This is the API key, shown only now:\n\n  {}\n\n",
        running.new_admin(), running.new_key()));
  }
  session.print(fmt::format("Treadle serves {} at {}\n", (*home)->path(), running.url()));
  session.print(fmt::format("Use it: WANDB_BASE_URL={} wandb login\n", running.url()));
  if (session.json()) {
    JsonWriter w;
    w.begin_object().field("url", running.url()).field("port", running.port());
    w.field("home", (*home)->path()).field("pid", getpid());
    if (!running.new_key().empty()) w.field("api_key", running.new_key());
    w.end_object();
    session.print_json(w.str());
  }
  std::fflush(stdout);
  wait_for_end(running, options.idle_exit);
  session.note("Stopping: open requests are finished first.\n");
  (*server)->stop();
  return kExitOk;
}

}  // namespace

CommandSpec server_command() {
  auto o = std::make_shared<ServerCommandOptions>();
  CommandSpec command;
  command.name = "server";
  command.summary = "Serve this home to the W&B SDK and to other people";
  command.details =
      "The unmodified wandb SDK works against it: set WANDB_BASE_URL and an API key. At the first "
      "start an admin is made, whose key is shown once. SIGTERM and Ctrl-C let open requests "
      "finish.";
  command.options = {
      {.names = "--host",
       .value = "ADDRESS",
       .help = "Where to listen; 0.0.0.0 for other machines",
       .target = &o->server.host},
      {.names = "--port", .value = "N", .help = "0 = any that is free", .target = &o->server.port},
      {.names = "--base-url",
       .value = "URL",
       .help = "What clients reach the server by, when it is behind a proxy",
       .target = &o->server.base_url},
      {.names = "--tls-cert",
       .value = "FILE",
       .help = "Certificate chain, PEM",
       .target = &o->server.tls_certificate,
       .kind = WordKind::kFile},
      {.names = "--tls-key",
       .value = "FILE",
       .help = "Its key, PEM",
       .target = &o->server.tls_key,
       .kind = WordKind::kFile},
      {.names = "--access-log",
       .value = "FILE",
       .help =
           "One JSON line a request; '-' for stdout, 'none'; else logs/access.jsonl in the home",
       .target = &o->server.access_log,
       .kind = WordKind::kFile},
      {.names = "--idle-exit",
       .value = "SECONDS",
       .help = "End when nobody asked for anything for so long",
       .target = &o->idle_exit,
       .hidden = true},
      {.names = "--on-demand",
       .value = "",
       .help = "The one server that programs of this home share",
       .target = &o->on_demand,
       .hidden = true},
  };
  command.examples = {
      {"server", "on this machine only, port 8080"},
      {"server --host 0.0.0.0 --tls-cert cert.pem --tls-key key.pem", "for a team"},
      {"--database postgresql://treadle@db/treadle server", "its record in PostgreSQL"}};
  command.run = [o](Session& session) { return run_server(session, *o); };
  return command;
}

}  // namespace treadle::cli
