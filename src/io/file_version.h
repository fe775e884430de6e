// What stands beside a value that is kept outside of the store. Private to the room. Format:
// docs/formats/versioned-files.md.
#pragma once

#include <treadle/artifact/service.h>
#include <treadle/base/result.h>
#include <treadle/define/codec.h>
#include <treadle/define/definitions.h>
#include <treadle/define/several_files.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace treadle::io {

inline constexpr const char* kVersionFile = "version.json";
inline constexpr const char* kDiffFile = "uncommitted.diff";

struct FileVersion {
  int number = 0;
  std::string asset;
  std::string format;  // as Encoded::format
  std::string
      file;  // "" for a folder whose files are below value/; of several files, the one to begin with
  std::string type;    // of the value, for people
  std::string digest;  // SHA-256 of the content (base/content_digest.h)
  std::string extra;   // the signature of what runs code when it is opened
  bool says_nothing = false;
  std::string run_id;
  std::string job;
  Micros created = 0;
  std::optional<artifact::CodeSource> code;  // its diff is in a file of its own

  // Inside the version: "output.json", "value", "value/Table.table.json".
  std::string place_of_value() const;
  std::string to_json() const;
  // Takes any bytes; kCorrupt names `where`.
  static Result<FileVersion> parse(std::string_view text, const std::string& where);
};

// One file of a version to be: content, or where it is on disk.
struct KeptFile {
  std::string path;  // inside the version
  std::string bytes;
  std::string source;  // "" = bytes
};
struct Prepared {
  FileVersion version;  // without number
  std::vector<KeptFile> files;
  std::string diff;
  std::shared_ptr<const void> temporary;  // what the files lie in as long as it lives
};
// Encodes and signs what a step returned.
Result<Prepared> prepare(const OutputContext& context, const Value& value,
                         const std::string& signing_key);
// Writes a file that is not there yet, its folders included, and waits until it is on the disk.
Result<void> write_content(const std::string& path, const KeptFile& file);
// What INDEX.md says of versions, newest first.
std::string index_text(const std::string& asset, std::vector<FileVersion> versions);

// A version's files in a folder, as a codec reads them; refuses what is not what was written.
class FilesStored final : public StoredFiles {
 public:
  FilesStored(FileVersion version, std::string folder, const std::string& signing_key)
      : version_(std::move(version)), folder_(std::move(folder)), signing_key_(signing_key) {}
  const std::string& format() const override;
  const std::string& file_name() const override { return version_.file; }
  Result<std::string> bytes() override;
  Result<std::string> local_path() override;
  Result<std::string> other(const std::string& path) override;
  const FileVersion& version() const { return version_; }

 private:
  // What the digest is of: the only file, or the folder of all.
  std::string whole() const;
  Result<void> check() const;
  FileVersion version_;
  std::string folder_;
  const std::string& signing_key_;
};

// "raw/iris", of a partition "raw/iris/2026-01-01", "raw/iris/blue.car": the asset's place below a folder.
// kInvalidArgument for a key that is no path.
Result<std::string> place_of(const AssetKey& key, const std::string& partition);
// Which asset an output or input is of; outputs of ops have none.
Result<AssetKey> asset_of(const OutputContext& context);

// Keeps an output: the whole of it as one version, for the partition ""; of an asset with partitions
// one for each that the run is over. `keep` reports nothing to the context but metadata. `where`, for
// errors: "below '/data'".
using KeepOne = std::function<Result<FileVersion>(const Value&, const std::string& partition)>;
StepOutcome keep_output(OutputContext& context, const Value& value, const std::string& where,
                        const KeepOne& keep);
// The same for an input: one value, or those of several partitions by key.
using OpenOne = std::function<Result<FilesStored>(const std::string& partition)>;
tl::expected<Value, StepFailure> read_input(InputContext& context, const std::string& where,
                                            const OpenOne& open);
// Metadata that is of one version says nothing of several.
template <class Context>
bool is_of_one_version(const Context& context) {
  return context.partitions == nullptr || context.partitions->subset.size() == 1;
}

}  // namespace treadle::io
