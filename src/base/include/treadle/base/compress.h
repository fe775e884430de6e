// Compression of bytes that Treadle keeps (zstd). The result says how it was packed, so that what
// does not become smaller is kept as it is.
#pragma once

#include <treadle/base/result.h>

#include <cstddef>
#include <string>
#include <string_view>

namespace treadle {

// Appends the packed bytes to `out`: never more than bytes.size() + 1. Level 1 is the fastest.
void append_compressed(std::string& out, std::string_view bytes, int level = 1);
std::string compress(std::string_view bytes, int level = 1);
// kCorrupt when it is not what compress() made, or would become larger than `limit` bytes.
Result<std::string> decompress(std::string_view packed, std::size_t limit = std::size_t{1} << 31);
// A plain zstd frame, as other programs read it.
std::string zstd_frame(std::string_view bytes, int level = 1);

}  // namespace treadle
