#include "session.h"

#include "text.h"
#include <treadle/base/clock.h>
#include <treadle/base/files.h>
#include <treadle/base/json.h>

#include <fmt/format.h>

#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <unistd.h>

namespace treadle::cli {
namespace {

// A person waits for a server that is away: not for as long as a program would.
constexpr std::chrono::milliseconds kPatience{10'000};

// The errno of what could not be written; 0 = all was.
int write_all(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(fd, text.data(), text.size());
    if (written < 0) {
      if (errno == EINTR) continue;
      return errno;
    }
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  return 0;
}

bool env_is_set(const char* name) {
  const char* value = std::getenv(name);
  return value && *value;
}

}  // namespace

ExitCode exit_code_for(Errc code) {
  switch (code) {
    case Errc::kInvalidArgument:
    case Errc::kAlreadyExists:
      return kExitUsage;
    case Errc::kNotFound:
      return kExitNotFound;
    case Errc::kPermissionDenied:
    case Errc::kReadOnly:
    case Errc::kDiskFull:
    case Errc::kBusy:
    case Errc::kCorrupt:
    case Errc::kUnsupported:
    case Errc::kIo:
      return kExitHome;
    case Errc::kCancelled:
      return kExitInterrupted;
    case Errc::kInternal:
      return kExitInternal;
  }
  return kExitInternal;
}

Session::Session(const Program& program, std::vector<std::string> words,
                 const GlobalOptions& globals)
    : program_(program),
      words_(std::move(words)),
      globals_(globals),
      out_(detect_terminal(STDOUT_FILENO, globals.color)),
      err_(detect_terminal(STDERR_FILENO, globals.color)) {
  if (!globals_.json) return;
  std::fflush(stdout);
  const int copy = dup(STDOUT_FILENO);
  if (copy < 0) return;
  stdout_fd_ = copy;
  dup2(STDERR_FILENO, STDOUT_FILENO);
}

Session::~Session() {
  release_stdout();
}

void Session::release_stdout() {
  if (stdout_fd_ == STDOUT_FILENO) return;
  if (program_.flush_output) program_.flush_output();
  std::fflush(stdout);
  dup2(stdout_fd_, STDOUT_FILENO);
  close(stdout_fd_);
  stdout_fd_ = STDOUT_FILENO;
}

Micros Session::now() const {
  return system_clock().now();
}

void Session::print(std::string_view text) {
  if (!json()) write_out(text);
}

void Session::print_json(std::string_view document) {
  write_out(std::string(document) + "\n");
}

void Session::write_out(std::string_view text) {
  if (!json()) std::fflush(stdout);
  if (const int problem = write_all(stdout_fd_, text); output_problem_ == 0) {
    output_problem_ = problem;
  }
}

int Session::end(int code) {
  // A reader that closes the pipe early has what it wants.
  if (code != kExitOk || output_problem_ == 0 || output_problem_ == EPIPE) return code;
  note(std::string("Error: the output could not be written: ") + std::strerror(output_problem_) +
       ". What was written of it is not whole.");
  return kExitHome;
}

void Session::note(std::string_view text) {
  write_all(STDERR_FILENO, std::string(text) + "\n");
}

void Session::redraw(std::string_view text) {
  if (err_.interactive) write_all(STDERR_FILENO, "\r\x1b[2K" + std::string(text));
}

namespace {

// Errors of the rooms below may begin in the middle of a sentence, and texts end in a new line. A first word that may be a name stays as
// it is.
std::string as_sentence(std::string_view text) {
  std::string sentence(text.substr(0, text.find_last_not_of('\n') + 1));
  constexpr std::string_view kLower = "abcdefghijklmnopqrstuvwxyz";
  const std::size_t end = sentence.find_first_not_of(kLower);
  if (end != 0 && end != std::string::npos && sentence[end] == ' ')
    sentence.front() = static_cast<char>(sentence.front() - 'a' + 'A');
  return sentence;
}

}  // namespace

int Session::fail(const Error& error) {
  return fail(exit_code_for(error.code), to_string(error.code), error.message);
}

int Session::fail(ExitCode code, std::string_view kind, std::string_view text) {
  const std::string message = as_sentence(text);
  note(err_.paint(Style::kRed, "Error:") + " " + printable_block(message));
  if (json()) {
    JsonWriter w;
    w.begin_object().key("error").begin_object();
    w.field("code", kind).field("message", message).field("exit_code", static_cast<int>(code));
    w.end_object().end_object();
    print_json(w.str());
  }
  return code;
}

Result<app::Settings> Session::settings() {
  if (!settings_) {
    TREADLE_TRY(app::Settings read, app::read_settings("."));
    settings_ = std::make_unique<app::Settings>(std::move(read));
  }
  return *settings_;
}

Result<app::HomeOptions> Session::home_options() {
  app::HomeOptions options;
  options.path = globals_.home;
  options.database = globals_.database;
  if (options.path.empty() && !env_is_set("TREADLE_HOME") && !env_is_set("DAGSTER_HOME")) {
    TREADLE_TRY(const app::Settings read, settings());
    options.path = read.home;
    if (options.database.empty() && !env_is_set("TREADLE_DATABASE")) {
      options.database = read.database;
    }
  }
  return options;
}

std::string Session::server(const std::string& host) const {
  if (host == "embedded") return {};
  if (!host.empty()) return host;
  return globals_.home.empty() ? client::named_host() : std::string();
}

Result<std::shared_ptr<client::Connection>> Session::connect(const std::string& url) {
  client::ConnectionOptions options;
  options.user_agent = "treadle/" TREADLE_VERSION;
  options.patience = kPatience;
  TREADLE_TRY(options.address, client::find_address({.base_url = url}));
  return client::Connection::open(std::move(options));
}

// Whatever keeps a home from being opened is trouble with the home, not with the command line.
Result<std::unique_ptr<app::Home>> Session::open(const app::HomeOptions& options) {
  auto home = app::Home::open(options);
  if (!home && exit_code_for(home.error().code) != kExitInternal) {
    Error error = std::move(home).error();
    if (exit_code_for(error.code) != kExitHome) error.code = Errc::kIo;
    return treadle::fail(std::move(error));
  }
  return home;
}

Result<std::unique_ptr<app::Home>> Session::open_home(db::Durability durability) {
  TREADLE_TRY(app::HomeOptions options, home_options());
  options.durability = durability;
  return open(options);
}

Result<std::unique_ptr<app::Home>> Session::open_home_to_serve() {
  TREADLE_TRY(app::HomeOptions options, home_options());
  options.reconnect_ms = 1'000;
  return open(options);
}

Result<std::unique_ptr<app::Home>> Session::open_existing_home() {
  TREADLE_TRY(app::HomeOptions options, home_options());
  const std::string path = app::resolve_home(options);
  if (const auto found = real_files().stat(path); found && found->kind != FileStat::Kind::kFolder)
    return treadle::fail(Errc::kIo, "The home '" + path +
                                        "' is not a folder. Name another one: --home, or "
                                        "TREADLE_HOME.");
  if (options.database.empty() && !env_is_set("TREADLE_DATABASE") && !app::is_home(path)) {
    // A home that was named and is not there is a slip of the hand; one that would be created later
    // is not.
    const bool named =
        !options.path.empty() || env_is_set("TREADLE_HOME") || env_is_set("DAGSTER_HOME");
    if (named && !real_files().stat(path))
      note(err_.paint(Style::kYellow, "Note:") + " there is no folder " + printable(path) +
           " yet.");
    return std::unique_ptr<app::Home>();
  }
  options.read_only = true;
  auto home = open(options);
  if (home || home.error().code != Errc::kReadOnly) return home;
  // Its tables are not all there, or are an older version's: somebody was killed while making it,
  // or an older Treadle made it. Opening it for writing sees to that.
  options.read_only = false;
  return open(options);
}

Result<std::unique_ptr<app::Home>> Session::open_existing_home_to_mend() {
  TREADLE_TRY(auto reading, open_existing_home());
  if (!reading) return reading;
  auto writing = open_home();
  return writing ? std::move(writing) : std::move(reading);
}

std::string Session::no_home_text() {
  const auto options = home_options();
  return fmt::format("Nothing is kept in {} yet.\n",
                     options ? printable(app::resolve_home(*options)) : "this home");
}

OptionSpec host_option(std::string* target) {
  return {.names = "--host",
          .value = "URL",
          .help = "On this server (default: WANDB_BASE_URL, else the home); 'embedded': the home",
          .target = target};
}

}  // namespace treadle::cli
