#include "file_stream_body.h"

#include <boost/json/basic_parser_impl.hpp>

#include <array>
#include <limits>
#include <utility>

namespace treadle::serve {
namespace {

namespace json = boost::json;

constexpr std::int64_t kLargestOffset = 1LL << 40;

Error wrong(std::string_view what) {
  return {Errc::kInvalidArgument, "The body of file_stream " + std::string(what) + "."};
}

}  // namespace

// Takes what is known out of the document while it is parsed: a tree of it would cost as much memory
// again, three times over.
class StreamBody::Reader {
 public:
  // NOLINTBEGIN(readability-identifier-naming): the names that Boost.JSON asks for
  static constexpr std::size_t max_object_size = static_cast<std::size_t>(-1);
  static constexpr std::size_t max_array_size = static_cast<std::size_t>(-1);
  static constexpr std::size_t max_key_size = static_cast<std::size_t>(-1);
  static constexpr std::size_t max_string_size = static_cast<std::size_t>(-1);
  // NOLINTEND(readability-identifier-naming)

  explicit Reader(StreamBody& out) : out_(out) {}

  // What is wrong although it is JSON.
  const std::optional<Error>& problem() const { return problem_; }

  bool on_document_begin(json::error_code&) { return true; }
  bool on_document_end(json::error_code&) { return true; }
  bool on_object_begin(json::error_code&) {
    if (is_at(kFile)) {
      begin_file();
    } else if (depth_ > 0 && !(depth_ == kFiles && keys_[0] == "files")) {
      other_value();
    }
    ++depth_;
    return true;
  }
  bool on_object_end(std::size_t, json::error_code&) {
    --depth_;
    if (is_at(kFile)) end_file();
    return true;
  }
  bool on_array_begin(json::error_code&) {
    if (is_at(kMember) && file_ && keys_[2] == "content") {
      has_content_ = true;
      file_->begin = out_.text_.size();
      file_->ends.clear();
      in_content_ = true;
    } else {
      other_value();
    }
    ++depth_;
    return true;
  }
  bool on_array_end(std::size_t, json::error_code&) {
    --depth_;
    if (is_at(kMember)) in_content_ = false;
    return true;
  }
  bool on_key_part(json::string_view s, std::size_t, json::error_code&) {
    if (depth_ <= keys_.size()) key_.append(s);
    return true;
  }
  bool on_key(json::string_view s, std::size_t, json::error_code&) {
    if (depth_ <= keys_.size()) {
      key_.append(s);
      keys_[depth_ - 1].swap(key_);
      key_.clear();
    }
    return true;
  }
  bool on_string_part(json::string_view s, std::size_t, json::error_code&) {
    if (is_at(kLine)) out_.text_.append(s);
    return true;
  }
  bool on_string(json::string_view s, std::size_t, json::error_code&) {
    if (is_at(kLine)) {
      out_.text_.append(s);
      file_->ends.push_back(out_.text_.size());
    } else {
      other_value();
    }
    return true;
  }
  bool on_number_part(json::string_view, json::error_code&) { return true; }
  bool on_int64(std::int64_t value, json::string_view, json::error_code&) {
    if (depth_ == kFiles && keys_[0] == "exitcode") {
      const bool fits =
          value >= std::numeric_limits<int>::min() && value <= std::numeric_limits<int>::max();
      out_.exit_code_ = fits ? static_cast<int>(value) : 1;
    } else if (is_at(kMember) && file_ && keys_[2] == "offset" && value >= 0 &&
               value <= kLargestOffset) {
      file_->offset = value;
    } else {
      other_value();
    }
    return true;
  }
  bool on_uint64(std::uint64_t, json::string_view, json::error_code&) { return other_value(); }
  bool on_double(double, json::string_view, json::error_code&) { return other_value(); }
  bool on_bool(bool value, json::error_code&) {
    if (depth_ == kFiles && keys_[0] == "preempting") out_.preempting_ = value;
    if (depth_ == kFiles && keys_[0] == "complete") out_.complete_ = value;
    return other_value();
  }
  bool on_null(json::error_code&) {
    if (depth_ == kFiles && keys_[0] == "files") return true;
    return other_value();
  }
  bool on_comment_part(json::string_view, json::error_code&) { return true; }
  bool on_comment(json::string_view, json::error_code&) { return true; }

