#include <treadle/artifact/manifest.h>
#include <treadle/base/digest.h>
#include <treadle/base/json.h>

#include <algorithm>

namespace treadle::artifact {

namespace {

// Of one entry without its path, quotes and hex digests included: texts of a hundred thousand entries
// must not be copied again and again while they grow.
constexpr std::size_t kEntryText = 160;

// Digests lines that are never all in memory.
template <class Digest>
class LineHasher {
 public:
  explicit LineHasher(std::string_view head) : waiting_(head) {}
  void add(std::string_view path, std::string_view digest) {
    waiting_ += path;
    waiting_ += ':';
    waiting_ += digest;
    waiting_ += '\n';
    if (waiting_.size() < kEnough) return;
    hasher_.update(waiting_);
    waiting_.clear();
  }
  std::string finish() {
    hasher_.update(waiting_);
    return to_hex(hasher_.finish());
  }

 private:
  static constexpr std::size_t kEnough = 64 * 1024;
  StreamHasher<Digest> hasher_;
  std::string waiting_;
};

}  // namespace

std::string manifest_text(const Manifest& manifest) {
  JsonWriter head;
  head.begin_object().field("version", 1).field("storagePolicy", "wandb-storage-policy-v1");
  head.key("storagePolicyConfig").begin_object().field("storageLayout", "V2").end_object();
  head.key("contents").begin_object();
  std::string text = std::move(head).str();
  std::size_t size = text.size() + 2;
  for (const Entry& entry : manifest.entries) {
    size += kEntryText + entry.path.size() + entry.reference.size() + entry.extra.size();
  }
  text.reserve(size);
  for (const Entry& entry : manifest.entries) {
    JsonWriter w;
    w.begin_object().field("digest", entry.md5);
    if (!entry.sha256.empty()) w.field("sha256", entry.sha256);
    if (entry.size >= 0) w.field("size", entry.size);
    if (!entry.reference.empty()) w.field("ref", entry.reference);
    if (!entry.extra.empty()) w.key("extra").raw(entry.extra);
    w.end_object();
    if (&entry != &manifest.entries.front()) text += ',';
    append_json_string(text, entry.path);
    text += ':';
    text += w.str();
  }
  text += "}}";
  return text;
}

std::string manifest_digest(const Manifest& manifest) {
  LineHasher<Md5> lines("wandb-artifact-manifest-v1\n");
  for (const Entry& entry : manifest.entries) lines.add(entry.path, entry.md5);
  return lines.finish();
}

std::string content_digest(const Manifest& manifest) {
  LineHasher<Sha256> lines("treadle-artifact-content-v1\n");
  for (const Entry& entry : manifest.entries) {
    lines.add(entry.path, entry.sha256.empty() ? entry.md5 : entry.sha256);
  }
  return lines.finish();
}

namespace {

// The path before `path` in order that is a file where `path` needs a folder, if any.
const Entry* folder_in_the_way(const std::vector<Entry>& sorted, std::string_view path) {
  for (std::size_t slash = path.find('/'); slash != std::string_view::npos;
       slash = path.find('/', slash + 1)) {
    const std::string_view folder = path.substr(0, slash);
    const auto it = std::lower_bound(sorted.begin(), sorted.end(), folder,
                                     [](const Entry& e, std::string_view p) { return e.path < p; });
    if (it != sorted.end() && it->path == folder) return &*it;
  }
  return nullptr;
}

}  // namespace

Result<Manifest> make_manifest(std::vector<Entry> entries) {
  const auto by_path = [](const Entry& a, const Entry& b) { return a.path < b.path; };
  if (!std::is_sorted(entries.begin(), entries.end(), by_path)) {
    std::stable_sort(entries.begin(), entries.end(), by_path);
  }
  // In place: what stays moves to the front.
  std::size_t kept = 0;
  for (std::size_t i = 0; i < entries.size(); ++i) {
    Entry& entry = entries[i];
    if (kept > 0 && entries[kept - 1].path == entry.path) {
      const Entry& other = entries[kept - 1];
      if (other.md5 == entry.md5 && other.sha256 == entry.sha256 &&
          other.reference == entry.reference) {
        continue;
      }
      return fail(Errc::kInvalidArgument, "The artifact has two different files at '" + entry.path +
                                              "'. Give one of them another path.");
    }
    if (kept != i) entries[kept] = std::move(entry);
    ++kept;
  }
  entries.resize(kept);
  Manifest manifest;
  manifest.entries = std::move(entries);
  // Names of one folder stand together, so most folders were looked at for the entry before.
  std::string_view last_folder;
  for (const Entry& entry : manifest.entries) {
    const std::string_view path = entry.path;
    const std::string_view folder = path.substr(0, std::min(path.rfind('/'), path.size()));
    if (folder.size() == path.size() || folder == last_folder) continue;
    if (const Entry* file = folder_in_the_way(manifest.entries, path)) {
      return fail(Errc::kInvalidArgument, "The artifact has a file '" + file->path +
                                              "' and, in a folder of the same name, '" +
                                              entry.path + "'. Rename one of them.");
    }
    last_folder = folder;
  }
  return manifest;
}

Result<Manifest> overlay(const std::vector<Entry>& base, const Manifest& over) {
  std::vector<Entry> merged;
  merged.reserve(base.size() + over.entries.size());
  auto next = over.entries.begin();
  for (const Entry& entry : base) {
    while (next != over.entries.end() && next->path < entry.path) merged.push_back(*next++);
    const bool replaced = next != over.entries.end() && next->path == entry.path;
    merged.push_back(replaced ? *next++ : entry);
  }
  merged.insert(merged.end(), next, over.entries.end());
  return make_manifest(std::move(merged));
}

}  // namespace treadle::artifact
