#include "entry_blobs.h"

#include <cstring>

namespace treadle::artifact {

std::optional<Sha256> sha256_from_hex(const std::string& hex) {
  const std::optional<std::string> bytes = from_hex(hex);
  Sha256 out{};
  if (!bytes || bytes->size() != out.size()) return std::nullopt;
  std::memcpy(out.data(), bytes->data(), out.size());
  return out;
}

std::optional<Sha256> sha256_of(const Entry& entry) {
  if (!entry.reference.empty()) return std::nullopt;
  return sha256_from_hex(entry.sha256);
}

std::vector<Sha256> blobs_of(std::span<const Entry> entries) {
  std::vector<Sha256> out;
  out.reserve(entries.size());
  for (const Entry& entry : entries) {
    if (const auto blob = sha256_of(entry)) out.push_back(*blob);
  }
  return out;
}

}  // namespace treadle::artifact
