// Private to the room: large files that arrive in parts, as W&B's protocol uploads what has 2 GiB and more.
// Each part lies in the home's uploads/ folder until the upload is completed; then all of them, in order,
// become the content that was announced. Parts are not durable and need not be: completing verifies the
// whole.
#pragma once

#include <treadle/artifact/drafts.h>
#include <treadle/base/result.h>
#include <treadle/http/router.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace treadle::serve {

struct Part {
  std::int64_t number = 0;  // from 1, as the client counts
  std::string md5_hex;
};

class PartStore {
 public:
  // `folder` is made when the first part comes.
  explicit PartStore(std::string folder) : folder_(std::move(folder)) {}

  // The upload of this content in these parts; the same each time it is begun, so that a client that asks
  // again goes on with it. kInvalidArgument: the parts are not 1 to n, each with a digest.
  static Result<std::string> upload_id(std::int64_t draft, const std::string& md5,
                                       const std::vector<Part>& parts);
  // "artifact_parts/<upload id>/<number>/<md5>", below /storage.
  static std::string storage_path(const std::string& upload_id, const Part& part);

  // A part on its way in; what does not have its MD5 is refused. `upload_id` comes from a signed URL.
  Result<std::unique_ptr<http::BodySink>> open(const std::string& upload_id, const Part& part);
  // Hands the parts to `upload` in order and removes them. kNotFound names the parts that never came.
  Result<void> complete(const std::string& upload_id, const std::vector<Part>& parts,
                        artifact::Upload& upload);
  void abandon(const std::string& upload_id, const std::vector<Part>& parts);
  // Removes what clients left behind: everything in the folder that is older than upload URLs live.
  void sweep(Micros now);

 private:
  std::string file_of(const std::string& upload_id, const Part& part) const;
  const std::string folder_;
};

}  // namespace treadle::serve
