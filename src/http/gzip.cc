#include <treadle/http/gzip.h>

#include <algorithm>
#include <cstring>
#include <zlib.h>

namespace treadle::http {
namespace {
constexpr int kGzipWindow = 15 + 16;
}

Result<std::string> gunzip(std::string_view packed, std::size_t limit) {
  z_stream stream;
  std::memset(&stream, 0, sizeof(stream));
  if (inflateInit2(&stream, kGzipWindow) != Z_OK) {
    return fail(Errc::kInternal, "The decompressor could not be started.");
  }
  struct End {
    z_stream& stream;
    ~End() { inflateEnd(&stream); }
  } end{stream};
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed.data()));
  stream.avail_in = static_cast<uInt>(packed.size());
  std::string out;
  while (true) {
    const std::size_t before = out.size();
    if (before > limit) {
      return fail(Errc::kUnsupported, "The compressed body is larger than " +
                                          std::to_string(limit) + " bytes when unpacked.");
    }
    out.resize(std::min(limit + 1, std::max<std::size_t>(before * 2, packed.size() * 4 + 512)));
    if (out.size() == before) out.resize(before + 1);
    stream.next_out = reinterpret_cast<Bytef*>(out.data() + before);
    stream.avail_out = static_cast<uInt>(out.size() - before);
    const int rc = inflate(&stream, Z_NO_FLUSH);
    out.resize(out.size() - stream.avail_out);
    if (rc == Z_STREAM_END) break;
    if (rc != Z_OK || (stream.avail_in == 0 && stream.avail_out != 0)) {
      return fail(Errc::kInvalidArgument,
                  "The body says it is gzip, but it is not, or is cut off.");
    }
  }
  if (out.size() > limit) {
    return fail(Errc::kUnsupported, "The compressed body is larger than " + std::to_string(limit) +
                                        " bytes when unpacked.");
  }
  return out;
}

std::string gzip(std::string_view plain, int level) {
  z_stream stream;
  std::memset(&stream, 0, sizeof(stream));
  std::string out;
  if (deflateInit2(&stream, level, Z_DEFLATED, kGzipWindow, 8, Z_DEFAULT_STRATEGY) != Z_OK) {
    return out;
  }
  out.resize(deflateBound(&stream, static_cast<uLong>(plain.size())));
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(plain.data()));
  stream.avail_in = static_cast<uInt>(plain.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  deflate(&stream, Z_FINISH);
  out.resize(out.size() - stream.avail_out);
  deflateEnd(&stream);
  return out;
}

}  // namespace treadle::http
