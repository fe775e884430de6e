#include <treadle/base/files.h>
#include <treadle/base/write_back.h>

#include <fcntl.h>

namespace treadle {

void begin_write_back(const OpenFile& file, std::int64_t offset, std::int64_t size) {
  (void)sync_file_range(file.fd(), offset, size, SYNC_FILE_RANGE_WRITE);
}

}  // namespace treadle
