#include <treadle/artifact/reading.h>
#include <treadle/base/suggest.h>

#include <algorithm>

namespace treadle::artifact {

Result<const Entry*> find_entry(const Manifest& manifest, const Version& version,
                                const std::string& path) {
  const auto it =
      std::lower_bound(manifest.entries.begin(), manifest.entries.end(), path,
                       [](const Entry& entry, const std::string& p) { return entry.path < p; });
  if (it == manifest.entries.end() || it->path != path) {
    constexpr std::size_t kMostNames = 1000;
    std::vector<std::string> names;
    for (const Entry& entry : manifest.entries) {
      if (names.size() < kMostNames) names.push_back(entry.path);
    }
    return fail(Errc::kNotFound, "There is no file '" + path + "' in " + version.text() + "." +
                                     did_you_mean(path, names));
  }
  if (!it->reference.empty()) {
    return fail(Errc::kUnsupported, "The entry '" + path + "' of " + version.text() +
                                        " is a reference; its content is at " + it->reference +
                                        ".");
  }
  return &*it;
}

Result<void> EntryFolders::make(std::string_view relative) {
  if (relative.empty() || made_.contains(relative)) return {};
  const std::size_t slash = relative.rfind('/');
  if (slash != std::string_view::npos) TREADLE_CHECK(make(relative.substr(0, slash)));
  const std::string path = join_path(root_, relative);
  const auto stat = files_.stat(path, false);
  if (stat && stat->kind == FileStat::Kind::kSymlink) {
    return fail(Errc::kInvalidArgument, "'" + path +
                                            "' is a symbolic link; files are not written "
                                            "through it. Remove it, or choose another folder.");
  }
  if (!stat && stat.error().code != Errc::kNotFound) return fail(stat.error());
  if (!stat) TREADLE_CHECK(files_.make_folders(path));
  made_.emplace(relative);
  return {};
}

}  // namespace treadle::artifact
