// The IO manager of plain files.
#include "file_version.h"
#include <treadle/base/digest.h>
#include <treadle/base/files.h>
#include <treadle/base/random.h>
#include <treadle/io/versioned_files.h>

#include <algorithm>
#include <charconv>
#include <unistd.h>

namespace treadle::io {
namespace {

constexpr int kMostAttempts = 1000;

// 3 for "v3"; nothing for other names.
std::optional<int> number_of(std::string_view name) {
  int out = 0;
  if (!name.starts_with('v')) return std::nullopt;
  const auto [end, error] = std::from_chars(name.data() + 1, name.data() + name.size(), out);
  if (error != std::errc() || end != name.data() + name.size()) return std::nullopt;
  return out;
}

std::vector<int> numbers_in(const std::string& folder) {
  std::vector<int> out;
  const auto names = real_files().list(folder);
  if (!names) return out;
  for (const std::string& name : *names) {
    if (const auto number = number_of(name)) out.push_back(*number);
  }
  std::sort(out.begin(), out.end());
  return out;
}

std::string name_of(int number) {
  return "v" + std::to_string(number);
}

Result<FileVersion> read_version(const std::string& folder, int number) {
  const std::string path = join_path(join_path(folder, name_of(number)), kVersionFile);
  TREADLE_TRY(const std::string text, read_file(real_files(), path));
  TREADLE_TRY(FileVersion version, FileVersion::parse(text, path));
  version.number = number;
  return version;
}

class PlainFilesIOManager final : public IOManager {
 public:
  explicit PlainFilesIOManager(PlainFilesOptions options) : options_(std::move(options)) {
    options_.folder = absolute_path(options_.folder);
  }

  StepOutcome handle_output(OutputContext& context, const Value& value) override {
    return keep_output(context, value, "below '" + options_.folder + "'",
                       [&](const Value& one, const std::string& partition) {
                         return store(context, one, partition);
                       });
  }

  tl::expected<Value, StepFailure> load_input(InputContext& context) override {
    return read_input(context, "below '" + options_.folder + "'",
                      [&](const std::string& partition) { return open(context, partition); });
  }

 private:
  Result<FileVersion> store(OutputContext& context, const Value& value,
                            const std::string& partition) {
    TREADLE_TRY(const AssetKey asset, asset_of(context));
    TREADLE_TRY(const std::string place, place_of(asset, partition));
    TREADLE_TRY(Prepared prepared, prepare(context, value, options_.signing_key));
    const std::string folder = join_path(options_.folder, place);
    TREADLE_CHECK(real_files().make_folders(folder));
    FileVersion& version = prepared.version;
    const std::vector<int> numbers = numbers_in(folder);
    if (!numbers.empty()) {
      const auto newest = read_version(folder, numbers.back());
      if (newest && newest->digest == version.digest && newest->format == version.format) {
        report(context, *newest, folder);
        return *newest;
      }
    }
    const std::string fresh = join_path(folder, ".new-" + random_uuid());
    const auto write = [&]() -> Result<void> {
      TREADLE_CHECK(real_files().make_folders(fresh));
      for (const KeptFile& file : prepared.files)
        TREADLE_CHECK(write_content(join_path(fresh, file.path), file));
      if (version.format == "folder")  // which may be empty
        TREADLE_CHECK(real_files().make_folders(join_path(fresh, "value")));
      if (!prepared.diff.empty())
        TREADLE_CHECK(write_content(join_path(fresh, kDiffFile), {"", prepared.diff, ""}));
      return publish(folder, fresh, version, numbers.empty() ? 0 : numbers.back() + 1);
    };
    auto written = write();
    if (!written) {
      (void)remove_tree(fresh);
      return tl::make_unexpected(std::move(written).error());
    }
    TREADLE_CHECK(describe(folder, version.asset));
    report(context, version, folder);
    return std::move(version);
  }

  // Renaming a folder onto one that has files fails: of two writers one takes the next number.
  static Result<void> publish(const std::string& folder, const std::string& fresh,
                              FileVersion& version, int first) {
    for (int attempt = 0; attempt < kMostAttempts; ++attempt) {
      version.number = first + attempt;
      TREADLE_CHECK(
          write_file_atomic(real_files(), join_path(fresh, kVersionFile), version.to_json(), true));
      const auto moved = real_files().rename(fresh, join_path(folder, name_of(version.number)));
      if (moved) return real_files().sync_folder(folder);
      if (!real_files().stat(join_path(folder, name_of(version.number)))) return moved;
    }
    return fail(Errc::kBusy, "Other writers kept taking the next number. Try again.");
  }

  // INDEX.md and the link `latest`: made anew from what is there, so that they heal by themselves.
  static Result<void> describe(const std::string& folder, const std::string& asset) {
    std::vector<FileVersion> versions;
    for (const int number : numbers_in(folder)) {
      auto version = read_version(folder, number);
      if (version) versions.push_back(std::move(*version));
    }
    if (versions.empty()) return {};
    const std::string newest = name_of(versions.back().number);
    TREADLE_CHECK(write_file_atomic(real_files(), join_path(folder, "INDEX.md"),
                                    index_text(asset, versions), false));
    const std::string link = join_path(folder, ".latest-" + random_uuid());
    if (::symlink(newest.c_str(), link.c_str()) != 0) return {};  // a file system without links
    return real_files().rename(link, join_path(folder, "latest"));
  }

  static void report(OutputContext& context, const FileVersion& version,
                     const std::string& folder) {
    if (!is_of_one_version(context)) return;
    const std::string place = join_path(folder, name_of(version.number));
    set_metadata(context.metadata, "path",
                 MetadataValue::path(join_path(place, version.place_of_value())));
    set_metadata(context.metadata, "version", MetadataValue::text(name_of(version.number)));
  }

  Result<FilesStored> open(InputContext& context, const std::string& partition) const {
    TREADLE_TRY(const std::string place, place_of(context.asset, partition));
    const std::string folder = join_path(options_.folder, place);
    const std::vector<int> numbers = numbers_in(folder);
    if (numbers.empty())
      return fail(Errc::kNotFound, "There is no version of it yet. Materialize it first.");
    TREADLE_TRY(const FileVersion version, read_version(folder, numbers.back()));
    const std::string name = name_of(version.number);
    if (is_of_one_version(context))
      set_metadata(context.metadata, "version", MetadataValue::text(name));
    return FilesStored(version, join_path(folder, name), options_.signing_key);
  }

  PlainFilesOptions options_;
};

}  // namespace

std::shared_ptr<IOManager> make_plain_files_io_manager(PlainFilesOptions options) {
  return std::make_shared<PlainFilesIOManager>(std::move(options));
}

}  // namespace treadle::io
