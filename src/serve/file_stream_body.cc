#include "file_stream_body.h"

#include <treadle/base/json_parse.h>

#include <boost/json.hpp>

#include <limits>

namespace treadle::serve {
namespace {

constexpr std::int64_t kLargestOffset = 1LL << 40;

Error wrong(std::string_view what) {
  return {Errc::kInvalidArgument, "The body of file_stream " + std::string(what) + "."};
}

}  // namespace

Result<StreamBody> StreamBody::parse(std::string_view body) {
  StreamBody out;
  boost::json::value document;
  if (auto ok = parse_json_value(body, document); !ok) {
    return fail(std::move(ok).error().with_context("The body of file_stream is not JSON"));
  }
  const auto* whole = document.if_object();
  if (whole == nullptr) return fail(wrong("is no JSON object"));
  const auto flag = [&](const char* name) {
    const auto* value = whole->if_contains(name);
    return value != nullptr && value->is_bool() && value->get_bool();
  };
  out.preempting_ = flag("preempting");
  out.complete_ = flag("complete");
  if (const auto* code = whole->if_contains("exitcode"); code && code->is_int64()) {
    const std::int64_t value = code->get_int64();
    out.exit_code_ =
        value < std::numeric_limits<int>::min() || value > std::numeric_limits<int>::max()
            ? 1
            : static_cast<int>(value);
  }
  const auto* files = whole->if_contains("files");
  if (files == nullptr || files->is_null()) return out;
  if (!files->is_object()) return fail(wrong("has 'files' that are no object"));
  for (const auto& [name, value] : files->get_object()) {
    std::optional<File>* into = name == "wandb-history.jsonl"  ? &out.history_
                                : name == "wandb-events.jsonl" ? &out.events_
                                : name == "output.log"         ? &out.console_
                                                               : nullptr;
    if (into == nullptr && name != "wandb-summary.json") continue;
    const auto* file = value.if_object();
    const auto* content = file ? file->if_contains("content") : nullptr;
    const auto* offset = file ? file->if_contains("offset") : nullptr;
    if (content == nullptr || !content->is_array()) {
      return fail(wrong("has no list 'content' in '" + std::string(name) + "'"));
    }
    File read;
    if (offset != nullptr) {
      if (!offset->is_int64() || offset->get_int64() < 0 || offset->get_int64() > kLargestOffset) {
        return fail(wrong("has an 'offset' that is no line number in '" + std::string(name) + "'"));
      }
      read.offset = offset->get_int64();
    }
    for (const auto& line : content->get_array()) {
      if (!line.is_string()) {
        return fail(wrong("has a line that is no string in '" + std::string(name) + "'"));
      }
      read.lines.emplace_back(line.get_string());
    }
    if (into == nullptr) {
      if (!read.lines.empty()) out.summary_ = std::move(read.lines.back());
    } else {
      *into = std::move(read);
    }
  }
  return out;
}

tracking::StreamUpdate StreamBody::update() const {
  tracking::StreamUpdate out;
  const auto lines = [](const std::optional<File>& file) -> std::optional<tracking::Lines> {
    if (!file || file->lines.empty()) return std::nullopt;
    return tracking::Lines{file->offset, {file->lines.begin(), file->lines.end()}};
  };
  out.history = lines(history_);
  out.events = lines(events_);
  out.console = lines(console_);
  if (summary_) out.summary = *summary_;
  out.preempting = preempting_;
  out.complete = complete_;
  out.exit_code = exit_code_;
  return out;
}

}  // namespace treadle::serve
