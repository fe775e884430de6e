#include "pool_places.h"

#include <treadle/base/files.h>
#include <treadle/execute/run.h>

#include <cerrno>
#include <charconv>
#include <fcntl.h>
#include <filesystem>
#include <map>
#include <mutex>
#include <set>
#include <sys/stat.h>
#include <unistd.h>

namespace treadle::execute {
namespace {

// A lock of POSIX belongs to the process and goes with any descriptor of the file that it closes. So each
// file is opened once and stays open, and what this process holds is known here.
struct Held {
  std::mutex mutex;
  std::map<std::string, int> files;
  std::set<std::pair<std::string, int>> places;
};

Held& held() {
  static Held* instance = new Held;  // steps may still end while the process does
  return *instance;
}

// Names of pools are the user's; those of files are not.
std::string file_of(const std::string& folder, const std::string& pool) {
  static constexpr char kHex[] = "0123456789abcdef";
  std::string name;
  for (const unsigned char c : pool) {
    name += kHex[c >> 4];
    name += kHex[c & 15];
  }
  return join_path(folder, name);
}

struct flock place_lock(short type, int place) {
  struct flock lock{};
  lock.l_type = type;
  lock.l_whence = SEEK_SET;
  lock.l_start = place;
  lock.l_len = 1;
  return lock;
}

int open_places(Held& all, const std::string& folder, const std::string& path) {
  const auto known = all.files.find(path);
  if (known != all.files.end()) return known->second;
  ::mkdir(folder.c_str(), 0700);
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd >= 0) all.files.emplace(path, fd);
  return fd;
}

}  // namespace

PoolPlace::~PoolPlace() {
  if (place_ < 0) return;
  Held& all = held();
  const std::scoped_lock lock(all.mutex);
  all.places.erase({path_, place_});
  struct flock free = place_lock(F_UNLCK, place_);
  ::fcntl(all.files[path_], F_SETLK, &free);
}

std::optional<PoolPlace> take_place(const std::string& folder, const std::string& pool,
                                    int places) {
  Held& all = held();
  const std::scoped_lock lock(all.mutex);
  const std::string path = file_of(folder, pool);
  const int fd = open_places(all, folder, path);
  if (fd < 0) return std::nullopt;
  for (int place = 0; place < places; ++place) {
    if (all.places.count({path, place}) != 0) continue;
    struct flock wanted = place_lock(F_WRLCK, place);
    if (::fcntl(fd, F_SETLK, &wanted) != 0) continue;
    all.places.emplace(path, place);
    return PoolPlace(path, place);
  }
  return std::nullopt;
}

std::vector<std::string> used_pools(const std::string& folder) {
  std::vector<std::string> pools;
  std::error_code error;
  for (const auto& file : std::filesystem::directory_iterator(folder, error)) {
    const std::string hex = file.path().filename().string();
    std::string name;
    for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
      unsigned byte = 0;
      std::from_chars(hex.data() + i, hex.data() + i + 2, byte, 16);
      name += static_cast<char>(byte);
    }
    pools.push_back(std::move(name));
  }
  return pools;
}

int taken_pool_places(const std::string& folder, const std::string& pool, int places) {
  Held& all = held();
  const std::scoped_lock lock(all.mutex);
  const std::string path = file_of(folder, pool);
  const int fd = open_places(all, folder, path);
  int taken = 0;
  for (int place = 0; fd >= 0 && place < places; ++place) {
    struct flock asked = place_lock(F_WRLCK, place);
    const bool mine = all.places.count({path, place}) != 0;
    if (mine || (::fcntl(fd, F_GETLK, &asked) == 0 && asked.l_type != F_UNLCK)) ++taken;
  }
  return taken;
}

}  // namespace treadle::execute
