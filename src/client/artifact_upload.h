// Private to the room: what is to go up, looked at and hashed before anything is sent.
#pragma once

#include <treadle/artifact/manifest.h>
#include <treadle/artifact/service.h>
#include <treadle/base/digest.h>

#include <cstdint>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <vector>

namespace treadle::client {

// Files from here on go up in parts, where the server offers it; the SDK's numbers.
inline constexpr std::int64_t kMultipartFrom = std::int64_t{2} << 30;
inline constexpr std::int64_t kMultipartChunk = std::int64_t{100} << 20;
// Smaller ones are hashed before they are sent.
inline constexpr std::int64_t kAheadFrom = std::int64_t{32} << 20;
std::int64_t part_size_for(std::int64_t size);

// One entry and where its content is: in `bytes`, in `file`, or with the server already.
struct UploadItem {
  artifact::Entry entry;
  std::string bytes;
  std::string file;
  std::vector<std::string> part_md5s;  // hex, of a file that goes up in parts
  std::string birth_id;  // the artifact it was first uploaded with; "" = not yet known
  bool sends_content() const { return entry.reference.empty() && birth_id.empty(); }
};

struct Upload {
  std::vector<UploadItem> items;  // in order of path, each path once
  std::string digest;             // of the manifest
  // Of what is sent: bytes done, bytes in all.
  std::function<void(std::int64_t, std::int64_t)> progress;
};

// Is given large files before anything is hashed, and fills in the digests of those that it knows or has
// sent.
using SendAhead = std::function<Result<void>(std::span<UploadItem* const>)>;

// Hashes what the entries and folders name, several files at once; large ones are given to `send_ahead`
// instead, if there is one. kInvalidArgument when two have one path and differ.
Result<Upload> prepare_upload(std::span<const artifact::DraftEntry> entries,
                              std::span<const artifact::DraftFolder> folders,
                              const SendAhead& send_ahead);
// What a version has, under what is in the upload already and less what was removed.
Result<void> add_base(Upload& upload, const artifact::Manifest& base,
                      const std::map<std::string, std::string>& birth_ids,
                      const std::vector<std::string>& removed);
// Puts the items in order, and says the digest.
Result<void> complete(Upload& upload);

// The manifest, as the SDK writes it.
std::string manifest_document(const Upload& upload);

}  // namespace treadle::client
