// One command on its way: where output goes, which home and settings apply, how errors end it.
// Single thread.
#pragma once

#include "spec.h"
#include "terminal.h"
#include <treadle/app/home.h>
#include <treadle/app/settings.h>
#include <treadle/cli/cli.h>
#include <treadle/client/connection.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace treadle::cli {

struct GlobalOptions {
  std::string home;
  std::string database;
  bool json = false;
  std::string color = "auto";
};

class Session {
 public:
  // `words`: the command line as it was given, the program's name first.
  Session(const Program& program, std::vector<std::string> words, const GlobalOptions& globals);
  ~Session();
  Session(const Session&) = delete;

  const Program& program() const { return program_; }
  const std::vector<std::string>& words() const { return words_; }
  bool json() const { return globals_.json; }
  const Terminal& out() const { return out_; }
  const Terminal& err() const { return err_; }
  Micros now() const;

  // Text for people on stdout; nothing with --json.
  void print(std::string_view text);
  // The one document of --json, followed by a line end.
  void print_json(std::string_view document);
  // Writes raw lines to the real stdout, also with --json (streams, completion).
  void write_out(std::string_view text);
  // A line for people on stderr: progress, warnings, hints.
  void note(std::string_view text);
  // One line of stderr, drawn over the one before; "" removes it. Nothing when stderr is no
  // terminal.
  void redraw(std::string_view text);

  // The exit code of a command that ends with `code`: no success when its output could not be written.
  int end(int code);
  // Gives the real stdout back: before this process becomes another program.
  void release_stdout();

  // Reports an error (on stderr; with --json as {"error": ...} on stdout too) and returns the exit
  // code for it.
  int fail(const Error& error);
  int fail(ExitCode code, std::string_view kind, std::string_view message);
  int usage_error(std::string_view message) { return fail(kExitUsage, "usage", message); }

  // Settings of the project around the current folder; read once.
  Result<app::Settings> settings();
  Result<app::HomeOptions> home_options();
  // The URL of the server that --host names, or that WANDB_BASE_URL does when no --home was given;
  // "" = the home is meant.
  std::string server(const std::string& host) const;
  // A server by its URL, with the key that the environment or ~/.netrc has for it.
  Result<std::shared_ptr<client::Connection>> connect(const std::string& url);
  // The home, created when it does not exist.
  Result<std::unique_ptr<app::Home>> open_home(db::Durability durability = db::Durability::kNormal);
  // For a server: a database that is gone is waited for no longer than a client would.
  Result<std::unique_ptr<app::Home>> open_home_to_serve();
  // The home for reading; null when there is none yet, which is not an error: nothing has been
  // kept.
  Result<std::unique_ptr<app::Home>> open_existing_home();
  // The same for commands that may find damage: opened for writing where that is possible, so that
  // the damage is remembered and the next put repairs it.
  Result<std::unique_ptr<app::Home>> open_existing_home_to_mend();
  // "Nothing is kept in /x/.treadle yet." for commands that find no home.
  std::string no_home_text();

 private:
  Result<std::unique_ptr<app::Home>> open(const app::HomeOptions& options);

  const Program& program_;
  std::vector<std::string> words_;
  GlobalOptions globals_;
  Terminal out_;
  Terminal err_;
  // The real stdout. With --json, descriptor 1 leads to stderr, so that no print of user code spoils
  // the document.
  int stdout_fd_ = 1;
  int output_problem_ = 0;  // the first errno of writing to it
  std::unique_ptr<app::Settings> settings_;
};

ExitCode exit_code_for(Errc code);

// --host, as Session::server takes it.
OptionSpec host_option(std::string* target);

}  // namespace treadle::cli
