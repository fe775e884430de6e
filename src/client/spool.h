// What a run has not seen acknowledged yet, in a folder of its own: a file of JSON lines, and copies of
// files to send.
//   kept.jsonl   {"run":{"host":..,"entity":..,"project":..,"name":..}}
//                {"upsert":{variables}} | {"stream":{a file_stream body}} | {"file":{"name":..,"copy":..}}
#pragma once

#include <treadle/base/files.h>
#include <treadle/base/result.h>
#include <treadle/tracking/run.h>

#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>

namespace treadle::client {

// Thread-safe.
class Spool {
 public:
  // The folder comes into being with the first thing kept.
  Spool(std::string parent, std::string host, tracking::RunRef run);
  // In order. Survives the end of the process when this returns.
  Result<void> keep(std::string_view kind, std::string_view json);
  // A copy (or link) of the content for as long as it is unsent: its path.
  Result<std::string> keep_bytes(std::string_view name, std::string_view bytes);
  Result<std::string> keep_file(std::string_view name, const std::string& path);
  // All that was kept is at the server.
  void forget();
  // The folder goes, too.
  void remove();
  const std::string& folder() const { return folder_; }

 private:
  Result<void> open();
  Result<std::string> new_copy(std::string_view name);

  std::string parent_;
  std::string host_;
  tracking::RunRef run_;
  std::mutex mutex_;
  std::string folder_;
  OpenFile file_;
  std::int64_t head_ = 0;  // bytes of the first line
  std::int64_t size_ = 0;
  int copies_ = 0;
};

inline constexpr std::string_view kSpoolFile = "kept.jsonl";

}  // namespace treadle::client
