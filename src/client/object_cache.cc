#include "object_cache.h"

#include <treadle/base/clock.h>
#include <treadle/base/digest.h>
#include <treadle/base/files.h>
#include <treadle/base/random.h>

#include <array>
#include <cerrno>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace treadle::client {
namespace {

// The time of last change that verified contents are given: whoever writes to one changes it.
constexpr std::int64_t kSealed = 946'684'800;  // 2000-01-01
constexpr Micros kHour = 3'600LL * 1'000'000;
constexpr Micros kUnused = 24 * kHour;
constexpr std::size_t kCopyPiece = std::size_t{1} << 20;

Result<void> copy_object(const std::string& from, const std::string& to) {
  Files& files = real_files();
  TREADLE_TRY(const OpenFile source, files.open_read(from));
  TREADLE_TRY(const OpenFile target, files.create(to));
  TREADLE_TRY(const bool cloned, files.clone(source, target));
  if (cloned) return {};
  std::string piece;
  for (std::int64_t at = 0;; at += static_cast<std::int64_t>(piece.size())) {
    TREADLE_CHECK(files.read_at(source, at, kCopyPiece, piece));
    if (piece.empty()) return {};
    TREADLE_CHECK(files.write(target, piece));
  }
}

// As a file of the user's own.
bool unseal(const std::string& path) {
  const mode_t mask = ::umask(0);
  ::umask(mask);
  const std::array<timespec, 2> now{timespec{0, UTIME_NOW}, timespec{0, UTIME_NOW}};
  return ::chmod(path.c_str(), 0666 & ~mask) == 0 &&
         ::utimensat(AT_FDCWD, path.c_str(), now.data(), 0) == 0;
}

}  // namespace

ObjectCache::ObjectCache(std::string cache_folder)
    : folder_(absolute_path(cache_folder)), objects_(join_path(folder_, "objects")) {
  sweep();
}

Result<std::string> ObjectCache::place(const std::string& md5_base64) {
  const auto digest = from_base64(md5_base64);
  if (!digest || digest->size() != Md5().size())
    return fail(Errc::kCorrupt,
                "The manifest has '" + md5_base64 + "' for an MD5, which it is not.");
  const std::string hex = to_hex(*digest);
  const std::string folder = join_path(objects_, hex.substr(0, 2));
  TREADLE_CHECK(real_files().make_folders(folder));
  return join_path(folder, hex);
}

bool ObjectCache::has(const std::string& path, std::int64_t size) const {
  struct stat found = {};
  return ::lstat(path.c_str(), &found) == 0 && S_ISREG(found.st_mode) && found.st_size == size &&
         found.st_mtim.tv_sec == kSealed && found.st_mtim.tv_nsec == 0;
}

Result<void> ObjectCache::seal(const std::string& path) {
  const std::array<timespec, 2> times{timespec{0, UTIME_NOW}, timespec{kSealed, 0}};
  if (::chmod(path.c_str(), 0444) != 0 ||
      ::utimensat(AT_FDCWD, path.c_str(), times.data(), 0) != 0) {
    return fail(errno_error("cannot protect '" + path + "'", errno));
  }
  return {};
}

Result<void> ObjectCache::deliver(const std::string& path, const std::string& target, bool last) {
  Files& files = real_files();
  const std::string part = join_path(parent_path(target), ".part-" + to_hex(random_bytes(6)));
  const bool inside = target.starts_with(folder_ + "/");
  if (last && !inside && unseal(path) && ::rename(path.c_str(), target.c_str()) == 0) return {};
  auto done =
      inside && ::link(path.c_str(), part.c_str()) == 0 ? Result<void>() : copy_object(path, part);
  if (done) done = files.rename(part, target);
  if (!done) (void)files.remove(part);
  return done;
}

void ObjectCache::sweep() {
  Files& files = real_files();
  const std::string mark = join_path(objects_, "swept");
  const Micros now = system_clock().now();
  const auto last = files.stat(mark);
  if (last && now - last->mtime_ns / 1000 < kHour) return;
  if (!files.stat(objects_)) return;
  (void)write_file_atomic(files, mark, "", false);
  const auto folders = files.list(objects_);
  if (!folders) return;
  for (const std::string& name : *folders) {
    const auto objects = files.list(join_path(objects_, name));
    if (!objects) continue;
    for (const std::string& object : *objects) {
      const std::string path = join_path(join_path(objects_, name), object);
      struct stat found = {};
      if (::lstat(path.c_str(), &found) != 0 || found.st_nlink > 1) continue;
      const Micros touched = found.st_ctim.tv_sec * 1'000'000LL;
      if (now - touched > kUnused) (void)files.remove(path);
    }
  }
}

}  // namespace treadle::client
