// A run's rows as a file that other programs read.
#pragma once

#include <treadle/tracking/store.h>

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace treadle::tracking {

using ByteSink = std::function<Result<void>(std::string_view)>;

// Apache Parquet (one row group per 65,536 rows, ZSTD), front to back, in memory that does not grow with
// the number of rows. One column per key, in order of first use: numbers as doubles, but `_step` as a
// 64-bit integer; booleans; texts; whatever else, or of several types, as JSON text. A row that lacks a
// key has a null. `keys` empty = all.
Result<void> write_parquet(Store& store, const Run& run, Stream stream,
                           const std::vector<std::string>& keys, const ByteSink& sink);

}  // namespace treadle::tracking
