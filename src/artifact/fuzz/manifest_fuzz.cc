// What parse_manifest accepts must be safe to use, and read back from its own text as the same.
#include <treadle/artifact/manifest.h>

#include <cstdint>
#include <cstdlib>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace treadle::artifact;
  const auto manifest = parse_manifest({reinterpret_cast<const char*>(data), size});
  if (!manifest) {
    if (manifest.error().message.empty()) std::abort();
    return 0;
  }
  const auto again = parse_manifest(manifest_text(*manifest));
  if (!again || manifest_digest(*again) != manifest_digest(*manifest) ||
      content_digest(*again) != content_digest(*manifest)) {
    std::abort();
  }
  for (const Entry& entry : manifest->entries) {
    if (!treadle::check_entry_path(entry.path)) std::abort();
  }
  return 0;
}
