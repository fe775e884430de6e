#include "stat_cache.h"

#include <algorithm>
#include <cstring>

namespace treadle::artifact {
namespace {

constexpr std::string_view kMagic = "TREADLE-STAT-01\n";
constexpr std::int64_t kRacyNs = 20'000'000;
constexpr std::int64_t kCoarseRacyNs = 2'000'000'000;  // file systems that keep whole seconds
constexpr std::int64_t kSecondNs = 1'000'000'000;
// Of an entry without its path.
constexpr std::size_t kEntryBytes =
    sizeof(std::uint32_t) + 4 * sizeof(std::int64_t) + sizeof(Md5) + sizeof(Sha256);

template <class T>
void put(std::string& out, const T& value) {
  out.append(reinterpret_cast<const char*>(&value), sizeof(value));
}
template <class T>
bool take(std::string_view& in, T& value) {
  if (in.size() < sizeof(value)) return false;
  std::memcpy(&value, in.data(), sizeof(value));
  in.remove_prefix(sizeof(value));
  return true;
}

bool is_racy(std::int64_t time_ns, std::int64_t hashed_ns) {
  return time_ns >= hashed_ns - (time_ns % kSecondNs == 0 ? kCoarseRacyNs : kRacyNs);
}

}  // namespace

StatCache StatCache::load(Files& files, const std::string& file) {
  StatCache cache;
  const Result<std::string> text = read_file(files, file);
  if (!text || !text->starts_with(kMagic)) return cache;
  std::string_view in = *text;
  in.remove_prefix(kMagic.size());
  Sha256 sum{};
  if (!take(in, sum) || sha256(in) != sum) return cache;
  std::uint32_t count = 0;
  if (!take(in, count)) return cache;
  cache.entries_.reserve(std::min<std::size_t>(count, in.size()));
  for (std::uint32_t i = 0; i < count; ++i) {
    CachedFile entry;
    std::uint32_t length = 0;
    if (!take(in, length) || in.size() < length) return {};
    entry.path = in.substr(0, length);
    in.remove_prefix(length);
    if (!take(in, entry.stat.size) || !take(in, entry.stat.mtime_ns) ||
        !take(in, entry.stat.ctime_ns) || !take(in, entry.stat.inode) ||
        !take(in, entry.blob.md5) || !take(in, entry.blob.sha256)) {
      return {};
    }
    entry.blob.size = entry.stat.size;
    cache.entries_.push_back(std::move(entry));
  }
  return cache;
}

const blob::Blob* StatCache::find(std::string_view path, const FileStat& stat) {
  if (next_ >= entries_.size() || entries_[next_].path != path) {
    const auto it =
        std::lower_bound(entries_.begin(), entries_.end(), path,
                         [](const CachedFile& e, std::string_view p) { return e.path < p; });
    if (it == entries_.end() || it->path != path) return nullptr;
    next_ = static_cast<std::size_t>(it - entries_.begin());
  }
  const CachedFile& entry = entries_[next_++];
  const bool same = entry.stat.size == stat.size && entry.stat.mtime_ns == stat.mtime_ns &&
                    entry.stat.ctime_ns == stat.ctime_ns && entry.stat.inode == stat.inode;
  return same ? &entry.blob : nullptr;
}

Result<void> StatCache::save(Files& files, const std::string& file, std::vector<HashedFile> entries,
                             Micros hashed_at) {
  std::erase_if(entries, [&](const HashedFile& e) {
    return e.blob->size != e.stat->size || is_racy(e.stat->mtime_ns, hashed_at * 1000) ||
           is_racy(e.stat->ctime_ns, hashed_at * 1000);
  });
  const auto by_path = [](const HashedFile& a, const HashedFile& b) { return a.path < b.path; };
  if (!std::is_sorted(entries.begin(), entries.end(), by_path)) {
    std::sort(entries.begin(), entries.end(), by_path);
  }
  std::string text(kMagic);
  put(text, Sha256{});  // of what follows, once it is there
  const std::size_t head = text.size();
  std::size_t size = head + sizeof(std::uint32_t);
  for (const HashedFile& e : entries) size += e.path.size() + kEntryBytes;
  text.reserve(size);
  put(text, static_cast<std::uint32_t>(entries.size()));
  for (const HashedFile& e : entries) {
    put(text, static_cast<std::uint32_t>(e.path.size()));
    text += e.path;
    put(text, e.stat->size);
    put(text, e.stat->mtime_ns);
    put(text, e.stat->ctime_ns);
    put(text, e.stat->inode);
    put(text, e.blob->md5);
    put(text, e.blob->sha256);
  }
  const Sha256 sum = sha256(std::string_view(text).substr(head));
  std::memcpy(text.data() + kMagic.size(), &sum, sizeof(sum));
  TREADLE_CHECK(files.make_folders(parent_path(file)));
  return write_file_atomic(files, file, text, false);
}

}  // namespace treadle::artifact
