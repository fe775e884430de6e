// The bodies of messages between processes of one run. Both ends are the same program, so the layout is nobody else's business:
// numbers as they lie in memory, texts with their length in front.
#pragma once

#include "attempt.h"
#include <treadle/execute/run.h>
#include <treadle/plan/graph.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace treadle::execute {

// kStart
struct StartBody {
  Attempt attempt;
  // Of what the step reads, or its assets follow from, and other steps of the run made.
  std::vector<std::pair<plan::NodeId, KnownVersion>> versions;
};
// kStarted
struct StartedBody {
  std::int32_t pid = 0;
  bool captured = false;  // output goes to the files below
  std::string out;
  std::string err;
  std::int64_t out_begin = 0;  // where this attempt's output begins in them
  std::int64_t err_begin = 0;
};

std::string encode(const StartBody& body);
std::string encode(const StartedBody& body);
std::string encode(const Event& event);
// Without what cannot leave the process: the failure's origin.
std::string encode(const AttemptReport& report);
std::string encode(const ProcessExit& exit);

// Nothing when the text is not whole.
std::optional<StartBody> decode_start(std::string_view body);
std::optional<StartedBody> decode_started(std::string_view body);
std::optional<Event> decode_event(std::string_view body);
std::optional<AttemptReport> decode_report(std::string_view body);
std::optional<ProcessExit> decode_exit(std::string_view body);

}  // namespace treadle::execute
