// Hurrying what was written towards the disk.
#pragma once

#include <cstdint>

namespace treadle {

class OpenFile;

// Begins to bring that part of the file to the disk, so that Files::sync() has less to wait for. A hint:
// nothing is durable by it.
void begin_write_back(const OpenFile& file, std::int64_t offset, std::int64_t size);

}  // namespace treadle
