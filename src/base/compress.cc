#include <treadle/base/compress.h>

#include <memory>
#include <zstd.h>

namespace treadle {
namespace {

constexpr char kPlain = 0;
constexpr char kZstd = 1;
constexpr std::size_t kTooSmall = 64;  // a frame's header would eat what is won

struct FreeContext {
  void operator()(ZSTD_CCtx* context) const { ZSTD_freeCCtx(context); }
  void operator()(ZSTD_DCtx* context) const { ZSTD_freeDCtx(context); }
};

}  // namespace

void append_compressed(std::string& out, std::string_view bytes, int level) {
  const std::size_t begin = out.size();
  out.push_back(kPlain);
  if (bytes.size() >= kTooSmall) {
    thread_local const std::unique_ptr<ZSTD_CCtx, FreeContext> context(ZSTD_createCCtx());
    out.resize(begin + 1 + bytes.size());
    const std::size_t size = ZSTD_compressCCtx(context.get(), out.data() + begin + 1,
                                               bytes.size() - 1, bytes.data(), bytes.size(), level);
    if (ZSTD_isError(size) == 0) {
      out[begin] = kZstd;
      out.resize(begin + 1 + size);
      return;
    }
    out.resize(begin + 1);
  }
  out.append(bytes);
}

std::string compress(std::string_view bytes, int level) {
  std::string out;
  append_compressed(out, bytes, level);
  return out;
}

std::string zstd_frame(std::string_view bytes, int level) {
  thread_local const std::unique_ptr<ZSTD_CCtx, FreeContext> context(ZSTD_createCCtx());
  std::string out(ZSTD_compressBound(bytes.size()), '\0');
  const std::size_t size =
      ZSTD_compressCCtx(context.get(), out.data(), out.size(), bytes.data(), bytes.size(), level);
  out.resize(size);  // with room for the bound it cannot fail
  return out;
}

Result<std::string> decompress(std::string_view packed, std::size_t limit) {
  const auto corrupt = [] {
    return fail(Errc::kCorrupt, "Compressed bytes are damaged: they cannot be unpacked.");
  };
  if (packed.empty() || (packed[0] != kPlain && packed[0] != kZstd)) return corrupt();
  const std::string_view body = packed.substr(1);
  if (packed[0] == kPlain) {
    if (body.size() > limit) return corrupt();
    return std::string(body);
  }
  const unsigned long long size = ZSTD_getFrameContentSize(body.data(), body.size());
  if (size == ZSTD_CONTENTSIZE_ERROR || size == ZSTD_CONTENTSIZE_UNKNOWN || size > limit) {
    return corrupt();
  }
  thread_local const std::unique_ptr<ZSTD_DCtx, FreeContext> context(ZSTD_createDCtx());
  std::string out(static_cast<std::size_t>(size), '\0');
  const std::size_t got =
      ZSTD_decompressDCtx(context.get(), out.data(), out.size(), body.data(), body.size());
  if (ZSTD_isError(got) != 0 || got != out.size()) return corrupt();
  return out;
}

}  // namespace treadle
