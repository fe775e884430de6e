// A home in a temporary folder, and drafts, for the tests of this room.
#pragma once

#include <treadle/artifact/store.h>
#include <treadle/base/random.h>
#include <treadle/db/testing.h>

#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <sys/statvfs.h>

namespace treadle::artifact::test {

template <class T>
T must(Result<T> result) {
  if (!result) throw std::runtime_error(result.error().message);
  if constexpr (!std::is_void_v<T>) return *std::move(result);
}

// A clock that moves only when told.
class HandClock final : public Clock {
 public:
  explicit HandClock(Micros now = system_clock().now()) : now_(now) {}
  Micros now() override { return now_; }
  void advance(Micros by) { now_ += by; }

 private:
  Micros now_;
};

class TestFolder {
 public:
  // In memory when there is room: these tests make and remove thousands of files.
  TestFolder() : TestFolder(roomy_memory() ? "/dev/shm" : "/tmp") {}
  explicit TestFolder(const std::string& parent)
      : path_(join_path(parent, "treadle-artifact-test-" + random_uuid())) {
    must(real_files().make_folders(path_));
  }
  ~TestFolder() { (void)remove_tree(path_); }
  TestFolder(const TestFolder&) = delete;
  const std::string& path() const { return path_; }
  std::string at(std::string_view name) const { return join_path(path_, name); }
  void write(std::string_view name, std::string_view bytes) const {
    must(real_files().make_folders(parent_path(at(name))));
    must(write_file_atomic(real_files(), at(name), bytes, false));
  }

 private:
  static bool roomy_memory() {
    struct statvfs s{};
    return statvfs("/dev/shm", &s) == 0 && s.f_bavail * s.f_frsize > (256ULL << 20);
  }
  std::string path_;
};

class TestHome {
 public:
  explicit TestHome(Files& files = real_files(), Clock& clock = system_clock(),
                    db::Durability durability = db::Durability::kOff)
      : files_(files), clock_(clock), durability_(durability) {
    reopen();
  }
  void reopen() {
    store_.reset();
    database_.reset();
    // The database does not go through Files: only the store's own syncs matter here.
    database_ = must(db::open_for_test(
        folder_.at("treadle.db"), {.durability = db::Durability::kOff, .busy_timeout_ms = 60'000}));
    store_ = must(open());
  }
  Result<std::unique_ptr<Store>> open() {
    return Store::open(*database_, folder_.path(),
                       {.files = files_, .clock = clock_, .durability = durability_});
  }
  Store& store() { return *store_; }
  db::Database& database() { return *database_; }
  const std::string& path() const { return folder_.path(); }
  // Paths of the files below blobs/, packs and single files.
  std::vector<std::string> blob_files() const {
    std::vector<std::string> out;
    for (const char* name : {"blobs/packs", "blobs/files", "blobs/tmp"}) {
      for (const std::string& file : must(real_files().list(folder_.at(name)))) {
        out.push_back(join_path(folder_.at(name), file));
      }
    }
    return out;
  }

 private:
  TestFolder folder_;
  Files& files_;
  Clock& clock_;
  db::Durability durability_;
  std::unique_ptr<db::Database> database_;
  std::unique_ptr<Store> store_;
};

inline Draft draft_of(std::string collection, const std::map<std::string, std::string>& files,
                      std::vector<std::string> aliases = {}) {
  Draft draft;
  draft.collection = std::move(collection);
  draft.type = "dataset";
  draft.aliases = std::move(aliases);
  for (const auto& [path, bytes] : files) {
    draft.entries.emplace_back();
    draft.entries.back().path = path;
    draft.entries.back().bytes = bytes;
  }
  return draft;
}

inline Draft folder_draft(std::string collection, std::string folder) {
  Draft draft;
  draft.collection = std::move(collection);
  draft.type = "dataset";
  draft.folder = std::move(folder);
  return draft;
}

// Different content for different seeds and sizes; every page differs from the others.
inline std::string content(int seed, std::size_t size) {
  constexpr std::size_t kPage = 4096;
  std::string out;
  out.reserve(size + kPage);
  while (out.size() < size) {
    std::string head = std::to_string(seed) + "/" + std::to_string(size) + "/";
    head += std::to_string(out.size()) + ",";
    out += head;
    out.append(kPage - head.size(), static_cast<char>('a' + (seed & 15)));
  }
  out.resize(size);
  return out;
}

}  // namespace treadle::artifact::test
