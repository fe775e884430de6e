#include "spool.h"

#include <treadle/base/json.h>

#include <cerrno>
#include <unistd.h>

namespace treadle::client {
namespace {

// Shorter files are not worth emptying.
constexpr std::int64_t kWorthEmptying = 1 << 20;

std::string folder_of(const std::string& parent, const std::string& run_id) {
  static std::mutex mutex;
  const std::scoped_lock lock(mutex);
  for (int number = 0;; ++number) {
    std::string path = join_path(parent, "run-" + run_id + "-" + std::to_string(number));
    if (::access(path.c_str(), F_OK) != 0) return path;
  }
}

Result<void> copy(const std::string& from, const std::string& to) {
  Files& files = real_files();
  TREADLE_TRY(const OpenFile source, files.open_read(from));
  TREADLE_TRY(const OpenFile target, files.create(to));
  TREADLE_TRY(const bool cloned, files.clone(source, target));
  if (cloned) return {};
  std::string bytes;
  for (std::int64_t at = 0;; at += static_cast<std::int64_t>(bytes.size())) {
    TREADLE_CHECK(files.read_at(source, at, 1 << 20, bytes));
    if (bytes.empty()) return {};
    TREADLE_CHECK(files.write(target, bytes));
  }
}

}  // namespace

Spool::Spool(std::string parent, std::string host, tracking::RunRef run)
    : parent_(absolute_path(parent)), host_(std::move(host)), run_(std::move(run)) {}

Result<void> Spool::open() {
  if (file_) return {};
  Files& files = real_files();
  if (folder_.empty()) folder_ = folder_of(parent_, run_.id);
  TREADLE_CHECK(files.make_folders(folder_));
  TREADLE_TRY(file_, files.open_append(join_path(folder_, kSpoolFile)));
  JsonWriter w;
  w.begin_object().key("run").begin_object().field("host", host_).field("entity", run_.entity);
  w.field("project", run_.project).field("name", run_.id).end_object().end_object();
  const std::string line = std::move(w).str() + "\n";
  head_ = size_ = static_cast<std::int64_t>(line.size());
  return files.write(file_, line);
}

Result<void> Spool::keep(std::string_view kind, std::string_view json) {
  const std::scoped_lock lock(mutex_);
  TREADLE_CHECK(open());
  std::string line = R"({")";
  line.append(kind).append(R"(":)").append(json).append("}\n");
  size_ += static_cast<std::int64_t>(line.size());
  return real_files().write(file_, line);
}

Result<std::string> Spool::new_copy(std::string_view name) {
  TREADLE_CHECK(open());
  const std::string folder = join_path(folder_, "files");
  TREADLE_CHECK(real_files().make_folders(folder));
  return join_path(folder, std::to_string(copies_++) + "-" + base_name(name));
}

Result<std::string> Spool::keep_bytes(std::string_view name, std::string_view bytes) {
  const std::scoped_lock lock(mutex_);
  TREADLE_TRY(const std::string path, new_copy(name));
  TREADLE_TRY(const OpenFile file, real_files().create(path));
  TREADLE_CHECK(real_files().write(file, bytes));
  return path;
}

Result<std::string> Spool::keep_file(std::string_view name, const std::string& path) {
  const std::scoped_lock lock(mutex_);
  TREADLE_TRY(const std::string to, new_copy(name));
  // A link keeps the content when the file is removed; it is not meant to be written in place.
  if (::link(path.c_str(), to.c_str()) != 0) TREADLE_CHECK(copy(path, to));
  return to;
}

void Spool::forget() {
  const std::scoped_lock lock(mutex_);
  if (!file_ || size_ < kWorthEmptying) return;
  if (::ftruncate(file_.fd(), head_) == 0) size_ = head_;
}

void Spool::remove() {
  const std::scoped_lock lock(mutex_);
  file_ = OpenFile();
  if (!folder_.empty()) (void)remove_tree(folder_);
  ::rmdir(parent_.c_str());  // when it was ours alone
}

}  // namespace treadle::client
