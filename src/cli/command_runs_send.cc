// `runs send`: what runs could not send to their server, sent.
#include "commands.h"
#include "session.h"
#include <treadle/base/json.h>
#include <treadle/client/runs.h>

#include <fmt/format.h>

namespace treadle::cli {
namespace {

struct SendOptions {
  std::vector<std::string> folders;
  std::string host;
};

Result<client::SentRun> send(Session& session, const std::string& folder, const std::string& host) {
  TREADLE_TRY(const client::SentRun kept, client::kept_run(folder));
  TREADLE_TRY(const auto server, session.connect(host.empty() ? kept.host : host));
  TREADLE_TRY(client::SentRun sent, client::send_kept(*server, folder));
  sent.host = server->address().base_url;
  return sent;
}

int run_send(Session& session, const SendOptions& options) {
  JsonWriter w;
  w.begin_array();
  for (const std::string& folder : options.folders) {
    const auto sent = send(session, folder, options.host);
    if (!sent) return session.fail(sent.error());
    if (!session.json()) session.print(fmt::format("Sent {} to {}.\n", sent->run, sent->host));
    w.begin_object().field("run", sent->run).field("host", sent->host).end_object();
  }
  w.end_array();
  if (session.json()) session.print_json(w.str());
  return kExitOk;
}

}  // namespace

CommandSpec runs_send_command() {
  auto o = std::make_shared<SendOptions>();
  CommandSpec command;
  command.name = "send";
  command.summary = "Send what runs kept because their server was away";
  command.details =
      "A run that reports to a server keeps what is not sent yet in a folder, wandb/run-ID-N. When "
      "it "
      "ends and the server is away, the folder stays, and the error names it. Sent, it is removed. "
      "Sending twice does no harm.";
  command.arguments = {{.name = "FOLDER",
                        .help = "Folders that runs left",
                        .target = &o->folders,
                        .kind = WordKind::kFolder}};
  command.options = {{.names = "--host",
                      .value = "URL",
                      .help = "To this server (default: the one it was meant for)",
                      .target = &o->host}};
  command.examples = {{"runs send wandb/run-8f3k2m1x-0", "one run"}};
  command.run = [o](Session& session) { return run_send(session, *o); };
  return command;
}

}  // namespace treadle::cli
