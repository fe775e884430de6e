// Private to the room: reading a stream of rows.
#pragma once

#include "row_stream.h"
#include <treadle/db/database.h>

#include <functional>

namespace treadle::tracking {

// A chunk at a time in its own transaction, so that the sink may take its time and use the store.
Result<void> scan_rows(db::Database& database, std::int64_t run, std::int64_t stream,
                       const HistoryQuery& query, const RowSink& sink);

// Called with the step and the reader at a sampled row.
using SampleSink = std::function<void(std::int64_t step, RowReader& row)>;
Result<void> sample_rows(db::Session& session, std::int64_t run, std::int64_t stream,
                         const SampleQuery& query, const SampleSink& sink);

}  // namespace treadle::tracking
