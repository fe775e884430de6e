#include <treadle/artifact/walk.h>
#include <treadle/model/artifact_name.h>

#include <algorithm>
#include <cstdlib>
#include <memory>

namespace treadle::artifact {
namespace {

struct Free {
  void operator()(char* p) const { std::free(p); }
};

std::string real_path(const std::string& path) {
  const std::unique_ptr<char, Free> real(::realpath(path.c_str(), nullptr));
  return real ? std::string(real.get()) : std::string();
}

class Walk {
 public:
  Walk(Files& files, std::string root, const std::string& skip)
      : files_(files), root_(std::move(root)), real_root_(real_path(root_)) {
    // By real paths: the home may be named through a symlink that the folder is not named through.
    const std::string real_skip = skip.empty() ? std::string() : real_path(skip);
    if (real_skip.starts_with(below_root())) skip_ = real_skip.substr(below_root().size());
  }

  Result<void> folder(const std::string& path, const std::string& prefix) {
    TREADLE_TRY(const std::vector<std::string> names, files_.list(path));
    for (const std::string& name : names) {
      FoundFile found{join_path(path, name), prefix + name, {}};
      if (!skip_.empty() && found.entry == skip_) continue;
      auto stat = files_.stat(found.path, false);
      if (!stat) return fail(std::move(stat).error());
      if (stat->kind == FileStat::Kind::kFolder) {
        TREADLE_CHECK(folder(found.path, found.entry + "/"));
        continue;
      }
      if (stat->kind == FileStat::Kind::kSymlink) {
        TREADLE_TRY(*stat, behind(found.path));
      }
      if (stat->kind != FileStat::Kind::kFile) {
        return fail(Errc::kInvalidArgument,
                    "'" + found.path +
                        "' is a socket, pipe or device, which an artifact cannot keep. Remove it "
                        "from the folder.");
      }
      if (auto ok = check_entry_path(found.entry); !ok) {
        return fail(std::move(ok).error().with_context("In folder '" + root_ + "'"));
      }
      found.stat = *stat;
      out_.push_back(std::move(found));
    }
    return {};
  }

  std::vector<FoundFile> take() { return std::move(out_); }

 private:
  std::string below_root() const { return real_root_ == "/" ? "/" : real_root_ + "/"; }

  // What a symlink points to, when an artifact may keep it.
  Result<FileStat> behind(const std::string& link) {
    const auto refuse = [&](std::string_view why) {
      return fail(Errc::kInvalidArgument, "The symbolic link '" + link + "' " + std::string(why));
    };
    const std::string target = real_path(link);
    if (target.empty()) return refuse("points to nothing. Remove it or repair its target.");
    if (!target.starts_with(below_root())) {
      return refuse("leads out of the folder, to '" + target +
                    "'. Replace it by a copy, or add that file to the artifact by itself.");
    }
    TREADLE_TRY(const FileStat stat, files_.stat(link, true));
    if (stat.kind == FileStat::Kind::kFolder) {
      return refuse("points to a folder. Links to files are followed, links to folders are not.");
    }
    return stat;
  }

  Files& files_;
  const std::string root_;
  const std::string real_root_;
  std::string skip_;  // below the root; "" = nothing
  std::vector<FoundFile> out_;
};

}  // namespace

Result<std::vector<FoundFile>> walk(Files& files, const std::string& folder,
                                    const std::string& skip) {
  TREADLE_TRY(const FileStat stat, files.stat(folder));
  if (stat.kind != FileStat::Kind::kFolder) {
    return fail(Errc::kInvalidArgument, "'" + folder +
                                            "' is not a folder. Give a folder, or add "
                                            "the file by itself.");
  }
  if (!skip.empty() && real_path(folder) == real_path(skip)) {
    return fail(
        Errc::kInvalidArgument,
        "'" + folder +
            "' is the home itself, which would keep itself and its key. Give another folder.");
  }
  Walk walk(files, folder, skip);
  TREADLE_CHECK(walk.folder(folder, ""));
  std::vector<FoundFile> out = walk.take();
  out.shrink_to_fit();
  // Names are sorted within a folder, but "a-b" comes before "a/c" while folder "a" comes first.
  const auto by_entry = [](const FoundFile& a, const FoundFile& b) { return a.entry < b.entry; };
  if (!std::is_sorted(out.begin(), out.end(), by_entry)) {
    std::sort(out.begin(), out.end(), by_entry);
  }
  return out;
}

}  // namespace treadle::artifact
