// Private to the room: one large content on its way to a file of its own.
#pragma once

#include "layout.h"
#include "pair_hasher.h"

#include <functional>
#include <memory>
#include <string>

namespace treadle::blob {

// Copies into tmp/ while hashing; the batch then gives it its place. Removes its file when dropped
// before place(). Single thread.
class Incoming {
 public:
  static Result<std::unique_ptr<Incoming>> create(const Context& context);
  ~Incoming();
  Incoming(const Incoming&) = delete;

  Result<void> write(std::string_view bytes);
  // The whole of a file, instead of write(): shared with the file where the file system can.
  Result<void> copy_from(const std::string& path, const std::function<void(std::int64_t)>& advance);
  // What it was. Nothing may be written afterwards.
  Result<Blob> hash();
  // Syncs and moves it to files/<name>. False: a sweep took it for a leftover.
  Result<bool> place(const std::string& name);

 private:
  explicit Incoming(const Context& context)
      : context_(context), hasher_([this](std::string_view bytes) { return keep(bytes); }) {}
  Result<void> keep(std::string_view bytes);
  void flush();

  const Context& context_;
  std::string path_;
  OpenFile file_;
  std::int64_t size_ = 0;  // of what the second thread wrote
  std::int64_t written_back_ = 0;
  bool shared_ = false;                 // the content is there already, a clone
  std::shared_ptr<std::string> chunk_;  // not hashed or written yet
  PairHasher hasher_;                   // last: its threads use the others
};

}  // namespace treadle::blob
