#include "row_query.h"

#include <algorithm>

namespace treadle::tracking {
namespace {

// Which columns hold these keys: nothing when one of them is in no row.
std::optional<std::vector<std::size_t>> columns_of(const RowBatch& batch,
                                                   const std::vector<std::string>& keys) {
  std::vector<std::size_t> found;
  for (const std::string& key : keys) {
    const auto is = [&](bool plain) {
      return std::find_if(batch.columns.begin(), batch.columns.end(), [&](const Column& column) {
        return plain ? plain_key(column.key) == key : column.key == key;
      });
    };
    auto it = is(false);
    if (it == batch.columns.end()) it = is(true);
    if (it == batch.columns.end()) return std::nullopt;
    found.push_back(static_cast<std::size_t>(it - batch.columns.begin()));
  }
  return found;
}

void add_step_column(const RowBatch& batch, std::vector<std::size_t>& columns) {
  for (std::size_t i = 0; i < batch.columns.size(); ++i) {
    if (batch.columns[i].key == "_step" &&
        std::find(columns.begin(), columns.end(), i) == columns.end()) {
      columns.push_back(i);
    }
  }
}

std::vector<std::size_t> all_columns(const RowBatch& batch) {
  std::vector<std::size_t> all(batch.columns.size());
  for (std::size_t i = 0; i < all.size(); ++i) all[i] = i;
  return all;
}

struct Found {
  ChunkRow chunk;
  ChunkHead head;
};

Result<std::optional<Found>> next_chunk(db::Database& database, std::int64_t run,
                                        std::int64_t stream, const HistoryQuery& query,
                                        std::int64_t line) {
  std::optional<Found> found;
  TREADLE_CHECK(database.read([&](db::Session& session) -> Result<void> {
    TREADLE_TRY(
        db::Statement * s,
        session.prepare(
            "select first_line, lines, cells, min_step, max_step, digest from tracking_chunk "
            "where run = $1 and stream = $2 and first_line + lines > $3 and max_step >= $4 "
            "and min_step < $5 order by first_line limit 1"));
    s->bind(1, run).bind(2, stream).bind(3, line).bind(4, query.min_step).bind(5, query.max_step);
    TREADLE_TRY(const bool more, s->step());
    if (!more) return {};
    const ChunkRow chunk{s->integer(0), s->integer(1), s->integer(2),
                         s->integer(3), s->integer(4), s->integer(5)};
    TREADLE_TRY(ChunkHead head, load_chunk(session, run, stream, chunk));
    if (query.keys.empty()) {
      TREADLE_CHECK(load_columns(session, run, stream, chunk, head));
    } else if (auto columns = columns_of(head.batch, query.keys)) {
      add_step_column(head.batch, *columns);
      TREADLE_CHECK(load_columns(session, run, stream, chunk, head, &*columns));
    }
    found.emplace(chunk, std::move(head));
    return {};
  }));
  return found;
}

// The rows of a chunk that have all keys and lie in the range.
std::vector<std::int64_t> wanted_rows(const RowBatch& batch,
                                      const std::vector<std::size_t>& columns,
                                      const std::vector<std::int64_t>* steps,
                                      const SampleQuery& query) {
  std::vector<std::int64_t> rows;
  std::int64_t row = 0;
  for (const auto& [shape, run] : batch.row_shapes) {
    const RowBatch::Shape& cells = batch.shapes[shape];
    const bool complete = std::all_of(columns.begin(), columns.end(), [&](std::size_t column) {
      return std::find(cells.begin(), cells.end(), column) != cells.end();
    });
    for (std::int64_t i = 0; i < run; ++i, ++row) {
      if (!complete) continue;
      if (steps != nullptr) {
        const std::int64_t step = (*steps)[static_cast<std::size_t>(row)];
        if (step < query.min_step || step > query.max_step) continue;
      }
      rows.push_back(row);
    }
  }
  return rows;
}

// A chunk and which of its rows may be sampled.
struct Candidate {
  ChunkRow chunk;
  ChunkHead head;
  std::vector<std::size_t> columns;  // with the keys
  bool whole = false;                // every row of the chunk
  std::vector<std::int64_t> rows;    // unless whole
  std::int64_t count = 0;
};

Result<std::optional<Candidate>> candidate(db::Session& session, std::int64_t run,
                                           std::int64_t stream, const ChunkRow& chunk,
                                           const SampleQuery& query) {
  Candidate c;
  c.chunk = chunk;
  TREADLE_TRY(c.head, load_chunk(session, run, stream, chunk));
  if (query.keys.empty()) {
    c.columns = all_columns(c.head.batch);
  } else {
    auto columns = columns_of(c.head.batch, query.keys);
    if (!columns) return std::optional<Candidate>();
    c.columns = std::move(*columns);
  }
  const bool in_range = chunk.min_step >= query.min_step && chunk.max_step <= query.max_step;
  c.whole = in_range && std::all_of(c.columns.begin(), c.columns.end(), [&](std::size_t column) {
              return c.head.counts[column] == c.head.batch.rows;
            });
  if (c.whole) {
    c.count = c.head.batch.rows;
    return std::optional<Candidate>(std::move(c));
  }
  std::vector<std::int64_t> steps;
  if (!in_range) {
    std::vector<std::size_t> step_column;
    add_step_column(c.head.batch, step_column);
    TREADLE_CHECK(load_columns(session, run, stream, chunk, c.head, &step_column));
    steps = c.head.batch.steps(chunk.first_line);
  }
  c.rows = wanted_rows(c.head.batch, query.keys.empty() ? std::vector<std::size_t>() : c.columns,
                       in_range ? nullptr : &steps, query);
  c.count = static_cast<std::int64_t>(c.rows.size());
  return std::optional<Candidate>(std::move(c));
}

// Rows of a whole chunk from the samples of its columns, without reading them all.
Result<void> from_samples(db::Session& session, std::int64_t run, std::int64_t stream, Candidate& c,
                          const std::vector<std::int64_t>& positions, const SampleQuery& query,
                          const SampleSink& sink) {
  RowBatch& batch = c.head.batch;
  TREADLE_CHECK(load_columns(session, run, stream, c.chunk, c.head, &c.columns, true));
  const std::int64_t last = batch.rows - 1;
  batch.rows = batch.columns[c.columns.front()].count;
  const std::vector<std::int64_t> steps = batch.steps(c.chunk.first_line);
  batch.row_shapes = {{batch.row_shapes.front().first, batch.rows}};
  RowReader reader(batch, query.keys);
  std::int64_t before = -1;
  for (const std::int64_t position : positions) {
    const std::int64_t row =
        position == last ? batch.rows - 1
                         : std::min((position + kSampleStride / 2) / kSampleStride, batch.rows - 1);
    if (row == before) continue;
    before = row;
    reader.seek(row);
    sink(steps[static_cast<std::size_t>(row)], reader);
  }
  return {};
}

// Every column has a sample, and all rows have the same columns, so that the samples belong
// together.
bool has_samples(const Candidate& c) {
  if (!c.whole || !c.head.payloads.empty() || c.columns.empty()) return false;
  const bool step = std::any_of(c.columns.begin(), c.columns.end(), [&](std::size_t column) {
    return c.head.batch.columns[column].key == "_step";
  });
  return step && c.head.batch.rows >= kSampledFrom;
}

Result<void> pick(db::Session& session, std::int64_t run, std::int64_t stream, Candidate& c,
                  const std::vector<std::int64_t>& positions, const SampleQuery& query,
                  const SampleSink& sink) {
  std::vector<std::size_t> columns = c.columns;
  add_step_column(c.head.batch, columns);
  const std::int64_t stride =
      positions.empty() ? 0 : c.count / static_cast<std::int64_t>(positions.size());
  if (stride >= kSampleStride) {
    Candidate sampled;
    sampled.chunk = c.chunk;
    sampled.columns = columns;
    sampled.whole = c.whole && std::all_of(columns.begin(), columns.end(), [&](std::size_t column) {
                      return c.head.counts[column] == c.head.batch.rows;
                    });
    sampled.head = c.head;
    if (has_samples(sampled)) {
      return from_samples(session, run, stream, sampled, positions, query, sink);
    }
  }
  TREADLE_CHECK(load_columns(session, run, stream, c.chunk, c.head, &columns));
  const std::vector<std::int64_t> steps = c.head.batch.steps(c.chunk.first_line);
  RowReader reader(c.head.batch, query.keys);
  for (const std::int64_t position : positions) {
    const std::int64_t row = c.whole ? position : c.rows[static_cast<std::size_t>(position)];
    reader.seek(row);
    sink(steps[static_cast<std::size_t>(row)], reader);
  }
  return {};
}

}  // namespace

Result<void> scan_rows(db::Database& database, std::int64_t run, std::int64_t stream,
                       const HistoryQuery& query, const RowSink& sink) {
  std::int64_t line = query.after_line + 1;
  std::int64_t left = query.limit > 0 ? query.limit : kAnyStep;
  std::string json;
  while (left > 0) {
    TREADLE_TRY(auto found, next_chunk(database, run, stream, query, line));
    if (!found) return {};
    const ChunkRow& chunk = found->chunk;
    const RowBatch& batch = found->head.batch;
    const std::int64_t from = std::max<std::int64_t>(line - chunk.first_line, 0);
    line = chunk.first_line + chunk.lines;
    if (!query.keys.empty() && !columns_of(batch, query.keys)) continue;
    const bool in_range = chunk.min_step >= query.min_step && chunk.max_step < query.max_step;
    std::vector<std::int64_t> steps;
    if (!in_range) steps = batch.steps(chunk.first_line);
    RowReader reader(batch, query.keys);
    for (std::int64_t row = from; row < batch.rows && left > 0; ++row) {
      if (!in_range) {
        const std::int64_t step = steps[static_cast<std::size_t>(row)];
        if (step < query.min_step || step >= query.max_step) continue;
      }
      reader.seek(row);
      if (!reader.complete()) continue;
      json.clear();
      reader.append_json(json);
      --left;
      if (!sink(chunk.first_line + row, json)) return {};
    }
  }
  return {};
}

Result<void> sample_rows(db::Session& session, std::int64_t run, std::int64_t stream,
                         const SampleQuery& query, const SampleSink& sink) {
  TREADLE_TRY(const auto chunks, list_chunks(session, run, stream));
  std::vector<Candidate> candidates;
  std::int64_t total = 0;
  for (const ChunkRow& chunk : chunks) {
    if (chunk.max_step < query.min_step || chunk.min_step > query.max_step) continue;
    TREADLE_TRY(auto c, candidate(session, run, stream, chunk, query));
    if (!c || c->count == 0) continue;
    total += c->count;
    candidates.push_back(std::move(*c));
  }
  const std::int64_t samples = query.samples <= 0 ? total : std::min(query.samples, total);
  std::int64_t begin = 0, next = 0;
  for (Candidate& c : candidates) {
    std::vector<std::int64_t> positions;
    for (; next < samples; ++next) {
      const std::int64_t at = samples == total ? next
                              : samples == 1
                                  ? total - 1
                                  : static_cast<std::int64_t>(static_cast<__int128>(next) *
                                                              (total - 1) / (samples - 1));
      if (at >= begin + c.count) break;
      positions.push_back(at - begin);
    }
    begin += c.count;
    if (positions.empty()) continue;
    TREADLE_CHECK(pick(session, run, stream, c, positions, query, sink));
    c.head = ChunkHead();
  }
  return {};
}

}  // namespace treadle::tracking
