// Reports of a program that Treadle or Dagster has started: materializations, checks, logs.
//
//   #include <treadle/pipes.h>
//
//   int main(int argc, char** argv) {
//     auto pipes = treadle::pipes::open(argc, argv);
//     pipes.log("training with seed " + pipes.extra("seed", "0"));
//     pipes.report_materialization({.metadata = {{"rows", 150}, {"site", Value::url("https://...")}}});
//     pipes.report_check({.name = "not_empty", .passed = true});
//   }
//
// The step that starts it: PipesSubprocessClient().run(context=context, command=["./train"]).get_results().
// A program that nobody started so runs as well: its reports go nowhere (`connected()` is false).
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace treadle::pipes {

// The program was started with parameters that it cannot use, or reports what does not fit its run; the message says which.
class PipesError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// A metadata value. Numbers, texts and truth values are what they are; the others are made by name.
class Value {
 public:
  Value(bool value);
  Value(int value);
  Value(std::int64_t value);
  Value(double value);
  Value(const char* text);
  Value(std::string_view text);
  Value(const std::string& text);
  static Value url(std::string_view url);
  static Value path(std::string_view path);
  static Value markdown(std::string_view text);
  static Value notebook(std::string_view path);
  static Value json(std::string_view document);  // must be a JSON document
  static Value asset(std::string_view key);
  static Value run(std::string_view run_id);
  static Value timestamp(double seconds_since_1970);

  // As the protocol writes it: {"raw_value": ..., "type": ...}.
  const std::string& encoded() const { return encoded_; }

 private:
  Value(std::string_view type, std::string_view raw_json);
  std::string encoded_;
};

using Metadata = std::map<std::string, Value>;

enum class Level { kDebug, kInfo, kWarning, kError, kCritical };
enum class Severity { kWarn, kError };

struct Materialization {
  std::string asset = {};  // "raw/iris"; "" = the only asset of the step
  Metadata metadata = {};
  std::optional<std::string> data_version = {};
};

struct Check {
  std::string name;
  bool passed = false;
  std::string asset = {};  // as in Materialization
  Severity severity = Severity::kError;
  Metadata metadata = {};
};

struct TimeWindow {
  std::string start, end;  // ISO 8601
};

// The session with who started the program. Its end is the end of the session: a program that is left by an exception tells it,
// also by one that nobody catches.
// Thread-safe.
class Pipes {
 public:
  Pipes(Pipes&&) noexcept;
  ~Pipes();

  bool connected() const;
  // Empty without a connection.
  const std::string& run_id() const;
  const std::string& job_name() const;
  int retry_number() const;
  const std::vector<std::string>& assets() const;  // what the step is to make, "raw/iris"
  const std::optional<std::string>& partition_key() const;
  const std::optional<TimeWindow>& partition_time_window() const;
  // What the step handed over as `extras`: a text as itself, anything else as JSON; `fallback` when there is no such key.
  std::string extra(const std::string& key, std::string_view fallback = "") const;

  void log(std::string_view message, Level level = Level::kInfo);
  // Each asset once. Throws PipesError for an asset that the step does not make.
  void report_materialization(const Materialization& materialization);
  void report_check(const Check& check);
  // Any JSON document, for the step itself: get_custom_messages().
  void report_custom_message(std::string_view json_document);
  // Ends the session, with the reason when the program failed. Called by the destructor.
  void close(const std::exception* failure = nullptr);

 private:
  friend Pipes open(int argc, const char* const* argv);
  struct State;
  explicit Pipes(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

// Of the environment variables DAGSTER_PIPES_CONTEXT and DAGSTER_PIPES_MESSAGES, or of the arguments --dagster-pipes-context and
// --dagster-pipes-messages. Throws PipesError when they are there and cannot be used.
Pipes open(int argc = 0, const char* const* argv = nullptr);

}  // namespace treadle::pipes
