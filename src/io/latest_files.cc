// The IO manager of files without versions.
#include "file_version.h"
#include <treadle/base/content_digest.h>
#include <treadle/base/files.h>
#include <treadle/base/random.h>
#include <treadle/io/latest_files.h>

#include <algorithm>
#include <utility>

namespace treadle::io {
namespace {

// ".json" of "output.json"; "" = none.
std::string ending_of(const std::string& name) {
  const auto dot = name.rfind('.');
  return dot == std::string::npos || dot == 0 ? std::string() : name.substr(dot);
}

std::string format_by_ending(const std::string& ending) {
  if (ending == ".json") return "json";
  if (ending == ".txt") return "text";
  if (ending == ".bin") return "bytes";
  return "file";
}

// Replaces `path` by `fresh`, be they files or folders.
Result<void> take_place(const std::string& fresh, const std::string& path) {
  const auto there = real_files().stat(path);
  if (!there || there->kind != FileStat::Kind::kFolder) return real_files().rename(fresh, path);
  const std::string old = join_path(parent_path(path), ".old-" + random_uuid());
  TREADLE_CHECK(real_files().rename(path, old));
  TREADLE_CHECK(real_files().rename(fresh, path));
  return remove_tree(old);
}

class LatestFilesIOManager final : public IOManager {
 public:
  explicit LatestFilesIOManager(std::string folder) : folder_(absolute_path(folder)) {}

  StepOutcome handle_output(OutputContext& context, const Value& value) override {
    return keep_output(context, value, "below '" + folder_ + "'",
                       [&](const Value& one, const std::string& partition) {
                         return store(context, one, partition);
                       });
  }

  tl::expected<Value, StepFailure> load_input(InputContext& context) override {
    return read_input(context, "below '" + folder_ + "'",
                      [&](const std::string& partition) { return open(context, partition); });
  }

 private:
  Result<FileVersion> store(OutputContext& context, const Value& value,
                            const std::string& partition) const {
    TREADLE_TRY(const AssetKey asset, asset_of(context));
    TREADLE_TRY(std::string place, place_of(asset, partition));
    TREADLE_TRY(Prepared prepared, prepare(context, value, {}));
    FileVersion& version = prepared.version;
    if (version.format == kSeveralFiles) {
      return fail(Errc::kUnsupported, "A " + version.type +
                                          " is several files. Keep it with the default IO manager, "
                                          "W&B's, or the one that keeps all versions.");
    }
    const bool one_file = version.format != "folder";
    if (one_file) place += ending_of(version.file);
    const std::string path = join_path(folder_, place);
    const std::string fresh = join_path(parent_path(path), ".new-" + random_uuid());
    const auto write = [&]() -> Result<void> {
      TREADLE_CHECK(real_files().make_folders(one_file ? parent_path(path) : fresh));
      for (const KeptFile& file : prepared.files) {
        // "value/a/b" of a folder's file a/b.
        const std::string to =
            one_file ? fresh : join_path(fresh, file.path.substr(file.path.find('/') + 1));
        TREADLE_CHECK(write_content(to, file));
      }
      return take_place(fresh, path);
    };
    if (auto written = write(); !written) {
      (void)remove_tree(fresh);
      (void)real_files().remove(fresh);
      return tl::make_unexpected(std::move(written).error());
    }
    if (is_of_one_version(context)) {
      set_metadata(context.metadata, "path", MetadataValue::path(path));
    }
    return std::move(version);
  }

  Result<FilesStored> open(InputContext& context, const std::string& partition) const {
    TREADLE_TRY(const std::string place, place_of(context.asset, partition));
    const std::string folder = parent_path(join_path(folder_, place));
    TREADLE_TRY(const std::string name, find(folder, base_name(place)));
    const std::string path = join_path(folder, name);
    TREADLE_TRY(const FileStat stat, real_files().stat(path));
    FileVersion version;
    version.format =
        stat.kind == FileStat::Kind::kFolder ? "folder" : format_by_ending(ending_of(name));
    version.file = name;
    TREADLE_TRY(version.digest, content_digest(real_files(), path));
    if (is_of_one_version(context)) {
      set_metadata(context.metadata, "path", MetadataValue::path(path));
    }
    return FilesStored(std::move(version), folder, no_key_);
  }

  // The name of the file or folder that is `stem`, whatever its ending.
  static Result<std::string> find(const std::string& folder, const std::string& stem) {
    std::vector<std::string> found;
    const auto names = real_files().list(folder);
    if (names) {
      for (const std::string& name : *names) {
        if (name == stem || name == stem + ending_of(name)) found.push_back(name);
      }
    }
    // A folder of partitions may stand beside the file of the whole.
    if (found.size() > 1) std::erase(found, stem);
    if (found.empty()) {
      return fail(Errc::kNotFound, "There is no '" + stem + ".*' in '" + folder +
                                       "'. Materialize it first, or put it there.");
    }
    if (found.size() > 1) {
      return fail(Errc::kInvalidArgument, "'" + folder + "' has '" + found[0] + "' and '" +
                                              found[1] + "': which is it? Remove one of them.");
    }
    return found.front();
  }

  const std::string folder_;
  const std::string no_key_;  // nothing that runs code is opened
};

}  // namespace

std::shared_ptr<IOManager> make_latest_files_io_manager(std::string folder) {
  return std::make_shared<LatestFilesIOManager>(std::move(folder));
}

}  // namespace treadle::io
