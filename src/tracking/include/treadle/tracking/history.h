// Rows of numbers over steps: how they are given, asked for and returned. Layout on disk:
// docs/formats/tracking.md.
#pragma once

#include <treadle/base/result.h>

#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace treadle::tracking {

// The two row streams of a run.
enum class Stream : std::uint8_t { kHistory = 0, kEvents = 1 /* system metrics */ };

inline constexpr std::int64_t kAnyStep = std::numeric_limits<std::int64_t>::max();

// Lines that begin at line number `offset` of their stream. Sending the same again changes nothing;
// sending others at an offset that exists replaces those lines. Views must outlive the call.
struct Lines {
  std::int64_t offset = 0;
  std::vector<std::string_view> lines;
};

// One request of W&B's file_stream: all of it becomes visible together.
struct StreamUpdate {
  std::optional<Lines> history;  // one JSON object a line; bare NaN and infinities are numbers
  std::optional<Lines> events;
  std::optional<Lines> console;             // text; earlier lines may be edited, gaps become empty
  std::optional<std::string_view> summary;  // the whole object, instead of the one before
  // One of several programs that write to the run, which number their lines each from its own
  // beginning: new lines go behind those of the others, and the summary's members are replaced one by
  // one. Empty: the only one.
  std::string_view writer;
  bool derive_summary = false;  // take the last values of the history rows into the summary
  bool preempting = false;
  bool complete = false;  // the last request: the run has ended with `exit_code`
  int exit_code = 0;
};
struct StreamReply {
  bool stop_requested = false;
};

// A row's step is its `_step`, else its line number. Keys are paths: a nested {"a": {"b": 1}} is
// "a.b"; a dot inside a name may be written "\\.".
struct HistoryQuery {
  std::int64_t min_step = 0;
  std::int64_t max_step = kAnyStep;  // exclusive
  std::vector<std::string> keys;     // only rows having all of them, and only these; empty = all
  std::int64_t limit = 0;            // 0 = all
  std::int64_t after_line = -1;      // only lines with a greater number: for paging
};
// Called in order of line; false stops. The JSON object text is valid until it returns.
using RowSink = std::function<bool(std::int64_t line, std::string_view json)>;

// About `samples` rows, evenly spaced among those having all keys; the first and the last are
// always among them.
struct SampleQuery {
  std::vector<std::string> keys;  // empty = whole rows
  std::int64_t samples = 500;
  std::int64_t min_step = 0;
  std::int64_t max_step = kAnyStep;  // inclusive
};

// One metric as numbers, for plots and programs. What is no number is left out.
struct Point {
  std::int64_t step = 0;
  double value = 0;
  bool operator==(const Point&) const = default;
};

// What is known about a key without reading its values.
struct KeyInfo {
  std::string key;  // path, see above
  // How many values of which type: "number", "string", "map", "list", "boolean", "nil", or a
  // media's _type. In order of first use.
  std::vector<std::pair<std::string, std::int64_t>> type_counts;
  bool monotonic = true;  // its numbers never went down
  std::optional<double> last;
  std::optional<double> min;  // NaN is not considered
  std::optional<double> max;
};
struct KeysInfo {
  std::int64_t last_step = -1;  // -1 = no row
  std::vector<KeyInfo> keys;    // in order of first use
};
// W&B's historyKeys document.
std::string history_keys_json(const KeysInfo& info);

}  // namespace treadle::tracking
