// Private to the room: the body of a file_stream request.
#pragma once

#include <treadle/base/result.h>
#include <treadle/tracking/history.h>

#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace treadle::serve {

// {"files":{"wandb-history.jsonl":{"offset":12,"content":["{...}"]},...},"complete":true,"exitcode":0}.
// Every member is optional; unknown files and members are passed over.
class StreamBody {
 public:
  // kInvalidArgument says what is wrong. Nothing of `body` is kept.
  static Result<StreamBody> parse(std::string_view body);
  // Views into this.
  tracking::StreamUpdate update() const;

 private:
  struct File {
    std::int64_t offset = 0;
    std::vector<std::string> lines;
  };
  std::optional<File> history_;
  std::optional<File> events_;
  std::optional<File> console_;
  std::optional<std::string> summary_;
  bool preempting_ = false;
  bool complete_ = false;
  int exit_code_ = 0;
};

}  // namespace treadle::serve
