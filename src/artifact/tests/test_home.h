// A home in a temporary folder, for the tests of this room.
#pragma once

#include <treadle/artifact/store.h>
#include <treadle/base/random.h>

#include <cstdlib>
#include <memory>
#include <stdexcept>
#include <string>

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
  TestFolder() : path_("/tmp/treadle-artifact-test-" + random_uuid()) {
    must(real_files().make_folders(path_));
  }
  ~TestFolder() { (void)remove_tree(path_); }
  TestFolder(const TestFolder&) = delete;
  const std::string& path() const { return path_; }
  std::string at(std::string_view name) const { return join_path(path_, name); }

 private:
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
    database_ = must(db::open_sqlite(folder_.at("treadle.db"), {.durability = durability_}));
    store_ = must(open());
  }
  Result<std::unique_ptr<Store>> open() {
    return Store::open(*database_, folder_.path(), {.files = files_, .clock = clock_});
  }
  Store& store() { return *store_; }
  db::Database& database() { return *database_; }
  std::string path() const { return folder_.path(); }

 private:
  TestFolder folder_;
  Files& files_;
  Clock& clock_;
  db::Durability durability_;
  std::unique_ptr<db::Database> database_;
  std::unique_ptr<Store> store_;
};

}  // namespace treadle::artifact::test
