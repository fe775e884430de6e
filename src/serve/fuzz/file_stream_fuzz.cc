// Bodies of file_stream from strangers: read or refused, never a crash.
#include "../file_stream_body.h"

#include <cstddef>
#include <cstdint>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto body = treadle::serve::StreamBody::parse({reinterpret_cast<const char*>(data), size});
  if (body) (void)body->update();
  return 0;
}
