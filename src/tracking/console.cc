// Console output: lines by number, kept in blocks of a fixed count, so that a line can be edited
// by writing its block again.
#include "bytes.h"
#include "sql_store.h"
#include <treadle/base/compress.h>

#include <algorithm>

namespace treadle::tracking {
namespace {

constexpr std::int64_t kLinesPerBlock = 256;
constexpr std::int64_t kMostGap = 1'000'000;  // lines; more is a mistake, not a terminal

Result<std::vector<std::string>> load_block(db::Session& session, std::int64_t run,
                                            std::int64_t block) {
  TREADLE_TRY(
      db::Statement * s,
      session.prepare("select content from tracking_console where run = $1 and block = $2"));
  s->bind(1, run).bind(2, block);
  TREADLE_TRY(const bool found, s->step());
  std::vector<std::string> lines;
  if (!found) return lines;
  TREADLE_TRY(const std::string bytes, decompress(s->text(0)));
  ByteReader reader(bytes);
  while (reader.left() > 0 && reader.ok()) lines.emplace_back(reader.text());
  if (!reader.ok()) {
    return fail(Errc::kCorrupt, "Console output of a run is damaged. Restore treadle.db.");
  }
  return lines;
}

Result<void> save_block(db::Session& session, std::int64_t run, std::int64_t block,
                        const std::vector<std::string>& lines) {
  std::string bytes;
  for (const std::string& line : lines) put_text(bytes, line);
  const std::string packed = compress(bytes);
  TREADLE_TRY(
      db::Statement * s,
      session.prepare("insert into tracking_console (run, block, lines, content) values ($1, "
                      "$2, $3, $4) on conflict (run, block) do update set lines = "
                      "excluded.lines, content = excluded.content"));
  s->bind(1, run)
      .bind(2, block)
      .bind(3, static_cast<std::int64_t>(lines.size()))
      .bind_blob(4, packed);
  return s->run();
}

}  // namespace

Result<std::int64_t> put_console(db::Session& session, std::int64_t run_key, std::int64_t lines,
                                 const Lines& update) {
  const auto count = static_cast<std::int64_t>(update.lines.size());
  if (update.offset < 0 || update.offset > lines + kMostGap) {
    return fail(Errc::kInvalidArgument, "Console lines begin at line " +
                                            std::to_string(update.offset) + ", but there are " +
                                            std::to_string(lines) + ".");
  }
  if (count == 0) return lines;
  const std::int64_t end = update.offset + count;
  // Blocks of a gap are not stored; the block in which the lines end before it is filled up.
  for (std::int64_t block = update.offset / kLinesPerBlock; block * kLinesPerBlock < end; ++block) {
    TREADLE_TRY(std::vector<std::string> all, load_block(session, run_key, block));
    const std::int64_t first = block * kLinesPerBlock;
    const std::int64_t from = std::max(update.offset, first);
    const std::int64_t to = std::min(end, first + kLinesPerBlock);
    if (static_cast<std::int64_t>(all.size()) < to - first) {
      all.resize(static_cast<std::size_t>(to - first));
    }
    for (std::int64_t line = from; line < to; ++line) {
      all[static_cast<std::size_t>(line - first)] =
          update.lines[static_cast<std::size_t>(line - update.offset)];
    }
    TREADLE_CHECK(save_block(session, run_key, block, all));
  }
  return std::max(lines, end);
}

Result<std::vector<std::string>> SqlStore::console(std::int64_t run_key, std::int64_t first,
                                                   std::int64_t count) {
  std::vector<std::string> out;
  TREADLE_CHECK(database_.read([&](db::Session& session) -> Result<void> {
    out.clear();
    TREADLE_TRY(const RunRow row, get_run(session, run_key, false));
    const std::int64_t total = row.run.console_lines;
    const std::int64_t from = first < 0 ? std::max<std::int64_t>(total + first, 0) : first;
    const std::int64_t to = count > 0 ? std::min(total, from + count) : total;
    std::vector<std::string> block;
    std::int64_t loaded = -1;
    for (std::int64_t line = from; line < to; ++line) {
      if (line / kLinesPerBlock != loaded) {
        loaded = line / kLinesPerBlock;
        TREADLE_TRY(block, load_block(session, run_key, loaded));
      }
      const auto at = static_cast<std::size_t>(line % kLinesPerBlock);
      out.push_back(at < block.size() ? std::move(block[at]) : std::string());
    }
    return {};
  }));
  return out;
}

}  // namespace treadle::tracking
