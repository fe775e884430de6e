// Several programs that write to one run (W&B's shared mode). Each numbers its lines from a beginning
// of its own; here they stand in the order in which they came, and which of them stands where is kept,
// so that a request that is sent again adds nothing and a terminal's edits find their lines.
#include "sql_store.h"

#include <algorithm>
#include <utility>

namespace treadle::tracking {
namespace {

constexpr std::int64_t kConsole = 2;  // among the numbers of streams

// Lines of a writer from its `first` on, and where they are.
struct Segment {
  std::int64_t first = 0;
  std::int64_t lines = 0;
  std::int64_t place = 0;
  std::int64_t end() const { return first + lines; }
};

// Those that hold a line from `begin` to `end`, and the one just before `begin`.
Result<std::vector<Segment>> load_segments(db::Session& session, std::int64_t run,
                                           std::int64_t stream, std::string_view writer,
                                           std::int64_t begin, std::int64_t end) {
  TREADLE_TRY(db::Statement * s,
              session.prepare("select first_line, lines, place from tracking_writer where run = $1 "
                              "and stream = $2 and writer = $3 and first_line + lines >= $4 and "
                              "first_line < $5 order by first_line"));
  s->bind(1, run).bind(2, stream).bind(3, writer).bind(4, begin).bind(5, end);
  std::vector<Segment> out;
  while (true) {
    TREADLE_TRY(const bool more, s->step());
    if (!more) return out;
    out.push_back({s->integer(0), s->integer(1), s->integer(2)});
  }
}

Result<void> save_segment(db::Session& session, std::int64_t run, std::int64_t stream,
                          std::string_view writer, const Segment& segment) {
  TREADLE_TRY(db::Statement * s,
              session.prepare(
                  "insert into tracking_writer (run, stream, writer, first_line, lines, place) "
                  "values ($1, $2, $3, $4, $5, $6) on conflict (run, stream, writer, first_line) "
                  "do update set lines = excluded.lines"));
  s->bind(1, run).bind(2, stream).bind(3, writer);
  s->bind(4, segment.first).bind(5, segment.lines).bind(6, segment.place);
  return s->run();
}

Lines part_of(const Lines& lines, std::int64_t begin, std::int64_t end, std::int64_t place) {
  const auto at = lines.lines.begin();
  return {place, {at + (begin - lines.offset), at + (end - lines.offset)}};
}

// Where the value of the row's own "_step" lies; length 0 = it has none. What is no JSON is found by who
// parses the line.
std::pair<std::size_t, std::size_t> step_in(std::string_view line) {
  int depth = 0;
  std::size_t opened = std::string_view::npos;  // a string's first character
  for (std::size_t i = 0; i < line.size(); ++i) {
    const char c = line[i];
    if (opened != std::string_view::npos) {
      if (c == '\\') {
        ++i;
      } else if (c == '"') {
        const std::size_t next = line.find_first_not_of(" \t", i + 1);
        const bool key = depth == 1 && next != std::string_view::npos && line[next] == ':';
        if (key && line.substr(opened, i - opened) == "_step") {
          const std::size_t end = line.find_first_of(",}", next);
          return {next + 1, end == std::string_view::npos ? 0 : end - next - 1};
        }
        opened = std::string_view::npos;
      }
    } else if (c == '"') {
      opened = i + 1;
    } else if (c == '{' || c == '[') {
      ++depth;
    } else if (c == '}' || c == ']') {
      --depth;
    }
  }
  return {0, 0};
}

// The row with this step: a writer's own says nothing among others.
std::string with_step(std::string_view line, std::int64_t step) {
  if (const auto [at, length] = step_in(line); length > 0) {
    return std::string(line.substr(0, at)) + std::to_string(step) +
           std::string(line.substr(at + length));
  }
  const std::size_t brace = line.find('{');
  if (brace == std::string_view::npos) return std::string(line);
  const bool empty = line.find_first_not_of(" \t", brace + 1) == line.rfind('}');
  return std::string(line.substr(0, brace + 1)) + "\"_step\":" + std::to_string(step) +
         (empty ? "" : ",") + std::string(line.substr(brace + 1));
}

}  // namespace

Result<std::vector<Lines>> place_lines(db::Session& session, std::int64_t run, std::int64_t stream,
                                       std::string_view writer, const Lines& lines,
                                       std::int64_t count) {
  if (lines.offset < 0) return fail(Errc::kInvalidArgument, "Lines begin at line 0 or later.");
  const std::int64_t end = lines.offset + static_cast<std::int64_t>(lines.lines.size());
  TREADLE_TRY(std::vector<Segment> segments,
              load_segments(session, run, stream, writer, lines.offset, end));
  std::vector<Lines> out;
  std::int64_t at = lines.offset;
  const auto add_new = [&](std::int64_t until, Segment* before) -> Result<void> {
    if (at == until) return {};
    out.push_back(part_of(lines, at, until, count));
    Segment segment{at, until - at, count};
    if (before != nullptr && before->end() == at && before->place + before->lines == count) {
      segment = {before->first, until - before->first, before->place};
    }
    count += until - at;
    at = until;
    return save_segment(session, run, stream, writer, segment);
  };
  Segment* before = nullptr;
  for (Segment& segment : segments) {
    TREADLE_CHECK(add_new(std::max(at, std::min(segment.first, end)), before));
    const std::int64_t until = std::min(segment.end(), end);
    if (until > at) {
      out.push_back(part_of(lines, at, until, segment.place + at - segment.first));
      at = until;
    }
    before = &segment;
  }
  TREADLE_CHECK(add_new(end, before));
  return out;
}

Result<void> SharedRows::place(db::Session& session, std::int64_t run, Stream stream,
                               std::string_view writer, const Lines& given, std::int64_t count) {
  lines = {count, {}};
  texts.clear();
  TREADLE_TRY(const std::vector<Lines> parts,
              place_lines(session, run, static_cast<std::int64_t>(stream), writer, given, count));
  for (const Lines& part : parts) {
    if (part.offset < count) continue;  // known; rows are never edited
    lines.lines.insert(lines.lines.end(), part.lines.begin(), part.lines.end());
  }
  if (stream != Stream::kHistory) return {};
  std::int64_t step = count;
  for (std::string_view& line : lines.lines) line = texts.emplace_back(with_step(line, step++));
  return {};
}

Result<std::int64_t> put_shared_console(db::Session& session, std::int64_t run,
                                        std::string_view writer, std::int64_t count,
                                        const Lines& lines) {
  TREADLE_TRY(const std::vector<Lines> parts,
              place_lines(session, run, kConsole, writer, lines, count));
  for (const Lines& part : parts) {
    TREADLE_TRY(count, put_console(session, run, count, part));
  }
  return count;
}

}  // namespace treadle::tracking
