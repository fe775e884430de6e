// One version of the store, as a codec reads it. Private to the room.
#pragma once

#include <treadle/base/files.h>
#include <treadle/define/several_files.h>
#include <treadle/io/artifact_io_manager.h>

#include <string>
#include <vector>

namespace treadle::io {

// What the IO manager wrote down about a version beside its files: {"treadle": {...}} in its
// metadata.
struct Description {
  std::string format;  // as Encoded::format
  std::string file;    // the entry that holds the value; "" for a folder
  std::string type;    // the value's type, for people
  std::string asset_key;
  bool says_nothing = false;  // as Encoded::says_nothing
  std::string to_json() const;
};

// The description of a version, or for one that was put by hand "file" (one entry) or "folder".
Result<Description> describe(const artifact::Version& version,
                             const std::vector<artifact::Entry>& entries);

// What an artifact says its value's format is.
inline std::string format_name(const Encoded& encoded) {
  return encoded.format == kSeveralFiles ? "file" : encoded.format;
}

// Removes the folder of a value of several files once it is stored.
class SeveralFiles {
 public:
  explicit SeveralFiles(const Encoded& encoded)
      : folder_(encoded.format == kSeveralFiles ? encoded.path : std::string()) {}
  ~SeveralFiles() {
    if (any()) (void)remove_tree(folder_);
  }
  SeveralFiles(const SeveralFiles&) = delete;
  SeveralFiles& operator=(const SeveralFiles&) = delete;
  bool any() const { return !folder_.empty(); }

 private:
  const std::string folder_;
};

// Borrows `service` and `options`. Not thread-safe.
class StoredVersion final : public StoredFiles {
 public:
  static Result<StoredVersion> open(artifact::ArtifactService& service,
                                    const ArtifactIOManagerOptions& options,
                                    const artifact::Version& version);
  const std::string& format() const override { return description_.format; }
  const std::string& file_name() const override { return description_.file; }
  bool says_nothing() const { return description_.says_nothing; }
  Result<std::string> bytes() override;
  Result<std::string> local_path() override;
  Result<std::string> other(const std::string& path) override {
    return service_->read(version_, path);
  }

 private:
  StoredVersion(artifact::ArtifactService& service, const ArtifactIOManagerOptions& options,
                const artifact::Version& version)
      : service_(&service), options_(&options), version_(version) {}
  // Nothing wrong when `bytes` need no signature or have the right one.
  Result<void> check(std::string_view bytes) const;

  artifact::ArtifactService* service_;
  const ArtifactIOManagerOptions* options_;
  artifact::Version version_;
  std::vector<artifact::Entry> entries_;
  Description description_;
};

}  // namespace treadle::io
