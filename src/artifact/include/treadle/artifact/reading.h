// What both implementations of the seam need to read a version: an entry by its path, and folders to
// write into.
#pragma once

#include <treadle/artifact/manifest.h>
#include <treadle/artifact/service.h>
#include <treadle/base/files.h>

#include <functional>
#include <set>
#include <string>
#include <string_view>

namespace treadle::artifact {

// A file's entry, or why there is none to read; a reference is kUnsupported.
Result<const Entry*> find_entry(const Manifest& manifest, const Version& version,
                                const std::string& path);

// Makes folders below a root without ever walking through a symlink.
class EntryFolders {
 public:
  EntryFolders(Files& files, std::string root) : files_(files), root_(std::move(root)) {}
  Result<void> make(std::string_view relative);

 private:
  Files& files_;
  const std::string root_;
  std::set<std::string, std::less<>> made_;
};

}  // namespace treadle::artifact
