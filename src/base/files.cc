#include <treadle/base/digest.h>
#include <treadle/base/files.h>
#include <treadle/base/random.h>

#include <algorithm>
#include <cerrno>
#include <dirent.h>
#include <fcntl.h>
#include <filesystem>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>

namespace treadle {
namespace {

tl::unexpected<Error> failed(std::string_view what, const std::string& path) {
  const int number = errno;
  return fail(errno_error("cannot " + std::string(what) + " '" + path + "'", number));
}

// A path with a NUL would be cut short by the kernel: another file than the one meant.
bool has_nul(const std::string& path) {
  return path.find('\0') != std::string::npos;
}

class RealFiles final : public Files {
 public:
  Result<OpenFile> open_read(const std::string& path) override {
    return open(path, O_RDONLY | O_CLOEXEC, 0, "open");
  }
  Result<OpenFile> create(const std::string& path, std::uint32_t mode) override {
    return open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, mode, "create");
  }
  Result<bool> clone(const OpenFile& from, const OpenFile& to) override {
    return ioctl(to.fd(), FICLONE, from.fd()) == 0;  // whatever the reason: copying will tell
  }
  Result<OpenFile> open_append(const std::string& path) override {
    return open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666, "open");
  }

  Result<void> read_at(const OpenFile& file, std::int64_t offset, std::size_t size,
                       std::string& out) override {
    out.resize(size);
    std::size_t done = 0;
    while (done < size) {
      const ssize_t n = pread(file.fd(), out.data() + done, size - done,
                              offset + static_cast<std::int64_t>(done));
      if (n < 0) {
        if (errno == EINTR) continue;
        out.clear();
        return fail(errno_error("cannot read", errno));
      }
      if (n == 0) break;
      done += static_cast<std::size_t>(n);
    }
    out.resize(done);
    return {};
  }

  Result<void> write(const OpenFile& file, std::string_view bytes) override {
    while (!bytes.empty()) {
      const ssize_t n = ::write(file.fd(), bytes.data(), bytes.size());
      if (n < 0) {
        if (errno == EINTR) continue;
        return fail(errno_error("cannot write", errno));
      }
      bytes.remove_prefix(static_cast<std::size_t>(n));
    }
    return {};
  }

  Result<void> sync(const OpenFile& file) override {
    while (fsync(file.fd()) != 0) {
      if (errno != EINTR) return fail(errno_error("cannot sync", errno));
    }
    return {};
  }

  Result<void> sync_folder(const std::string& path) override {
    TREADLE_TRY(OpenFile folder, open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0, "open folder"));
    return sync(folder);
  }

  Result<void> rename(const std::string& from, const std::string& to) override {
    if (::rename(from.c_str(), to.c_str()) != 0) return failed("rename to", to);
    return {};
  }

  Result<void> remove(const std::string& path) override {
    if (unlink(path.c_str()) != 0 && errno != ENOENT) return failed("remove", path);
    return {};
  }

  Result<void> make_folders(const std::string& path) override {
    if (mkdir(path.c_str(), 0777) == 0) return {};
    if (errno == ENOENT) {
      const std::string parent = parent_path(path);
      if (parent == path || parent.empty()) return failed("create folder", path);
      TREADLE_CHECK(make_folders(parent));
      if (mkdir(path.c_str(), 0777) == 0 || errno == EEXIST) return {};
      return failed("create folder", path);
    }
    if (errno == EEXIST) {
      struct stat s{};
      if (::stat(path.c_str(), &s) == 0 && S_ISDIR(s.st_mode)) return {};
      return fail(Errc::kAlreadyExists,
                  "cannot create folder '" + path + "': a file is in the way");
    }
    return failed("create folder", path);
  }

  Result<FileStat> stat(const std::string& path, bool follow_symlinks) override {
    if (has_nul(path)) return fail(Errc::kInvalidArgument, "a path must not contain NUL bytes");
    struct stat s{};
    const int rc = follow_symlinks ? ::stat(path.c_str(), &s) : lstat(path.c_str(), &s);
    if (rc != 0) return failed("look at", path);
    FileStat out;
    out.kind = S_ISREG(s.st_mode)   ? FileStat::Kind::kFile
               : S_ISDIR(s.st_mode) ? FileStat::Kind::kFolder
               : S_ISLNK(s.st_mode) ? FileStat::Kind::kSymlink
                                    : FileStat::Kind::kOther;
    out.size = s.st_size;
    out.mtime_ns = s.st_mtim.tv_sec * 1'000'000'000LL + s.st_mtim.tv_nsec;
    out.ctime_ns = s.st_ctim.tv_sec * 1'000'000'000LL + s.st_ctim.tv_nsec;
    out.inode = s.st_ino;
    out.mode = s.st_mode & 07777;
    return out;
  }

  Result<std::vector<std::string>> list(const std::string& path) override {
    DIR* folder = opendir(path.c_str());
    if (folder == nullptr) return failed("list folder", path);
    std::vector<std::string> names;
    errno = 0;
    while (const dirent* entry = readdir(folder)) {
      const std::string_view name = entry->d_name;
      if (name != "." && name != "..") names.emplace_back(name);
      errno = 0;
    }
    const int number = errno;
    closedir(folder);
    if (number != 0) return fail(errno_error("cannot list folder '" + path + "'", number));
    std::sort(names.begin(), names.end());
    return names;
  }

 private:
  static Result<OpenFile> open(const std::string& path, int flags, std::uint32_t mode,
                               std::string_view what) {
    if (has_nul(path)) return fail(Errc::kInvalidArgument, "a path must not contain NUL bytes");
    int fd = -1;
    do {
      fd = ::open(path.c_str(), flags, mode);
    } while (fd < 0 && errno == EINTR);
    if (fd < 0) return failed(what, path);
    return OpenFile(fd);
  }
};

}  // namespace

