// Requests of a run that both its sender and a later send of what was kept make.
#pragma once

#include "run_document.h"
#include <treadle/client/connection.h>
#include <treadle/tracking/history.h>

#include <chrono>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace treadle::client {

struct FileToSend {
  std::string name;  // in the run
  std::string path;  // on disk
};

// Creates the files and puts their content.
Result<void> send_files(Connection& connection, const tracking::RunRef& run,
                        const std::vector<FileToSend>& files, std::stop_token stop = {});

// One POST to the run's file_stream. True: the server asks the run to stop.
struct StreamOptions {
  bool compress = false;
  std::chrono::milliseconds patience{0};
  std::stop_token stop;
};
Result<bool> send_stream(Connection& connection, const tracking::RunRef& run, std::string body,
                         const StreamOptions& options);

// A file_stream body, built piece by piece.
class StreamBody {
 public:
  template <class Texts>
  void lines(std::string_view file, std::int64_t offset, const Texts& texts) {
    begin_file(file, offset);
    bool first = true;
    for (const auto& line : texts) {
      if (!first) files_ += ',';
      first = false;
      append_line(line);
    }
    files_ += "]}";
  }
  void uploaded(const std::vector<std::string>& names);
  void preempting() { rest_ += R"("preempting":true,)"; }
  void complete(int exit_code);
  std::string text() const;

 private:
  void begin_file(std::string_view name, std::int64_t offset);
  void append_line(std::string_view line);
  std::string files_;
  std::string rest_;
};

inline constexpr std::string_view kHistoryFile = "wandb-history.jsonl";
inline constexpr std::string_view kEventsFile = "wandb-events.jsonl";
inline constexpr std::string_view kSummaryFile = "wandb-summary.json";
inline constexpr std::string_view kConsoleFile = "output.log";

}  // namespace treadle::client
