// Versions by several writers: each adds its part (a PATCH manifest), the last one commits. What binds them
// is the distributed id; without one a draft is its writer's alone.
#include "artifact_documents.h"
#include "artifact_upload.h"
#include "remote_artifacts.h"

#include <boost/json.hpp>

namespace treadle::client {

struct OpenDraft {
  artifact::DraftSpec spec;
  std::string artifact_id;  // once something was put
};

Result<std::int64_t> RemoteArtifacts::open_draft(const artifact::DraftSpec& given) {
  auto draft = std::make_shared<OpenDraft>();
  draft->spec = given;
  TREADLE_TRY(const ArtifactRef at, whole({given.entity, given.project, given.collection, ""}));
  draft->spec.entity = at.entity;
  draft->spec.project = at.project;
  if (given.base != 0) {
    return fail(
        Errc::kUnsupported,
        "A version by several writers begins empty on a server. Leave out what it is based on.");
  }
  if (!given.run_id.empty()) TREADLE_CHECK(join_run_of(given.run_id, given.code.get()));
  const std::lock_guard lock(mutex_);
  drafts_[next_draft_] = std::move(draft);
  return next_draft_++;
}

Result<std::shared_ptr<OpenDraft>> RemoteArtifacts::draft_of(std::int64_t id) {
  const std::lock_guard lock(mutex_);
  const auto found = drafts_.find(id);
  if (found != drafts_.end()) return found->second;
  return fail(Errc::kNotFound, "This process has no draft " + std::to_string(id) + " open.");
}

Result<void> RemoteArtifacts::put(std::int64_t id, std::span<const artifact::DraftEntry> entries,
                                  std::span<const artifact::DraftFolder> folders) {
  TREADLE_TRY(const auto draft, draft_of(id));
  TREADLE_TRY(Upload upload,
              prepare(entries, folders, {draft->spec.entity, draft->spec.project, {}, {}}));
  TREADLE_CHECK(complete(upload));
  TREADLE_TRY(const Created created, create(draft->spec, upload.digest, true));
  draft->artifact_id = created.id;
  if (created.committed) return {};
  return send(created.id, created.base_id, draft->spec, upload, "PATCH");
}

Result<void> RemoteArtifacts::remove_from_draft(std::int64_t, const std::string& path) {
  return fail(Errc::kUnsupported, "'" + path +
                                      "' cannot be taken out of a version by several writers on a "
                                      "server: W&B's protocol only adds to one.");
}

Result<artifact::Logged> RemoteArtifacts::commit_draft(std::int64_t id) {
  TREADLE_TRY(const auto draft, draft_of(id));
  if (draft->artifact_id.empty()) TREADLE_CHECK(put(id, {}, {}));
  TREADLE_TRY(artifact::Logged logged, commit(draft->artifact_id));
  TREADLE_CHECK(abandon_draft(id));
  return logged;
}

Result<void> RemoteArtifacts::abandon_draft(std::int64_t id) {
  const std::lock_guard lock(mutex_);
  drafts_.erase(id);
  return {};
}

}  // namespace treadle::client