OpenFile& OpenFile::operator=(OpenFile&& other) noexcept {
  if (this != &other) {
    if (fd_ >= 0) close(fd_);
    fd_ = std::exchange(other.fd_, -1);
  }
  return *this;
}

OpenFile::~OpenFile() {
  if (fd_ >= 0) close(fd_);
}

Result<bool> Files::clone(const OpenFile& /*from*/, const OpenFile& /*to*/) {
  return false;
}

Files& real_files() {
  static RealFiles files;
  return files;
}

Result<std::string> read_file(Files& files, const std::string& path) {
  TREADLE_TRY(const OpenFile file, files.open_read(path));
  std::string content;
  std::string chunk;
  constexpr std::size_t kChunk = 256 * 1024;
  while (true) {
    if (auto ok = files.read_at(file, static_cast<std::int64_t>(content.size()), kChunk, chunk);
        !ok) {
      return fail(std::move(ok).error().with_context("'" + path + "'"));
    }
    content += chunk;
    if (chunk.size() < kChunk) return content;
  }
}

Result<void> write_file_atomic(Files& files, const std::string& path, std::string_view bytes,
                               bool sync, std::uint32_t mode) {
  const std::string temporary = path + ".tmp-" + to_hex(random_bytes(6));
  const auto attempt = [&]() -> Result<void> {
    {
      TREADLE_TRY(const OpenFile file, files.create(temporary, mode));
      TREADLE_CHECK(files.write(file, bytes));
      if (sync) TREADLE_CHECK(files.sync(file));
    }
    TREADLE_CHECK(files.rename(temporary, path));
    if (sync) TREADLE_CHECK(files.sync_folder(parent_path(path)));
    return {};
  };
  auto result = attempt();
  if (!result) {
    (void)files.remove(temporary);
    return fail(std::move(result).error().with_context("cannot write '" + path + "'"));
  }
  return result;
}

Result<void> remove_tree(const std::string& path) {
  std::error_code error;
  std::filesystem::remove_all(path, error);
  if (error) return fail(errno_error("cannot remove '" + path + "'", error.value()));
  return {};
}

std::string join_path(std::string_view folder, std::string_view name) {
  if (folder.empty()) return std::string(name);
  std::string path(folder);
  if (path.back() != '/') path += '/';
  path += name;
  return path;
}

std::string absolute_path(std::string_view path) {
  std::string full(path);
  if (full.empty() || full.front() != '/') {
    std::error_code error;
    full = join_path(std::filesystem::current_path(error).string(), full);
  }
  full = std::filesystem::path(full).lexically_normal().string();
  while (full.size() > 1 && full.back() == '/') full.pop_back();
  return full;
}

std::string parent_path(std::string_view path) {
  while (path.size() > 1 && path.back() == '/') path.remove_suffix(1);
  const std::size_t slash = path.rfind('/');
  if (slash == std::string_view::npos) return ".";
  return std::string(path.substr(0, std::max<std::size_t>(slash, 1)));
}

std::string base_name(std::string_view path) {
  while (path.size() > 1 && path.back() == '/') path.remove_suffix(1);
  const std::size_t slash = path.rfind('/');
  return std::string(slash == std::string_view::npos ? path : path.substr(slash + 1));
}

}  // namespace treadle
