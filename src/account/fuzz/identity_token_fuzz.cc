// Any bytes as an identity token and as a set of keys: refused, never believed.
#include "../identity_token.h"

#include <cstdint>
#include <cstdlib>

using namespace treadle::account;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  // The first line is the token, the rest are the keys.
  const auto line = std::min(text.find('\n'), text.size());
  const std::string_view keys = text.substr(std::min(line + 1, text.size()));
  (void)count_keys(keys);
  const auto token = parse_identity_token(text.substr(0, line));
  if (!token) return 0;
  (void)check_signature(text.substr(0, line), *token, keys);
  return 0;
}
