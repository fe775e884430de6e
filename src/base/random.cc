#include <treadle/base/digest.h>
#include <treadle/base/random.h>

#include <cerrno>
#include <cstdlib>
#include <string_view>
#include <sys/random.h>

namespace treadle {

std::string random_bytes(std::size_t count) {
  std::string bytes(count, '\0');
  std::size_t done = 0;
  while (done < count) {
    const ssize_t n = getrandom(bytes.data() + done, count - done, 0);
    if (n < 0) {
      if (errno == EINTR) continue;
      std::abort();  // a machine without randomness must not hand out keys
    }
    done += static_cast<std::size_t>(n);
  }
  return bytes;
}

std::string random_uuid() {
  std::string bytes = random_bytes(16);
  bytes[6] = static_cast<char>((bytes[6] & 0x0f) | 0x40);
  bytes[8] = static_cast<char>((bytes[8] & 0x3f) | 0x80);
  const std::string hex = to_hex(bytes);
  return hex.substr(0, 8) + '-' + hex.substr(8, 4) + '-' + hex.substr(12, 4) + '-' +
         hex.substr(16, 4) + '-' + hex.substr(20);
}

}  // namespace treadle
