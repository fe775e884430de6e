// One request on its way: its curl handle's callbacks, what came so far, and what becomes of it.
#pragma once

#include "libcurl.h"
#include <treadle/base/digest.h>
#include <treadle/base/files.h>
#include <treadle/base/piece_thread.h>
#include <treadle/client/request.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

namespace treadle::client {

struct EngineOptions;

// Used by one lane's thread at a time.
class Transfer {
 public:
  using Clock = std::chrono::steady_clock;
  Transfer(Request request, Done done);
  ~Transfer();
  Transfer(const Transfer&) = delete;

  // Opens the files, once; an error ends the transfer before it began.
  Result<void> prepare();
  // Sets `handle` up for the next try.
  void begin(CURL* handle, const EngineOptions& options);
  // After a try that ended with `code`: nothing when another one follows at `next_try`.
  std::optional<Result<Reply>> end(CURLcode code, const EngineOptions& options);
  void finish(Result<Reply> result);
  // For one that is stopped: what its last try met, if it had one.
  Error stopped() const;

  bool cancelled() const { return request_.stop.stop_requested(); }
  CURL* handle() const { return handle_; }
  Clock::time_point next_try{};

 private:
  static std::size_t on_body(char* bytes, std::size_t size, std::size_t count, void* self);
  static std::size_t on_header(char* bytes, std::size_t size, std::size_t count, void* self);
  static std::size_t on_read(char* out, std::size_t size, std::size_t count, void* self);
  static int on_seek(void* self, curl_off_t offset, int origin);
  Result<void> take(std::string_view bytes);
  Result<void> open_part();
  Result<void> keep(std::string_view bytes);
  void restart();
  void hash(std::string_view bytes);
  std::string settled_md5();
  std::optional<Result<Reply>> succeeded();
  bool tries_again(std::chrono::milliseconds wait);

  Request request_;
  Done done_;
  Reply reply_;
  CURL* handle_ = nullptr;
  curl_slist* sent_headers_ = nullptr;
  bool prepared_ = false;
  int attempt_ = 0;
  Clock::time_point begun_ = Clock::now();
  std::optional<Error> error_;  // of a callback
  std::optional<Error> last_;   // of the try before this one

  OpenFile source_;
  std::int64_t source_size_ = 0;
  std::int64_t source_at_ = 0;
  std::unique_ptr<StreamHasher<Sha256>> sent_hasher_;

  OpenFile target_;
  std::string part_path_;
  std::int64_t kept_ = 0;   // bytes in the file, or given to the sink
  std::int64_t skip_ = 0;   // of this try's bytes: they are there already
  bool continued_ = false;  // of a part that an earlier transfer left
  bool fetched_anew_ = false;
  std::unique_ptr<StreamHasher<Md5>> hasher_;
  std::shared_ptr<std::string> piece_;    // not handed to `hashing_` yet
  std::unique_ptr<PieceThread> hashing_;  // of large content: uses `hasher_`
};

}  // namespace treadle::client
