#include "cache_limit.h"

#include <treadle/base/clock.h>
#include <treadle/base/files.h>
#include <treadle/base/random.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <fcntl.h>
#include <list>
#include <mutex>
#include <sstream>
#include <string_view>
#include <sys/file.h>
#include <sys/stat.h>
#include <vector>

namespace treadle::io {
namespace {

constexpr const char* kLock = "lock";
constexpr const char* kStamp = "stamp";
constexpr std::size_t kMostHeld = 256;  // open files

struct Place {
  std::string path;
  std::int64_t bytes = 0;
  Micros read = 0;
};

// The stamp has a line per file, which begins with its size.
std::int64_t bytes_of(const std::string& place) {
  const auto stamp = read_file(real_files(), join_path(place, kStamp));
  if (!stamp) return 0;
  std::istringstream lines(*stamp);
  std::int64_t sum = 0;
  for (std::string line; std::getline(lines, line);) sum += std::strtoll(line.c_str(), nullptr, 10);
  return sum;
}

// Removes it unless somebody reads it: a reader takes the lock before it looks whether all is there.
void remove_unheld(const std::string& place, const std::string& artifacts) {
  const OpenFile lock(::open(join_path(place, kLock).c_str(), O_RDONLY | O_CLOEXEC));
  if (lock && ::flock(lock.fd(), LOCK_EX | LOCK_NB) != 0) return;
  const std::string gone = join_path(artifacts, ".old-" + random_uuid());
  if (real_files().rename(place, gone)) (void)remove_tree(gone);
}

}  // namespace

std::int64_t cache_limit() {
  constexpr std::int64_t kGiB = 1LL << 30;
  const char* text = std::getenv("TREADLE_CACHE_SIZE");
  const std::string_view given = text == nullptr ? "" : text;
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(given.data(), given.data() + given.size(), number);
  if (error != std::errc() || number < 0) return 20 * kGiB;
  const std::string_view unit = given.substr(static_cast<std::size_t>(end - given.data()));
  if (unit == "G" || unit == "GiB") return number * kGiB;
  if (unit == "M" || unit == "MiB") return number * (1LL << 20);
  return number;
}

bool hold_place(const std::string& place, const std::string& at) {
  static std::mutex mutex;
  static std::list<std::pair<std::string, OpenFile>> held;  // read last first
  const std::lock_guard guard(mutex);
  const std::string path = join_path(at.empty() ? place : at, kLock);
  // When it was read last.
  (void)::utimensat(AT_FDCWD, path.c_str(), nullptr, 0);
  const auto known =
      std::find_if(held.begin(), held.end(), [&](const auto& h) { return h.first == place; });
  if (known != held.end()) {
    struct stat mine{};
    struct stat there{};
    // Removed and made again by others since: then this lock holds nothing.
    if (::fstat(known->second.fd(), &mine) == 0 && ::stat(path.c_str(), &there) == 0 &&
        mine.st_ino == there.st_ino) {
      held.splice(held.begin(), held, known);
      return true;
    }
    held.erase(known);
  }
  OpenFile lock(::open(path.c_str(), O_RDONLY | O_CREAT | O_CLOEXEC, 0666));
  if (!lock || ::flock(lock.fd(), LOCK_SH | LOCK_NB) != 0) return false;
  held.emplace_front(place, std::move(lock));
  if (held.size() > kMostHeld) held.pop_back();
  return true;
}

void make_room(const std::string& artifacts, std::int64_t bytes, std::int64_t limit) {
  if (limit == 0) return;
  const auto names = real_files().list(artifacts);
  if (!names) return;
  std::vector<Place> places;
  std::int64_t sum = bytes;
  for (const std::string& name : *names) {
    if (name.starts_with('.')) continue;
    Place place{join_path(artifacts, name), 0, 0};
    place.bytes = bytes_of(place.path);
    sum += place.bytes;
    const auto lock = real_files().stat(join_path(place.path, kLock));
    place.read = lock ? lock->mtime_ns / 1000 : 0;
    places.push_back(std::move(place));
  }
  std::sort(places.begin(), places.end(),
            [](const Place& a, const Place& b) { return a.read < b.read; });
  for (const Place& place : places) {
    if (sum <= limit) return;
    remove_unheld(place.path, artifacts);
    if (!real_files().stat(place.path)) sum -= place.bytes;
  }
}

}  // namespace treadle::io
