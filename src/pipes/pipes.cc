#include "parameters.h"
#include <treadle/base/json.h>
#include <treadle/base/json_parse.h>
#include <treadle/pipes.h>

#include <boost/json.hpp>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cxxabi.h>
#include <exception>
#include <fstream>
#include <mutex>
#include <set>
#include <sstream>
#include <typeinfo>

namespace treadle::pipes {
namespace {

namespace json = boost::json;

constexpr std::string_view kProtocol = "0.1";

json::object read_object(std::string_view text, const std::string& what) {
  json::value value;
  if (const auto read = parse_json_value(text, value); !read) {
    throw PipesError(what + " is not JSON: " + read.error().message);
  }
  if (!value.is_object()) throw PipesError(what + " is not a JSON object.");
  return std::move(value.get_object());
}

std::string text_at(const json::object& object, std::string_view key) {
  const auto* value = object.if_contains(key);
  return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string();
}

json::object load_context(const json::object& where) {
  if (const auto* data = where.if_contains("data"); data != nullptr && data->is_object()) {
    return data->get_object();
  }
  const std::string path = text_at(where, "path");
  if (path.empty()) {
    throw PipesError(
        "DAGSTER_PIPES_CONTEXT says neither a path nor the context itself: start the program with "
        "a "
        "PipesFileContextInjector, PipesTempFileContextInjector or PipesEnvContextInjector.");
  }
  std::ifstream stream(path);
  std::stringstream text;
  text << stream.rdbuf();
  if (!stream) throw PipesError("The context file '" + path + "' cannot be read.");
  return read_object(text.str(), "The context file '" + path + "'");
}

std::string_view level_name(Level level) {
  switch (level) {
    case Level::kDebug:
      return "DEBUG";
    case Level::kInfo:
      return "INFO";
    case Level::kWarning:
      return "WARNING";
    case Level::kError:
      return "ERROR";
    case Level::kCritical:
      return "CRITICAL";
  }
  return "INFO";
}

std::string encoded(const Metadata& metadata) {
  JsonWriter w;
  w.begin_object();
  for (const auto& [name, value] : metadata) w.key(name).raw(value.encoded());
  w.end_object();
  return std::move(w).str();
}

std::string class_of(const std::exception& e) {
  int status = 0;
  const std::unique_ptr<char, void (*)(void*)> name(
      abi::__cxa_demangle(typeid(e).name(), nullptr, nullptr, &status), std::free);
  return status == 0 && name ? name.get() : typeid(e).name();
}

}  // namespace

struct Pipes::State {
  bool connected = false;
  std::string run_id, job_name;
  int retry_number = 0;
  std::vector<std::string> assets;
  std::optional<std::string> partition_key;
  std::optional<TimeWindow> window;
  json::object extras;

  std::mutex mutex;
  std::ofstream file;
  std::FILE* stream = nullptr;  // standard output or error, instead of the file
  bool closed = false;
  std::set<std::string> reported;
  int exceptions = std::uncaught_exceptions();

  State() = default;
  State(const State&) = delete;
  ~State() {
    State* self = this;
    latest.compare_exchange_strong(self, nullptr);
  }

  void send(std::string_view method, std::string_view params) {
    if (!connected) return;
    JsonWriter w;
    w.begin_object()
        .field("__dagster_pipes_version", kProtocol)
        .field("method", method)
        .key("params")
        .raw(params)
        .end_object();
    const std::string line = std::move(w).str() + "\n";
    const std::scoped_lock lock(mutex);
    if (closed) throw PipesError("The session is closed: nothing can be reported any more.");
    if (stream != nullptr) {
      std::fwrite(line.data(), 1, line.size(), stream);
      std::fflush(stream);
    } else {
      file << line << std::flush;
      if (!file) throw PipesError("A report could not be written: the disk may be full.");
    }
  }

  void end(const std::exception* failure) {
    if (!connected || closed) return;
    JsonWriter w;
    w.begin_object();
    if (failure != nullptr) {
      w.key("exception").begin_object();
      w.field("message", failure->what()).field("name", class_of(*failure));
      w.key("stack").begin_array().end_array().key("cause").null().key("context").null();
      w.end_object();
    }
    w.end_object();
    send("closed", w.str());
    closed = true;
  }

  // An exception that nobody catches ends the program without calling any destructor.
  static void tell_uncaught() {
    static const std::terminate_handler before = std::set_terminate([] {
      const std::exception_ptr exception = std::current_exception();
      if (State* state = latest.exchange(nullptr); state != nullptr && exception) {
        try {
          std::rethrow_exception(exception);
        } catch (const std::exception& e) {
          state->end_quietly(e);
        } catch (...) {
          state->end_quietly(std::runtime_error("The program was left by an exception."));
        }
      }
      before();
    });
    static_cast<void>(before);
  }
  void end_quietly(const std::exception& failure) noexcept {
    try {
      end(&failure);
    } catch (const std::exception&) {
      // Who started the program sees that the session was not closed.
    }
  }
  static inline std::atomic<State*> latest = nullptr;

