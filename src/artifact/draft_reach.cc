#include "draft_reach.h"

#include <treadle/artifact/manifest.h>
#include <treadle/base/digest.h>

#include <algorithm>
#include <cstring>
#include <vector>

namespace treadle::artifact {
namespace {

constexpr std::int64_t kMostVersions = 200;  // of a collection, newest first

// Manifests of the collection's versions, newest first.
Result<std::vector<Sha256>> manifests_of(db::Session& session, const DraftSpec& place) {
  TREADLE_TRY(db::Statement * s,
              session.prepare("select v.manifest_sha256 from artifact_version v join "
                              "artifact_collection c on c.id = v.collection_id where c.entity = $1 "
                              "and c.project = $2 and c.name = $3 order by v.id desc limit $4"));
  s->bind(1, place.entity).bind(2, place.project).bind(3, place.collection).bind(4, kMostVersions);
  std::vector<Sha256> out;
  while (true) {
    TREADLE_TRY(const bool more, s->step());
    if (!more) return out;
    Sha256 digest{};
    std::memcpy(digest.data(), s->text(0).data(), std::min(s->text(0).size(), digest.size()));
    out.push_back(digest);
  }
}

}  // namespace

Result<void> note_reach(db::Session& session, const DraftSpec& place, const Sha256& content) {
  return run(session,
             "insert into artifact_reach (entity, project, sha256) values ($1, $2, $3) on conflict "
             "(entity, project, sha256) do nothing",
             [&](db::Statement& s) {
               s.bind(1, place.entity).bind(2, place.project);
               s.bind_blob(3, {reinterpret_cast<const char*>(content.data()), content.size()});
             });
}

Result<std::set<std::string>> reachable(Core& core, db::Session& session, const DraftSpec& place,
                                        std::span<const std::string> contents) {
  std::set<std::string> out;
  std::set<std::string> open;
  for (const std::string& content : contents) {
    const auto bytes = from_hex(content);
    if (!bytes) continue;
    TREADLE_TRY(const auto known,
                find_integer(session,
                             "select 1 from artifact_reach where entity = $1 and project = $2 and "
                             "sha256 = $3",
                             [&](db::Statement& s) {
                               s.bind(1, place.entity).bind(2, place.project);
                               s.bind_blob(3, *bytes);
                             }));
    (known ? out : open).insert(content);
  }
  if (open.empty()) return out;
  TREADLE_TRY(const std::vector<Sha256> manifests, manifests_of(session, place));
  for (const Sha256& digest : manifests) {
    if (open.empty()) break;
    TREADLE_TRY(const std::string text, core.blobs->read(session, digest, kLargestManifest));
    TREADLE_TRY(const Manifest manifest, parse_manifest(text));
    for (const Entry& entry : manifest.entries) {
      if (open.erase(entry.sha256) > 0) out.insert(entry.sha256);
    }
  }
  return out;
}

}  // namespace treadle::artifact
