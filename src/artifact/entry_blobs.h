// Private to the room: the contents that entries name.
#pragma once

#include <treadle/artifact/service.h>
#include <treadle/base/digest.h>

#include <optional>
#include <span>
#include <vector>

namespace treadle::artifact {

// Nothing for a reference, or an entry without SHA-256.
std::optional<Sha256> sha256_of(const Entry& entry);
std::vector<Sha256> blobs_of(std::span<const Entry> entries);
std::optional<Sha256> sha256_from_hex(const std::string& hex);

}  // namespace treadle::artifact
