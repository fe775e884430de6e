// Private to the room: writing one pack file. A pack is never changed after finish(); its name is
// random, so that a removed pack is never confused with a new one.
#pragma once

#include "layout.h"

namespace treadle::blob {

class PackWriter {
 public:
  static Result<PackWriter> create(const Context& context);
  PackWriter(PackWriter&&) noexcept = default;
  PackWriter& operator=(PackWriter&&) noexcept = default;

  // Where the content begins in the file.
  Result<std::int64_t> append(const Sha256& sha256, std::string_view bytes);
  // Everything is durable when this returns; the file is closed.
  Result<void> finish();

  const std::string& name() const { return name_; }
  std::string path() const { return join_path(context_->packs(), name_); }
  std::int64_t size() const { return size_; }

 private:
  explicit PackWriter(const Context& context) : context_(&context) {}
  Result<void> flush();
  Result<void> write(std::string_view bytes);

  const Context* context_;
  std::string name_;
  OpenFile file_;
  std::string buffer_;
  std::int64_t size_ = 0;
};

// The row of a finished pack; gives its id.
Result<std::int64_t> insert_pack(db::Session& session, const PackWriter& pack, Micros created);

}  // namespace treadle::blob