 private:
  // How many objects and lists a value is in: {"files": {"<name>": {"content": ["<line>"]}}}.
  static constexpr std::size_t kFiles = 1;
  static constexpr std::size_t kFile = 2;
  static constexpr std::size_t kMember = 3;
  static constexpr std::size_t kLine = 4;

  bool is_at(std::size_t level) const {
    if (depth_ != level) return false;
    if (level == kLine) return in_content_;
    return keys_[0] == "files";
  }

  std::optional<File>* place_of(std::string_view name) {
    if (name == "wandb-history.jsonl") return &out_.history_;
    if (name == "wandb-events.jsonl") return &out_.events_;
    if (name == "output.log") return &out_.console_;
    return name == "wandb-summary.json" ? &out_.summary_ : nullptr;
  }
  void begin_file() {
    std::optional<File>* place = place_of(keys_[1]);
    has_content_ = false;
    file_ = place == nullptr ? nullptr : &place->emplace();
  }
  void end_file() {
    if (file_ != nullptr && !has_content_) note_no_content();
    file_ = nullptr;
  }

  // A value that its place does not take, if the place is one of ours.
  bool other_value() {
    if (depth_ == 0) note("is no JSON object");
    if (depth_ == kFiles && keys_[0] == "files") note("has 'files' that are no object");
    if (is_at(kFile) && place_of(keys_[1]) != nullptr) note_no_content();
    if (is_at(kMember) && file_ != nullptr && keys_[2] == "offset") {
      note("has an 'offset' that is no line number in '" + keys_[1] + "'");
    }
    if (is_at(kLine)) note("has a line that is no string in '" + keys_[1] + "'");
    return true;
  }
  void note_no_content() { note("has no list 'content' in '" + keys_[1] + "'"); }
  void note(std::string_view what) {
    if (!problem_) problem_ = wrong(what);
  }

  StreamBody& out_;
  std::size_t depth_ = 0;
  std::array<std::string, 3> keys_;  // of the objects that are open
  std::string key_;                  // on its way in
  File* file_ = nullptr;
  bool has_content_ = false;
  bool in_content_ = false;
  std::optional<Error> problem_;
};

Result<StreamBody> StreamBody::parse(std::string_view body) {
  StreamBody out;
  out.text_.reserve(body.size());
  json::parse_options options;
  options.max_depth = 256;
  json::basic_parser<Reader> parser(options, out);
  json::error_code error;
  const std::size_t read = parser.write_some(false, body.data(), body.size(), error);
  if (!error && read < body.size()) error = json::error::extra_data;
  if (error) return fail(wrong("is not JSON: " + error.message()));
  if (const auto& problem = parser.handler().problem()) return fail(*problem);
  return out;
}

tracking::StreamUpdate StreamBody::update() const {
  tracking::StreamUpdate out;
  const auto lines = [&](const std::optional<File>& file) -> std::optional<tracking::Lines> {
    if (!file || file->ends.empty()) return std::nullopt;
    tracking::Lines view{file->offset, {}};
    view.lines.reserve(file->ends.size());
    std::size_t begin = file->begin;
    for (const std::size_t end : file->ends) {
      view.lines.push_back(std::string_view(text_).substr(begin, end - begin));
      begin = end;
    }
    return view;
  };
  out.history = lines(history_);
  out.events = lines(events_);
  out.console = lines(console_);
  if (const auto summary = lines(summary_)) out.summary = summary->lines.back();
  out.preempting = preempting_;
  out.complete = complete_;
  out.exit_code = exit_code_;
  return out;
}

}  // namespace treadle::serve
