#include <treadle/artifact/manifest.h>
#include <treadle/base/digest.h>
#include <treadle/base/json.h>

#include <algorithm>

namespace treadle::artifact {

std::string manifest_text(const Manifest& manifest) {
  JsonWriter w;
  w.begin_object().field("version", 1).field("storagePolicy", "wandb-storage-policy-v1");
  w.key("storagePolicyConfig").begin_object().field("storageLayout", "V2").end_object();
  w.key("contents").begin_object();
  for (const Entry& entry : manifest.entries) {
    w.key(entry.path).begin_object().field("digest", entry.md5);
    if (!entry.sha256.empty()) w.field("sha256", entry.sha256);
    if (entry.size >= 0) w.field("size", entry.size);
    if (!entry.reference.empty()) w.field("ref", entry.reference);
    if (!entry.extra.empty()) w.key("extra").raw(entry.extra);
    w.end_object();
  }
  w.end_object().end_object();
  return std::move(w).str();
}

std::string manifest_digest(const Manifest& manifest) {
  std::string lines = "wandb-artifact-manifest-v1\n";
  for (const Entry& entry : manifest.entries) {
    lines += entry.path;
    lines += ':';
    lines += entry.md5;
    lines += '\n';
  }
  return to_hex(md5(lines));
}

std::string content_digest(const Manifest& manifest) {
  std::string lines = "treadle-artifact-content-v1\n";
  for (const Entry& entry : manifest.entries) {
    lines += entry.path;
    lines += ':';
    lines += entry.sha256.empty() ? entry.md5 : entry.sha256;
    lines += '\n';
  }
  return to_hex(sha256(lines));
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
  Manifest manifest;
  manifest.entries.reserve(entries.size());
  for (Entry& entry : entries) {
    if (!manifest.entries.empty() && manifest.entries.back().path == entry.path) {
      const Entry& other = manifest.entries.back();
      if (other.md5 == entry.md5 && other.sha256 == entry.sha256 &&
          other.reference == entry.reference) {
        continue;
      }
      return fail(Errc::kInvalidArgument, "The artifact has two different files at '" + entry.path +
                                              "'. Give one of them another path.");
    }
    manifest.entries.push_back(std::move(entry));
  }
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
