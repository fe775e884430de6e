// Private to the room: the body of a file_stream request.
#pragma once

#include <treadle/base/result.h>
#include <treadle/tracking/history.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace treadle::serve {

// Where the lines of one file of a request lie in its text.
struct StreamFile {
  std::int64_t offset = 0;
  std::vector<std::size_t> ends;  // of the lines
  std::size_t begin = 0;          // of the first line
};

// {"files":{"wandb-history.jsonl":{"offset":12,"content":["{...}"]},...},"complete":true,"exitcode":0}.
// Every member is optional; unknown files and members are passed over.
class StreamBody {
 public:
  // kInvalidArgument says what is wrong. Nothing of `body` is kept.
  static Result<StreamBody> parse(std::string_view body);
  // Views into this.
  tracking::StreamUpdate update() const;

 private:
  using File = StreamFile;
  class Reader;

  std::string text_;  // all lines, one after the other: a request may have megabytes of them
  std::optional<File> history_;
  std::optional<File> events_;
  std::optional<File> console_;
  std::optional<File> summary_;
  bool preempting_ = false;
  bool complete_ = false;
  int exit_code_ = 0;
};

}  // namespace treadle::serve
