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
  Result<void> stream(const Sha256& blob, const Sink& sink) override;
  Result<void> copy(const Sha256& blob, const std::string& path) override;

 private:
  Result<Place> place_of(const Sha256& blob, bool fresh);
  // The file a place is in; the last one used stays open.
  Result<const OpenFile*> open(const Place& place);
  Result<void> stream_place(const Place& place, const OpenFile& from, std::int64_t offset,
                            const Sink& sink) const;
  Result<void> copy_place(const Place& place, const OpenFile& from, const std::string& path) const;
  // Calls `large` with the open file of content that is not read whole, else `small` with it.
  template <class Small, class Large>
  Result<void> with_content(const Sha256& blob, const Small& small, const Large& large);

  const Context& context_;
  std::unordered_map<Sha256, Place, Sha256Hash> places_;
  std::string open_path_;
  OpenFile open_;
};

}  // namespace treadle::blob
