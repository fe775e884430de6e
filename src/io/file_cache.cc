#include "cache_limit.h"
#include <treadle/base/digest.h>
#include <treadle/base/files.h>
#include <treadle/base/random.h>
#include <treadle/io/file_cache.h>

#include <cerrno>
#include <string_view>
#include <sys/stat.h>

namespace treadle::io {
namespace {

// As room client gives verified contents (object_cache.cc): 2000-01-01.
constexpr std::int64_t kSealedTime = 946'684'800'000'000'000;

// The name covers SHA-256 digests: contents made to collide under MD5 must not share a folder.
std::string folder_name(const artifact::Version& version,
                        const std::vector<artifact::Entry>& entries) {
  std::string content;
  for (const auto& entry : entries)
    content += entry.path + '\0' + (entry.sha256.empty() ? entry.md5 : entry.sha256) +
               entry.reference + '\n';
  return version.digest + "-" + to_hex(sha256(content)).substr(0, 16);
}

// One line per file: what it looked like when it was verified.
Result<std::string> stamp(const std::string& folder, const std::vector<artifact::Entry>& entries) {
  std::string lines;
  for (const auto& entry : entries) {
    if (!entry.reference.empty()) continue;  // kept elsewhere: nothing lies here
    TREADLE_TRY(const FileStat stat, real_files().stat(join_path(folder, entry.path)));
    // What came from a server is shared by links, each of which changes it; its time of last change is
    // one that any writing ends.
    const bool sealed = stat.mtime_ns == kSealedTime;
    lines += std::to_string(stat.size) + ' ' + std::to_string(stat.mtime_ns) + ' ' +
             std::to_string(sealed ? 0 : stat.ctime_ns) + ' ' + std::to_string(stat.inode) + ' ' +
             entry.path + '\n';
  }
  return lines;
}

bool is_intact(const std::string& folder, const std::string& stamp_path,
               const std::vector<artifact::Entry>& entries) {
  const auto then = read_file(real_files(), stamp_path);
  if (!then) return false;
  const auto now = stamp(folder, entries);
  return now && *now == *then;
}

// Removes its folder unless told that it has moved.
class Temporary {
 public:
  explicit Temporary(std::string path) : path_(std::move(path)) {}
  Temporary(const Temporary&) = delete;
  ~Temporary() { (void)remove_tree(path_); }
  const std::string& path() const { return path_; }

 private:
  const std::string path_;
};

}  // namespace

Result<std::string> cached_folder(artifact::ArtifactService& service,
                                  const std::string& cache_folder, const artifact::Version& version,
                                  const std::vector<artifact::Entry>& entries) {
  const std::string artifacts = join_path(cache_folder, "artifacts");
  const std::string place = join_path(artifacts, folder_name(version, entries));
  const std::string files = join_path(place, "files");
  const std::string stamp_name = "stamp";
  // Held before it is looked at, so that nobody removes it in between.
  if (hold_place(place) && is_intact(files, join_path(place, stamp_name), entries)) return files;

  TREADLE_CHECK(real_files().make_folders(artifacts));
  std::int64_t bytes = 0;
  for (const auto& entry : entries) {
    if (entry.reference.empty()) bytes += entry.size;
  }
  make_room(artifacts, bytes, cache_limit());
  const Temporary fresh(join_path(artifacts, ".new-" + random_uuid()));
  const std::string fresh_files = join_path(fresh.path(), "files");
  TREADLE_CHECK(real_files().make_folders(fresh_files));
  TREADLE_TRY(const auto written, service.download(version, fresh_files));
  for (const auto& path : written) {
    if (::chmod(path.c_str(), 0444) != 0)
      return fail(errno_error("cannot protect '" + path + "'", errno));
  }
  TREADLE_TRY(const std::string lines, stamp(fresh_files, entries));
  TREADLE_CHECK(write_file_atomic(real_files(), join_path(fresh.path(), stamp_name), lines, false));

  (void)hold_place(place, fresh.path());
  // What is in the way is either damaged, or was made by another process a moment ago.
  for (int attempt = 0; attempt < 10; ++attempt) {
    const auto moved = real_files().rename(fresh.path(), place);
    if (moved) return files;
    if (hold_place(place) && is_intact(files, join_path(place, stamp_name), entries)) return files;
    const Temporary damaged(join_path(artifacts, ".old-" + random_uuid()));
    if (auto aside = real_files().rename(place, damaged.path());
        !aside && aside.error().code != Errc::kNotFound)
      return fail(std::move(aside).error());
  }
  return fail(Errc::kBusy, "The cached copy of " + version.text() + " in '" + place +
                               "' keeps changing. Remove the folder and try again.");
}

}  // namespace treadle::io