  // The asset that is meant, checked.
  std::string asset_of(const std::string& given) const {
    if (!connected) return given;
    if (!given.empty()) {
      if (!assets.empty() && std::find(assets.begin(), assets.end(), given) == assets.end()) {
        throw PipesError("The step does not make the asset '" + given + "'.");
      }
      return given;
    }
    if (assets.size() == 1) return assets.front();
    throw PipesError(assets.empty() ? "The step makes no asset: name the one that is meant."
                                    : "The step makes several assets: name the one that is meant.");
  }
};

Pipes::Pipes(std::unique_ptr<State> state) : state_(std::move(state)) {}
Pipes::Pipes(Pipes&&) noexcept = default;

Pipes::~Pipes() {
  if (!state_ || state_->closed) return;
  try {
    if (std::uncaught_exceptions() > state_->exceptions) {
      const std::runtime_error left("The program was left by an exception.");
      close(&left);
    } else {
      close();
    }
  } catch (const std::exception&) {
    // Who started the program sees that the session was not closed.
  }
}

bool Pipes::connected() const {
  return state_->connected;
}
const std::string& Pipes::run_id() const {
  return state_->run_id;
}
const std::string& Pipes::job_name() const {
  return state_->job_name;
}
int Pipes::retry_number() const {
  return state_->retry_number;
}
const std::vector<std::string>& Pipes::assets() const {
  return state_->assets;
}
const std::optional<std::string>& Pipes::partition_key() const {
  return state_->partition_key;
}
const std::optional<TimeWindow>& Pipes::partition_time_window() const {
  return state_->window;
}

std::string Pipes::extra(const std::string& key, std::string_view fallback) const {
  const auto* value = state_->extras.if_contains(key);
  if (value == nullptr) return std::string(fallback);
  return value->is_string() ? std::string(value->get_string()) : json_value_text(*value);
}

void Pipes::log(std::string_view message, Level level) {
  JsonWriter w;
  w.begin_object().field("message", message).field("level", level_name(level)).end_object();
  state_->send("log", w.str());
}

void Pipes::report_materialization(const Materialization& materialization) {
  const std::string asset = state_->asset_of(materialization.asset);
  if (state_->connected && !state_->reported.insert(asset).second) {
    throw PipesError("The asset '" + asset + "' has been reported already.");
  }
  JsonWriter w;
  w.begin_object().field("asset_key", asset).key("data_version");
  if (materialization.data_version) {
    w.value(*materialization.data_version);
  } else {
    w.null();
  }
  w.key("metadata").raw(encoded(materialization.metadata)).end_object();
  state_->send("report_asset_materialization", w.str());
}

void Pipes::report_check(const Check& check) {
  JsonWriter w;
  w.begin_object()
      .field("asset_key", state_->asset_of(check.asset))
      .field("check_name", check.name)
      .field("passed", check.passed)
      .field("severity", check.severity == Severity::kWarn ? "WARN" : "ERROR")
      .key("metadata")
      .raw(encoded(check.metadata))
      .end_object();
  state_->send("report_asset_check", w.str());
}

void Pipes::report_custom_message(std::string_view json_document) {
  json::value checked;
  if (const auto read = parse_json_value(json_document, checked); !read) {
    throw PipesError("A custom message is not JSON: " + read.error().message);
  }
  JsonWriter w;
  w.begin_object().key("payload").raw(json_value_text(checked)).end_object();
  state_->send("report_custom_message", w.str());
}

void Pipes::close(const std::exception* failure) {
  state_->end(failure);
}

Pipes open(int argc, const char* const* argv) {
  auto state = std::make_unique<Pipes::State>();
  const std::optional<Parameters> parameters = find_parameters(argc, argv);
  if (!parameters) return Pipes(std::move(state));

  const json::object context =
      load_context(read_object(parameters->context, "DAGSTER_PIPES_CONTEXT"));
  state->run_id = text_at(context, "run_id");
  state->job_name = text_at(context, "job_name");
  if (const auto* retry = context.if_contains("retry_number"); retry && retry->is_int64()) {
    state->retry_number = static_cast<int>(retry->get_int64());
  }
  if (const auto* keys = context.if_contains("asset_keys"); keys && keys->is_array()) {
    for (const auto& key : keys->get_array()) {
      if (key.is_string()) state->assets.emplace_back(key.get_string());
    }
  }
  if (const auto* key = context.if_contains("partition_key"); key && key->is_string()) {
    state->partition_key = std::string(key->get_string());
  }
  if (const auto* window = context.if_contains("partition_time_window");
      window && window->is_object()) {
    state->window =
        TimeWindow{text_at(window->get_object(), "start"), text_at(window->get_object(), "end")};
  }
  if (const auto* extras = context.if_contains("extras"); extras && extras->is_object()) {
    state->extras = extras->get_object();
  }

  const json::object messages = read_object(parameters->messages, "DAGSTER_PIPES_MESSAGES");
  const std::string path = text_at(messages, "path");
  const std::string stdio = text_at(messages, "stdio");
  if (!path.empty()) {
    state->file.open(path, std::ios::app);
    if (!state->file) throw PipesError("The messages file '" + path + "' cannot be written.");
  } else if (stdio == "stdout" || stdio == "stderr") {
    state->stream = stdio == "stdout" ? stdout : stderr;
  } else {
    throw PipesError(
        "DAGSTER_PIPES_MESSAGES says neither a path nor stdout or stderr: start the program with a "
        "PipesTempFileMessageReader or PipesFileMessageReader.");
  }
  state->connected = true;
  state->send("opened", R"({"extras":{}})");
  Pipes::State::latest = state.get();
  Pipes::State::tell_uncaught();
  return Pipes(std::move(state));
}

}  // namespace treadle::pipes
