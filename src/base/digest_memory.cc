#include <treadle/base/content_digest.h>

#include <charconv>
#include <string_view>

namespace treadle {
namespace {

constexpr std::int64_t kWorthRemembering = 64 * 1024;  // bytes: reading less is as quick as looking
constexpr std::int64_t kTooFresh = 2'000'000'000;      // nanoseconds

// The number at the start of `text`, which goes on behind the space that follows it. False: none.
template <class T>
bool take(std::string_view& text, T& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end == text.data() + text.size() || *end != ' ') return false;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()) + 1);
  return true;
}

}  // namespace

// One line per file: "<digest> <size> <mtime> <ctime> <inode> <path>".
DigestMemory::DigestMemory(Files& files, std::string path, Clock& clock)
    : files_(files), path_(std::move(path)), clock_(clock) {
  const auto text = read_file(files_, path_);
  if (!text) return;
  for (std::string_view rest = *text; !rest.empty();) {
    const std::size_t end = rest.find('\n');
    if (end == std::string_view::npos) return;
    std::string_view line = rest.substr(0, end);
    rest.remove_prefix(end + 1);
    const std::size_t space = line.find(' ');
    if (space == std::string_view::npos || space == 0) continue;
    Known known{{.kind = FileStat::Kind::kFile}, std::string(line.substr(0, space))};
    line.remove_prefix(space + 1);
    FileStat& stat = known.stat;
    if (take(line, stat.size) && take(line, stat.mtime_ns) && take(line, stat.ctime_ns) &&
        take(line, stat.inode) && !line.empty()) {
      known_.insert_or_assign(std::string(line), std::move(known));
    }
  }
}

std::string DigestMemory::find(const std::string& path, const FileStat& stat) const {
  const auto at = known_.find(path);
  if (at == known_.end()) return {};
  const FileStat& then = at->second.stat;
  const bool same = then.size == stat.size && then.mtime_ns == stat.mtime_ns &&
                    then.ctime_ns == stat.ctime_ns && then.inode == stat.inode;
  return same ? at->second.digest : std::string();
}

void DigestMemory::remember(const std::string& path, const FileStat& stat,
                            const std::string& digest) {
  const std::int64_t now = clock_.now() * 1000;
  if (stat.size < kWorthRemembering || path.find('\n') != std::string::npos ||
      now - stat.mtime_ns < kTooFresh || now - stat.ctime_ns < kTooFresh) {
    return;
  }
  known_.insert_or_assign(path, Known{stat, digest});
  changed_ = true;
}

Result<void> DigestMemory::save() {
  if (!changed_) return {};
  std::string lines;
  for (const auto& [path, known] : known_) {
    const FileStat& stat = known.stat;
    lines += known.digest + ' ' + std::to_string(stat.size) + ' ' + std::to_string(stat.mtime_ns) +
             ' ' + std::to_string(stat.ctime_ns) + ' ' + std::to_string(stat.inode) + ' ' + path +
             '\n';
  }
  TREADLE_CHECK(files_.make_folders(parent_path(path_)));
  TREADLE_CHECK(write_file_atomic(files_, path_, lines, false));
  changed_ = false;
  return {};
}

}  // namespace treadle
