#include "commands.h"
#include "session.h"
#include <treadle/app/server.h>
#include <treadle/base/json.h>

#include <fmt/format.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <poll.h>
#include <unistd.h>

namespace treadle::cli {
namespace {

struct ServerCommandOptions {
  app::ServerOptions server;
  int idle_exit = 0;
};

int wake_pipe[2] = {-1, -1};

void on_signal(int) {
  const char byte = 1;
  [[maybe_unused]] const auto written = ::write(wake_pipe[1], &byte, 1);
}

// Returns when SIGINT or SIGTERM came, or the server has been idle for so long.
void wait_for_end(const app::Server& server, int idle_exit) {
  pollfd ready{wake_pipe[0], POLLIN, 0};
  while (true) {
    const int rc = poll(&ready, 1, idle_exit > 0 ? 1000 : -1);
    if (rc > 0) return;
    if (rc == 0 && server.idle_seconds() >= idle_exit) return;
  }
}

int run_server(Session& session, const ServerCommandOptions& options) {
  auto home = session.open_home();
  if (!home) return session.fail(home.error());
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
  };
  command.examples = {
      {"server", "on this machine only, port 8080"},
      {"server --host 0.0.0.0 --tls-cert cert.pem --tls-key key.pem", "for a team"}};
  command.run = [o](Session& session) { return run_server(session, *o); };
  return command;
}

}  // namespace treadle::cli
