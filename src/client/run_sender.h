// The threads that send what one run reports.
#pragma once

#include "run_upload.h"
#include "spool.h"
#include <treadle/client/runs.h>

#include <chrono>
#include <condition_variable>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

namespace treadle::client {

struct SenderOptions {
  tracking::RunRef run;
  std::string
      id;  // the server's own: a run that was deleted meanwhile is not made anew by its name
  std::int64_t console_offset = 0;
  bool compress = false;
  std::chrono::milliseconds interval;
  std::chrono::milliseconds heartbeat;
  std::string folder;
};

// Thread-safe. Calls that hand something over return when it is kept on disk; errors are those of the
// disk. Not to be destroyed in a forked child.
class RunSender {
 public:
  RunSender(std::shared_ptr<Connection> connection, SenderOptions options);
  // Does not end the run; what is unsent stays on disk.
  ~RunSender();

  Result<tracking::StreamReply> stream(const tracking::StreamUpdate& update);
  Result<void> change(const Variables& variables);
  Result<FileToSend> put_bytes(const std::string& name, std::string_view bytes);
  Result<FileToSend> put_file(const std::string& name, const std::string& path);
  // Waits until what was handed over before is at the server. kBusy: `patience` is over; kept, and named.
  Result<void> settle(std::chrono::milliseconds patience);
  // The same, and ends the run.
  Result<void> finish(int exit_code, std::chrono::milliseconds patience);
  bool ended() const;
  // Lines of the console since the run was begun here; first < 0 = from the end. Nothing when they reach further
  // back than what is remembered here: then the server has them, `console_offset` lines later.
  std::optional<std::vector<std::string>> console(std::int64_t first, std::int64_t count) const;
  std::int64_t console_offset() const { return options_.console_offset; }

 private:
  using Time = std::chrono::steady_clock::time_point;
  struct Rows {
    std::map<std::int64_t, std::string> lines;  // by number
    // Of these, [first, end) are under way as they are here.
    std::int64_t packed_first = 0, packed_end = 0;
    // Lines that are handed over again replace those that wait.
    void add(const tracking::Lines& given);
    void drop_packed();
  };
  struct Parcel {  // one request
    std::string body;
    std::size_t history = 0, events = 0;
    std::map<std::int64_t, std::string> console;
    std::vector<std::string> uploaded;
    bool summary = false, preempting = false, complete = false;
  };

  void work();
  void upload();
  void remember(std::int64_t own, std::string_view line);
  bool anything_to_stream() const;
  bool settled() const;
  Parcel pack();
  void send_parcel(std::unique_lock<std::mutex>& lock);
  void send_changes(std::unique_lock<std::mutex>& lock);
  void pause_after(const Error& error, std::unique_lock<std::mutex>& lock);
  Result<void> wait_settled(std::chrono::milliseconds patience);
  Error unsent(const Error* why) const;
  Result<FileToSend> enqueue(FileToSend file);

  const std::shared_ptr<Connection> connection_;
  const SenderOptions options_;
  Spool spool_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::stop_source stop_;
  bool closing_ = false;  // the threads end
  bool hurry_ = false;    // somebody waits
  bool stop_requested_ = false;
  bool ended_ = false;
  std::optional<Error> trouble_;  // the last thing that went wrong
  std::optional<Error> refused_;  // the server will not take this run's reports any more
  std::optional<Error> left_;     // a file or change that it will not take
  int failures_ = 0;              // in a row
  Time streamed_{};
  Time changed_at_{};

  Rows history_;
  Rows events_;
  std::map<std::int64_t, std::string> console_;  // lines that are unsent
  std::deque<std::string> console_tail_;         // the last ones, sent or not
  std::int64_t console_gone_ = 0;                // as many were before them
  std::size_t console_bytes_ = 0;
  std::optional<std::string> summary_;
  std::vector<std::string> uploaded_;
  bool preempting_ = false;
  std::optional<int> exit_code_;
  Variables changes_;
  std::vector<FileToSend> files_;
  std::size_t sending_files_ = 0;
  bool sending_ = false;  // a request is under way

  std::thread uploader_;
  std::thread thread_;
};

}  // namespace treadle::client
