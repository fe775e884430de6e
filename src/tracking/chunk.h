// Private to the room: a batch of rows as the bytes of a chunk. Format: docs/formats/tracking.md.
#pragma once

#include "row_batch.h"

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace treadle::tracking {

// From this many values on, each column is kept by itself, so that one can be read alone.
inline constexpr std::int64_t kSeparateFrom = 65'536;
// A column with more values than this has a sample: every kSampleStride-th value and the last.
inline constexpr std::int64_t kSampledFrom = 4'096;
inline constexpr std::int64_t kSampleStride = 64;

struct ChunkText {
  std::string content;               // with the columns, unless they are apart
  std::vector<std::string> columns;  // empty = inside `content`
  std::vector<std::string> samples;  // per column, "" = none
};
ChunkText encode_chunk(const RowBatch& batch);

// What can be known of a chunk before its columns are read.
struct ChunkHead {
  RowBatch batch;                          // columns have keys, but no values
  std::vector<std::int64_t> counts;        // values per column
  std::vector<std::string_view> payloads;  // into `bytes`; empty = the columns are apart
  std::shared_ptr<const std::string> bytes;

  // Values of an inline column into the batch.
  Result<void> load(std::size_t column);
};
Result<ChunkHead> decode_head(std::string_view content);
// The values of a column that is kept apart, or of its sample.
Result<void> decode_column(std::string_view content, Column& column);

}  // namespace treadle::tracking
