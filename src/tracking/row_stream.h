// Private to the room: one stream of rows of one run, inside a transaction.
#pragma once

#include "chunk.h"
#include "key_table.h"
#include <treadle/db/database.h>
#include <treadle/tracking/history.h>

#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

namespace treadle::tracking {

// Lines made ready outside of the transaction, where it takes long.
struct ParsedLines {
  std::int64_t offset = 0;
  RowBatch batch;
  ChunkText text;
  std::int64_t digest = 0;  // of the lines as given: the same request again has the same
};
// kInvalidArgument names the line. `what` is the stream as users know it: "history".
Result<ParsedLines> parse_lines(const Lines& lines, std::string_view what);

// What stands in tracking_stream.
struct StreamHead {
  std::int64_t lines = 0;
  std::int64_t last_step = -1;
  std::int64_t revision = 0;  // 0 = no row yet
  KeyTable keys;
};

// The heads this process wrote last, so that appending need not read them again. A head is taken
// out while a transaction changes it, and put back when that has been committed. Thread-safe.
class HeadCache {
 public:
  std::optional<StreamHead> take(std::int64_t run, Stream stream);
  void put(std::int64_t run, Stream stream, StreamHead head);
  void forget(std::int64_t run);

 private:
  std::mutex mutex_;
  std::map<std::pair<std::int64_t, Stream>, StreamHead> heads_;
};

Result<StreamHead> load_head(db::Session& session, std::int64_t run, Stream stream,
                             HeadCache* cache = nullptr);
Result<void> save_head(db::Session& session, std::int64_t run, Stream stream, StreamHead& head);

// Appends, or replaces lines that are there; what is there already is left alone. False: nothing
// changed.
Result<bool> append_lines(db::Session& session, std::int64_t run, Stream stream,
                          const ParsedLines& lines, StreamHead& head);
// Moves the rows with a greater step to stream number `archive`.
Result<void> cut_after(db::Session& session, std::int64_t run, Stream stream, std::int64_t step,
                       std::int64_t archive, StreamHead& head);
// Gives `to` the rows of `from` up to this step.
Result<void> copy_until(db::Session& session, std::int64_t from, std::int64_t to, Stream stream,
                        std::int64_t step, StreamHead& head);
Result<void> remove_streams(db::Session& session, std::int64_t run);

// A chunk as listed, without its content.
struct ChunkRow {
  std::int64_t first_line = 0;
  std::int64_t lines = 0;
  std::int64_t cells = 0;
  std::int64_t min_step = 0;
  std::int64_t max_step = 0;
  std::int64_t digest = 0;
};
Result<std::vector<ChunkRow>> list_chunks(db::Session& session, std::int64_t run,
                                          std::int64_t stream);
Result<ChunkHead> load_chunk(db::Session& session, std::int64_t run, std::int64_t stream,
                             const ChunkRow& chunk);
// Values of these columns (or all) into head.batch; `sample`: of their samples, which must be
// there.
Result<void> load_columns(db::Session& session, std::int64_t run, std::int64_t stream,
                          const ChunkRow& chunk, ChunkHead& head,
                          const std::vector<std::size_t>* columns = nullptr, bool sample = false);

}  // namespace treadle::tracking
