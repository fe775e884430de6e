// A file system that fails when told: at the n-th call, or from the n-th call on, and that can forget
// what was never synced, as a machine does that loses power.
#pragma once

#include <treadle/base/files.h>

#include <map>
#include <mutex>
#include <set>
#include <string>

namespace treadle::artifact::test {

class FaultyFiles final : public Files {
 public:
  enum class Mode { kOnce, kFromThenOn };

  // The n-th call from now (1 = the next) fails with `code`; 0 = none.
  void fail_at(int n, Errc code, Mode mode = Mode::kOnce) {
    const std::lock_guard lock(mutex_);
    calls_ = 0;
    fail_at_ = n;
    code_ = code;
    mode_ = mode;
    fired_ = false;
  }
  // Only calls that write count.
  void only_writes(bool on) { only_writes_ = on; }
  bool fired() const { return fired_; }
  int syncs() const { return syncs_; }
  // How often files of the folder were opened for reading.
  int opened_below(const std::string& folder) { return opened_[folder]; }

  // The power goes: files whose content or name was not synced are gone.
  void lose_unsynced() {
    const std::lock_guard lock(mutex_);
    for (const std::string& path : unsynced_content_) (void)real_files().remove(path);
    for (const std::string& path : unsynced_name_) (void)real_files().remove(path);
    unsynced_content_.clear();
    unsynced_name_.clear();
  }

  Result<OpenFile> open_read(const std::string& path) override {
    TREADLE_CHECK(read_call("open '" + path + "'"));
    const std::lock_guard lock(mutex_);
    ++opened_[parent_path(path)];
    return real_files().open_read(path);
  }
  Result<OpenFile> create(const std::string& path, std::uint32_t mode) override {
    TREADLE_CHECK(call("create '" + path + "'"));
    TREADLE_TRY(OpenFile file, real_files().create(path, mode));
    const std::lock_guard lock(mutex_);
    paths_[file.fd()] = path;
    unsynced_content_.insert(path);
    unsynced_name_.insert(path);
    return file;
  }
  Result<OpenFile> open_append(const std::string& path) override {
    TREADLE_CHECK(call("open '" + path + "'"));
    return real_files().open_append(path);
  }
  Result<void> read_at(const OpenFile& file, std::int64_t offset, std::size_t size,
                       std::string& out) override {
    TREADLE_CHECK(read_call("read"));
    return real_files().read_at(file, offset, size, out);
  }
  Result<void> write(const OpenFile& file, std::string_view bytes) override {
    if (auto ok = call("write"); !ok) {
      (void)real_files().write(file, bytes.substr(0, bytes.size() / 2));
      return ok;
    }
    const std::lock_guard lock(mutex_);
    unsynced_content_.insert(paths_[file.fd()]);
    return real_files().write(file, bytes);
  }
  Result<void> sync(const OpenFile& file) override {
    TREADLE_CHECK(call("sync"));
    const std::lock_guard lock(mutex_);
    ++syncs_;
    unsynced_content_.erase(paths_[file.fd()]);
    return {};
  }
  Result<void> sync_folder(const std::string& path) override {
    TREADLE_CHECK(call("sync '" + path + "'"));
    const std::lock_guard lock(mutex_);
    ++syncs_;
    std::erase_if(unsynced_name_, [&](const std::string& p) { return parent_path(p) == path; });
    return {};
  }
  Result<void> rename(const std::string& from, const std::string& to) override {
    TREADLE_CHECK(call("rename '" + from + "'"));
    const std::lock_guard lock(mutex_);
    if (unsynced_content_.erase(from) > 0) unsynced_content_.insert(to);
    unsynced_name_.erase(from);
    unsynced_name_.insert(to);
    return real_files().rename(from, to);
  }
  Result<void> remove(const std::string& path) override {
    TREADLE_CHECK(call("remove '" + path + "'"));
    return real_files().remove(path);
  }
  Result<void> make_folders(const std::string& path) override {
    TREADLE_CHECK(call("create folder '" + path + "'"));
    return real_files().make_folders(path);
  }
  Result<FileStat> stat(const std::string& path, bool follow_symlinks) override {
    TREADLE_CHECK(read_call("look at '" + path + "'"));
    return real_files().stat(path, follow_symlinks);
  }
  Result<std::vector<std::string>> list(const std::string& path) override {
    TREADLE_CHECK(read_call("list '" + path + "'"));
    return real_files().list(path);
  }

 private:
  Result<void> read_call(const std::string& what) {
    return only_writes_ ? Result<void>() : call(what);
  }
  Result<void> call(const std::string& what) {
    const std::lock_guard lock(mutex_);
    if (fail_at_ == 0) return {};
    ++calls_;
    if (calls_ != fail_at_ && (mode_ == Mode::kOnce || calls_ < fail_at_)) return {};
    fired_ = true;
    return fail(code_, "cannot " + what + ": injected fault");
  }

  std::mutex mutex_;
  int calls_ = 0;
  int fail_at_ = 0;
  Errc code_ = Errc::kIo;
  Mode mode_ = Mode::kOnce;
  bool only_writes_ = false;
  bool fired_ = false;
  int syncs_ = 0;
  std::map<int, std::string> paths_;
  std::map<std::string, int> opened_;
  std::set<std::string> unsynced_content_;
  std::set<std::string> unsynced_name_;
};

}  // namespace treadle::artifact::test
