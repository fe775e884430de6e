#include "row_stream.h"

#include <treadle/base/clock.h>

#include <algorithm>
#include <functional>

namespace treadle::tracking {
namespace {

// Chunks grow like this: when this many small ones stand at the end, they become one. A value is
// so written a few times in all, and a long history has few chunks.
constexpr std::size_t kMergeAt = 16;
constexpr std::int64_t kTiers[] = {4'096, kSeparateFrom, 1'000'000};  // values per chunk

std::int64_t stream_number(Stream stream) {
  return static_cast<std::int64_t>(stream);
}

int tier_of(std::int64_t cells) {
  int tier = 0;
  for (const std::int64_t limit : kTiers) tier += cells >= limit ? 1 : 0;
  return tier;
}

Result<void> remove_chunk(db::Session& session, std::int64_t run, std::int64_t stream,
                          std::int64_t first_line) {
  for (const char* sql :
       {"delete from tracking_chunk where run = $1 and stream = $2 and first_line = $3",
        "delete from tracking_column where run = $1 and stream = $2 and first_line = $3"}) {
    TREADLE_TRY(db::Statement * s, session.prepare(sql));
    s->bind(1, run).bind(2, stream).bind(3, first_line);
    TREADLE_CHECK(s->run());
  }
  return {};
}

Result<void> insert_chunk(db::Session& session, std::int64_t run, std::int64_t stream,
                          std::int64_t first_line, const RowBatch& batch, const ChunkText& text,
                          std::int64_t digest) {
  const std::vector<std::int64_t> steps = batch.steps(first_line);
  const auto [min, max] = std::minmax_element(steps.begin(), steps.end());
  TREADLE_TRY(db::Statement * s,
              session.prepare(
                  "insert into tracking_chunk (run, stream, first_line, lines, cells, min_step, "
                  "max_step, digest, content) values ($1, $2, $3, $4, $5, $6, $7, $8, $9)"));
  s->bind(1, run)
      .bind(2, stream)
      .bind(3, first_line)
      .bind(4, batch.rows)
      .bind(5, batch.cells())
      .bind(6, *min)
      .bind(7, *max)
      .bind(8, digest)
      .bind_blob(9, text.content);
  TREADLE_CHECK(s->run());
  for (std::size_t i = 0; i < text.columns.size(); ++i) {
    for (const int sample : {0, 1}) {
      const std::string& content = sample == 0 ? text.columns[i] : text.samples[i];
      if (content.empty()) continue;
      TREADLE_TRY(db::Statement * column,
                  session.prepare("insert into tracking_column (run, stream, first_line, position, "
                                  "sample, content) values ($1, $2, $3, $4, $5, $6)"));
      column->bind(1, run)
          .bind(2, stream)
          .bind(3, first_line)
          .bind(4, static_cast<std::int64_t>(i))
          .bind(5, sample)
          .bind_blob(6, content);
      TREADLE_CHECK(column->run());
    }
  }
  return {};
}

Result<void> insert_batch(db::Session& session, std::int64_t run, std::int64_t stream,
                          std::int64_t first_line, const RowBatch& batch) {
  if (batch.rows == 0) return {};
  return insert_chunk(session, run, stream, first_line, batch, encode_chunk(batch), 0);
}

Result<RowBatch> load_batch(db::Session& session, std::int64_t run, std::int64_t stream,
                            const ChunkRow& chunk) {
  TREADLE_TRY(ChunkHead head, load_chunk(session, run, stream, chunk));
  TREADLE_CHECK(load_columns(session, run, stream, chunk, head));
  return std::move(head.batch);
}

Result<std::vector<ChunkRow>> select_chunks(db::Session& session, std::int64_t run,
                                            std::int64_t stream, std::string_view rest,
                                            std::int64_t parameter) {
  TREADLE_TRY(db::Statement * s,
              session.prepare("select first_line, lines, cells, min_step, max_step, digest from "
                              "tracking_chunk where run = $1 and stream = $2 " +
                              std::string(rest)));
  s->bind(1, run).bind(2, stream);
  if (parameter >= 0) s->bind(3, parameter);
  std::vector<ChunkRow> chunks;
  while (true) {
    TREADLE_TRY(const bool more, s->step());
    if (!more) return chunks;
    chunks.push_back(
        {s->integer(0), s->integer(1), s->integer(2), s->integer(3), s->integer(4), s->integer(5)});
  }
}

// The small chunks at the end become one, when there are many of them and no line is missing
// between them.
Result<void> merge_tail(db::Session& session, std::int64_t run, std::int64_t stream) {
  TREADLE_TRY(const auto tail,
              select_chunks(session, run, stream, "order by first_line desc limit 64", -1));
  for (int tier = std::size(kTiers) - 1; tier >= 0; --tier) {
    std::size_t count = 0;
    while (
        count < tail.size() && tier_of(tail[count].cells) <= tier &&
        (count == 0 || tail[count].first_line + tail[count].lines == tail[count - 1].first_line)) {
      ++count;
    }
    if (count < kMergeAt) continue;
    RowBatch merged;
    for (std::size_t i = count; i-- > 0;) {
      TREADLE_TRY(const RowBatch part, load_batch(session, run, stream, tail[i]));
      merged.append(part);
    }
    for (std::size_t i = 0; i < count; ++i) {
      TREADLE_CHECK(remove_chunk(session, run, stream, tail[i].first_line));
    }
    return insert_batch(session, run, stream, tail[count - 1].first_line, merged);
  }
  return {};
}

// Line by line the same, written as text.
bool same_rows(const RowBatch& a, std::int64_t a_from, const RowBatch& b, std::int64_t b_from,
               std::int64_t count) {
  RowReader left(a), right(b);
  std::string x, y;
  for (std::int64_t i = 0; i < count; ++i) {
    left.seek(a_from + i);
    right.seek(b_from + i);
    x.clear();
    y.clear();
    left.append_json(x);
    right.append_json(y);
    if (x != y) return false;
  }
  return true;
}

Result<void> rebuild_head(db::Session& session, std::int64_t run, std::int64_t stream,
                          StreamHead& head) {
  head.keys.clear();
  head.lines = 0;
  head.last_step = -1;
  TREADLE_TRY(const auto chunks, list_chunks(session, run, stream));
  for (const ChunkRow& chunk : chunks) {
    TREADLE_TRY(const RowBatch batch, load_batch(session, run, stream, chunk));
    head.keys.add(batch);
    head.lines = chunk.first_line + chunk.lines;
    head.last_step = std::max(head.last_step, chunk.max_step);
  }
  return {};
}

// The lines come where there are some already.
Result<bool> overwrite(db::Session& session, std::int64_t run, Stream stream,
                       const ParsedLines& lines, StreamHead& head) {
  const std::int64_t end = lines.offset + lines.batch.rows;
  TREADLE_TRY(const auto chunks,
              select_chunks(session, run, stream_number(stream),
                            "and first_line + lines > $3 order by first_line", lines.offset));
  std::int64_t known_until = lines.offset;  // the lines before are there, and the same
  bool same = true;
  std::vector<std::pair<ChunkRow, RowBatch>> touched;
  for (const ChunkRow& chunk : chunks) {
    if (chunk.first_line >= end) break;
    if (chunk.first_line == lines.offset && chunk.lines == lines.batch.rows &&
        chunk.digest == lines.digest && lines.digest != 0) {
      return false;
    }
    TREADLE_TRY(RowBatch batch, load_batch(session, run, stream_number(stream), chunk));
    if (same && chunk.first_line <= known_until) {
      const std::int64_t until = std::min(end, chunk.first_line + chunk.lines);
      same = same_rows(batch, known_until - chunk.first_line, lines.batch,
                       known_until - lines.offset, until - known_until);
      if (same) known_until = until;
    } else {
      same = false;
    }
    touched.emplace_back(chunk, std::move(batch));
  }
  if (same && known_until == end) return false;
  if (same && known_until >= head.lines) {
    // The same as before, and more.
    ParsedLines rest;
    rest.offset = known_until;
    rest.batch.append(lines.batch, known_until - lines.offset, lines.batch.rows);
    rest.text = encode_chunk(rest.batch);
    return append_lines(session, run, stream, rest, head);
  }
  for (const auto& [chunk, batch] : touched) {
    TREADLE_CHECK(remove_chunk(session, run, stream_number(stream), chunk.first_line));
    RowBatch before, after;
    before.append(batch, 0,
                  std::clamp<std::int64_t>(lines.offset - chunk.first_line, 0, batch.rows));
    after.append(batch, std::clamp<std::int64_t>(end - chunk.first_line, 0, batch.rows),
                 batch.rows);
    TREADLE_CHECK(insert_batch(session, run, stream_number(stream), chunk.first_line, before));
    TREADLE_CHECK(insert_batch(session, run, stream_number(stream), end, after));
  }
  TREADLE_CHECK(insert_chunk(session, run, stream_number(stream), lines.offset, lines.batch,
                             lines.text, lines.digest));
  TREADLE_CHECK(rebuild_head(session, run, stream_number(stream), head));
  return true;
}

}  // namespace

Result<ParsedLines> parse_lines(const Lines& lines, std::string_view what) {
  ParsedLines parsed;
  parsed.offset = lines.offset;
  if (lines.offset < 0) {
    return fail(Errc::kInvalidArgument,
                "The offset of " + std::string(what) + " lines must not be negative.");
  }
  std::uint64_t digest = 0x9E3779B97F4A7C15U;
  for (std::size_t i = 0; i < lines.lines.size(); ++i) {
    if (auto added = parsed.batch.add_line(lines.lines[i]); !added) {
      return fail(std::move(added).error().with_context(
          "line " + std::to_string(lines.offset + static_cast<std::int64_t>(i)) + " of the " +
          std::string(what)));
    }
    digest = (digest ^ std::hash<std::string_view>()(lines.lines[i])) * 0xFF51AFD7ED558CCDU;
    digest ^= digest >> 32;
  }
  parsed.digest = static_cast<std::int64_t>(digest | 1);
  parsed.text = encode_chunk(parsed.batch);
  return parsed;
}

std::optional<StreamHead> HeadCache::take(std::int64_t run, Stream stream) {
  const std::scoped_lock lock(mutex_);
  const auto it = heads_.find({run, stream});
  if (it == heads_.end()) return std::nullopt;
  std::optional<StreamHead> head(std::move(it->second));
  heads_.erase(it);
  return head;
}

void HeadCache::put(std::int64_t run, Stream stream, StreamHead head) {
  constexpr std::size_t kMost = 512;
  const std::scoped_lock lock(mutex_);
  if (heads_.size() >= kMost) heads_.erase(heads_.begin());
  heads_.insert_or_assign({run, stream}, std::move(head));
}

void HeadCache::forget(std::int64_t run) {
  const std::scoped_lock lock(mutex_);
  heads_.erase({run, Stream::kHistory});
  heads_.erase({run, Stream::kEvents});
}

Result<StreamHead> load_head(db::Session& session, std::int64_t run, Stream stream,
                             HeadCache* cache) {
  TREADLE_TRY(db::Statement * s,
              session.prepare("select revision from tracking_stream where run = $1 "
                              "and stream = $2"));
  s->bind(1, run).bind(2, stream_number(stream));
  TREADLE_TRY(const bool found, s->step());
  if (!found) return StreamHead();
  const std::int64_t revision = s->integer(0);
  if (cache != nullptr) {
    if (auto cached = cache->take(run, stream); cached && cached->revision == revision) {
      return std::move(*cached);
    }
  }
  TREADLE_TRY(s,
              session.prepare("select lines, last_step, keys from tracking_stream where run = $1 "
                              "and stream = $2"));
  s->bind(1, run).bind(2, stream_number(stream));
  TREADLE_TRY(const bool still, s->step());
  StreamHead head;
  if (!still) return head;
  head.lines = s->integer(0);
  head.last_step = s->integer(1);
  head.revision = revision;
  TREADLE_TRY(head.keys, KeyTable::decode(s->text(2)));
  return head;
}

Result<void> save_head(db::Session& session, std::int64_t run, Stream stream, StreamHead& head) {
  // Never a number that this run, or one that had its key before, has had.
  head.revision = std::max(head.revision + 1, system_clock().now());
  TREADLE_TRY(
      db::Statement * s,
      session.prepare("insert into tracking_stream (run, stream, lines, last_step, revision, keys) "
                      "values ($1, $2, "
                      "$3, $4, $5, $6) on conflict (run, stream) do update set lines = "
                      "excluded.lines, last_step "
                      "= excluded.last_step, revision = excluded.revision, keys = excluded.keys"));
  const std::string keys = head.keys.encode();
  s->bind(1, run)
      .bind(2, stream_number(stream))
      .bind(3, head.lines)
      .bind(4, head.last_step)
      .bind(5, head.revision)
      .bind_blob(6, keys);
  return s->run();
}

Result<bool> append_lines(db::Session& session, std::int64_t run, Stream stream,
                          const ParsedLines& lines, StreamHead& head) {
  if (lines.batch.rows == 0) return false;
  if (lines.offset < head.lines) return overwrite(session, run, stream, lines, head);
  TREADLE_CHECK(insert_chunk(session, run, stream_number(stream), lines.offset, lines.batch,
                             lines.text, lines.digest));
  head.keys.add(lines.batch);
  head.lines = lines.offset + lines.batch.rows;
  const std::vector<std::int64_t> steps = lines.batch.steps(lines.offset);
  head.last_step = std::max(head.last_step, *std::max_element(steps.begin(), steps.end()));
  TREADLE_CHECK(merge_tail(session, run, stream_number(stream)));
  return true;
}

Result<void> cut_after(db::Session& session, std::int64_t run, Stream stream, std::int64_t step,
                       std::int64_t archive, StreamHead& head) {
  TREADLE_TRY(const auto chunks, list_chunks(session, run, stream_number(stream)));
  std::int64_t kept_lines = 0;
  bool cutting = false;
  for (const ChunkRow& chunk : chunks) {
    if (!cutting && chunk.max_step <= step) {
      kept_lines = chunk.first_line + chunk.lines;
      continue;
    }
    TREADLE_TRY(const RowBatch batch, load_batch(session, run, stream_number(stream), chunk));
    std::int64_t keep = 0;
    if (!cutting) {
      const std::vector<std::int64_t> steps = batch.steps(chunk.first_line);
      while (keep < batch.rows && steps[static_cast<std::size_t>(keep)] <= step) ++keep;
    }
    cutting = true;
    RowBatch before, after;
    before.append(batch, 0, keep);
    after.append(batch, keep, batch.rows);
    TREADLE_CHECK(remove_chunk(session, run, stream_number(stream), chunk.first_line));
    TREADLE_CHECK(insert_batch(session, run, stream_number(stream), chunk.first_line, before));
    TREADLE_CHECK(insert_batch(session, run, archive, chunk.first_line + keep, after));
    if (keep > 0) kept_lines = chunk.first_line + keep;
  }
  if (!cutting) return {};
  TREADLE_CHECK(rebuild_head(session, run, stream_number(stream), head));
  head.lines = kept_lines;
  return {};
}

Result<void> copy_until(db::Session& session, std::int64_t from, std::int64_t to, Stream stream,
                        std::int64_t step, StreamHead& head) {
  TREADLE_TRY(const auto chunks, list_chunks(session, from, stream_number(stream)));
  for (const ChunkRow& chunk : chunks) {
    TREADLE_TRY(const RowBatch batch, load_batch(session, from, stream_number(stream), chunk));
    const std::vector<std::int64_t> steps = batch.steps(chunk.first_line);
    std::int64_t keep = 0;
    while (keep < batch.rows && steps[static_cast<std::size_t>(keep)] <= step) ++keep;
    RowBatch part;
    part.append(batch, 0, keep);
    TREADLE_CHECK(insert_batch(session, to, stream_number(stream), chunk.first_line, part));
    if (keep < batch.rows) break;
  }
  return rebuild_head(session, to, stream_number(stream), head);
}

Result<void> remove_streams(db::Session& session, std::int64_t run) {
  for (const char* sql :
       {"delete from tracking_stream where run = $1", "delete from tracking_chunk where run = $1",
        "delete from tracking_column where run = $1"}) {
    TREADLE_TRY(db::Statement * s, session.prepare(sql));
    s->bind(1, run);
    TREADLE_CHECK(s->run());
  }
  return {};
}

Result<std::vector<ChunkRow>> list_chunks(db::Session& session, std::int64_t run,
                                          std::int64_t stream) {
  return select_chunks(session, run, stream, "order by first_line", -1);
}

Result<ChunkHead> load_chunk(db::Session& session, std::int64_t run, std::int64_t stream,
                             const ChunkRow& chunk) {
  TREADLE_TRY(db::Statement * s,
              session.prepare("select content from tracking_chunk where run = $1 "
                              "and stream = $2 and first_line = $3"));
  s->bind(1, run).bind(2, stream).bind(3, chunk.first_line);
  TREADLE_TRY(const bool found, s->step());
  if (!found) {
    return fail(Errc::kCorrupt, "A chunk of a run's history is missing. Restore treadle.db.");
  }
  return decode_head(s->text(0));
}

Result<void> load_columns(db::Session& session, std::int64_t run, std::int64_t stream,
                          const ChunkRow& chunk, ChunkHead& head,
                          const std::vector<std::size_t>* columns, bool sample) {
  const std::size_t count = columns != nullptr ? columns->size() : head.batch.columns.size();
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t column = columns != nullptr ? (*columns)[i] : i;
    if (!head.payloads.empty()) {
      TREADLE_CHECK(head.load(column));
      continue;
    }
    if (head.batch.columns[column].count > 0) continue;
    TREADLE_TRY(
        db::Statement * s,
        session.prepare("select content from tracking_column where run = $1 and stream = $2 "
                        "and first_line = $3 and position = $4 and sample = $5"));
    s->bind(1, run)
        .bind(2, stream)
        .bind(3, chunk.first_line)
        .bind(4, static_cast<std::int64_t>(column))
        .bind(5, sample ? 1 : 0);
    TREADLE_TRY(const bool found, s->step());
    if (!found) {
      return fail(Errc::kCorrupt, "A column of a run's history is missing. Restore treadle.db.");
    }
    TREADLE_CHECK(decode_column(s->text(0), head.batch.columns[column]));
  }
  return {};
}

}  // namespace treadle::tracking
