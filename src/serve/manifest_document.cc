#include "manifest_document.h"

#include "ids.h"
#include <treadle/base/json.h>

namespace treadle::serve {

std::string manifest_document(std::int64_t version_id,
                              const std::vector<artifact::Entry>& entries) {
  const std::string birth = make_id("Artifact", version_id);
  JsonWriter w;
  w.begin_object().field("version", 1).field("storagePolicy", "wandb-storage-policy-v1");
  w.key("storagePolicyConfig").begin_object().field("storageLayout", "V2").end_object();
  w.key("contents").begin_object();
  for (const artifact::Entry& entry : entries) {
    w.key(entry.path).begin_object().field("digest", entry.md5);
    if (entry.size >= 0) w.field("size", entry.size);
    if (!entry.reference.empty()) {
      w.field("ref", entry.reference);
    } else {
      w.field("birthArtifactID", birth);
    }
    if (!entry.extra.empty() && entry.extra != "{}") w.key("extra").raw(entry.extra);
    w.end_object();
  }
  w.end_object().end_object();
  return std::move(w).str();
}

}  // namespace treadle::serve
