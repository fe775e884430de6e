// Private to the room: reading from a local store.
#pragma once

#include "layout.h"

#include <unordered_map>

namespace treadle::blob {

class LocalReader final : public Reader {
 public:
  explicit LocalReader(const Context& context) : context_(context) {}

  Result<void> locate(std::span<const Sha256> blobs) override;
  Result<std::string> read(const Sha256& blob, std::int64_t limit) override;
  Result<void> copy(const Sha256& blob, const std::string& path) override;

 private:
  Result<Place> place_of(const Sha256& blob, bool fresh);
  // The file a place is in; the last one used stays open.
  Result<const OpenFile*> open(const Place& place);
  Result<void> copy_place(const Place& place, const OpenFile& from, const std::string& path);

  const Context& context_;
  std::unordered_map<Sha256, Place, Sha256Hash> places_;
  std::string open_path_;
  OpenFile open_;
};

}  // namespace treadle::blob
