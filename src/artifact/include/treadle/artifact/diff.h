// What differs between two versions, of one collection or of two.
#pragma once

#include <treadle/artifact/service.h>

#include <string>
#include <vector>

namespace treadle::artifact {

struct EntryChange {
  enum class Kind { kAdded, kRemoved, kChanged, kMoved } kind = Kind::kChanged;
  std::string path;  // in the second version; of kRemoved: in the first
  std::string from;  // kMoved: where the same content was
  Entry before;      // not of kAdded
  Entry after;       // not of kRemoved
};

// A member of the metadata object; nested ones joined by dots.
struct MetadataChange {
  std::string key;
  std::string before;  // JSON text; "" = it was not there
  std::string after;
};

struct VersionDiff {
  std::vector<EntryChange> entries;  // in order of path
  std::vector<MetadataChange> metadata;
  std::int64_t same = 0;  // entries that are equal in both
  bool description_differs = false;
  bool same_content() const { return entries.empty(); }
};
Result<VersionDiff> diff(ArtifactService& artifacts, const Version& before, const Version& after);
VersionDiff diff_entries(const std::vector<Entry>& before, const std::vector<Entry>& after);

}  // namespace treadle::artifact
