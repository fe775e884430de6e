#include <treadle/base/content_digest.h>
#include <treadle/base/digest.h>

#include <algorithm>
#include <vector>

namespace treadle {
namespace {

constexpr std::size_t kChunk = 1 << 20;
constexpr int kDeepest = 200;  // folders; a symlink to a parent would never end

Result<std::string> read_and_digest(Files& files, const std::string& path) {
  TREADLE_TRY(const OpenFile file, files.open_read(path));
  ContentHasher hasher;
  std::string chunk;
  for (std::int64_t offset = 0;; offset += static_cast<std::int64_t>(chunk.size())) {
    TREADLE_CHECK(files.read_at(file, offset, kChunk, chunk));
    hasher.update(chunk);
    if (chunk.size() < kChunk) return to_hex(hasher.finish().sha256);
  }
}

Result<std::string> digest_of_file(Files& files, const std::string& path, const FileStat& stat,
                                   DigestMemory* memory) {
  if (memory == nullptr) return read_and_digest(files, path);
  if (std::string known = memory->find(path, stat); !known.empty()) return known;
  TREADLE_TRY(std::string digest, read_and_digest(files, path));
  memory->remember(path, stat, digest);
  return digest;
}

struct Found {
  std::string inside;  // path below the folder
  std::string path;
  FileStat stat;
};

Result<void> find_files(Files& files, const std::string& folder, const std::string& inside,
                        int depth, std::vector<Found>& found) {
  if (depth > kDeepest)
    return fail(Errc::kUnsupported, "The folders below '" + folder + "' are nested without end.");
  TREADLE_TRY(const auto names, files.list(folder));
  for (const auto& name : names) {
    const std::string path = join_path(folder, name);
    const std::string below = inside.empty() ? name : inside + "/" + name;
    TREADLE_TRY(const FileStat stat, files.stat(path));
    if (stat.kind == FileStat::Kind::kFolder) {
      TREADLE_CHECK(find_files(files, path, below, depth + 1, found));
    } else if (stat.kind == FileStat::Kind::kFile) {
      found.push_back({below, path, stat});
    } else {
      return fail(
          Errc::kUnsupported,
          "'" + path + "' is neither a file nor a folder, so it has no content to compare.");
    }
  }
  return {};
}

}  // namespace

Result<std::string> content_digest(Files& files, const std::string& path, DigestMemory* memory) {
  TREADLE_TRY(const FileStat stat, files.stat(path));
  if (stat.kind == FileStat::Kind::kFile) return digest_of_file(files, path, stat, memory);
  if (stat.kind != FileStat::Kind::kFolder)
    return fail(Errc::kUnsupported,
                "'" + path + "' is neither a file nor a folder, so it has no content to compare.");
  std::vector<Found> found;
  TREADLE_CHECK(find_files(files, path, {}, 0, found));
  std::sort(found.begin(), found.end(),
            [](const Found& a, const Found& b) { return a.inside < b.inside; });
  std::string lines;
  for (const auto& file : found) {
    TREADLE_TRY(const std::string digest, digest_of_file(files, file.path, file.stat, memory));
    lines += digest + ' ' + file.inside + '\n';
  }
  return to_hex(sha256(lines));
}

}  // namespace treadle
