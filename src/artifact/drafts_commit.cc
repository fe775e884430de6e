// From a draft to a version.
#include "commit.h"
#include "draft_rows.h"
#include "rows.h"

#include <algorithm>

namespace treadle::artifact {
namespace {

constexpr int kMostCommits = 20;

Draft draft_from(const DraftSpec& spec) {
  Draft draft;
  draft.entity = spec.entity;
  draft.project = spec.project;
  draft.collection = spec.collection;
  draft.type = spec.type;
  draft.description = spec.description;
  draft.metadata = spec.metadata;
  draft.aliases = spec.aliases;
  draft.tags = spec.tags;
  draft.ttl_seconds = spec.ttl_seconds;
  draft.history_step = spec.history_step;
  draft.run_id = spec.run_id;
  draft.code = spec.code;
  draft.extra_counts = spec.extra_counts;
  return draft;
}

Error incomplete(const DraftSpec& spec, const std::vector<std::string>& missing) {
  std::string list;
  for (std::size_t i = 0; i < std::min<std::size_t>(missing.size(), 5); ++i) {
    list += (i == 0 ? "'" : ", '") + missing[i] + "'";
  }
  return {Errc::kNotFound, "The draft of '" + spec.collection +
                               "' cannot be committed: the content of " + list +
                               (missing.size() > 5 ? " and more" : "") +
                               " was announced and never came. Upload it, or take it out."};
}

Result<Logged> committed_before(db::Session& session, const DraftState& state) {
  TREADLE_TRY(
      std::optional<Version> version,
      select_version(session, "v.id = $1", [&](db::Statement& s) { s.bind(1, state.version_id); }));
  if (!version) {
    return fail(Errc::kNotFound,
                "The version that the draft " + std::to_string(state.id) + " became was deleted.");
  }
  return Logged{*std::move(version), state.version_id == state.id};
}

}  // namespace

Result<Logged> Drafts::commit(std::int64_t id) {
  Core& core = store_.core();
  TREADLE_CHECK(core.check_writable());
  for (int attempt = 0; attempt < kMostCommits; ++attempt) {
    std::optional<DraftRow> row;
    std::vector<Entry> entries;
    std::vector<std::string> missing;
    std::optional<Logged> before;
    TREADLE_CHECK(core.database.read([&](db::Session& session) -> Result<void> {
      TREADLE_TRY(row, find_draft(session, id));
      if (row && row->state.phase == DraftPhase::kCommitted) {
        TREADLE_TRY(before, committed_before(session, row->state));
        return {};
      }
      TREADLE_TRY(row, get_pending(session, id));
      TREADLE_TRY(entries, draft_entries(core, session, *row, missing));
      return {};
    }));
    if (before) return *std::move(before);
    const DraftSpec& spec = row->state.spec;
    if (!missing.empty()) return fail(incomplete(spec, missing));

    TREADLE_TRY(const Manifest manifest, make_manifest(std::move(entries)));
    const Draft draft = draft_from(spec);
    Pending pending;
    pending.draft = &draft;
    pending.ref = {spec.entity, spec.project, spec.collection, ""};
    pending.id = id;
    pending.digest = manifest_digest(manifest);
    pending.content_digest = content_digest(manifest);
    for (const Entry& entry : manifest.entries) {
      pending.size += std::max<std::int64_t>(entry.size, 0);
      ++pending.file_count;
    }
    if (!spec.expected_digest.empty() && spec.expected_digest != pending.digest) {
      return fail(Errc::kCorrupt, "The draft of '" + spec.collection + "' has the digest " +
                                      pending.digest + ", not " + spec.expected_digest +
                                      " as announced. Put its files again.");
    }
    const std::unique_ptr<blob::Batch> batch = core.blobs->begin();
    TREADLE_TRY(const blob::Blob document, batch->add(manifest_text(manifest)));
    pending.manifest_sha256 = document.sha256;
    if (draft.code && !draft.code->diff.empty()) {
      TREADLE_TRY(const blob::Blob changes, batch->add(draft.code->diff));
      pending.code_diff = changes.sha256;
    }
    TREADLE_CHECK(batch->finish());

    std::optional<Logged> logged;
    bool again = false;
    const auto body = [&](db::Session& session) -> Result<void> {
      TREADLE_TRY(const auto now, find_draft(session, id));
      // Another writer added something, or committed it, since it was read.
      again = !now || now->revision != row->revision || now->state.phase != DraftPhase::kPending;
      if (again) return fail(Errc::kBusy, "The draft changed meanwhile.");
      TREADLE_TRY(logged, artifact::commit(session, pending, *batch, core.clock.now()));
      again = !logged;
      if (again) return fail(Errc::kBusy, "Content was collected meanwhile.");
      TREADLE_CHECK(run(session,
                        "update artifact_draft set state = 'COMMITTED', version_id = $1 "
                        "where id = $2",
                        [&](db::Statement& s) { s.bind(1, logged->version.id).bind(2, id); }));
      return run(session, "delete from artifact_draft_entry where draft_id = $1",
                 [&](db::Statement& s) { s.bind(1, id); });
    };
    auto done = core.write(body);
    if (again) continue;
    if (!done) return fail(std::move(done).error());
    return *std::move(logged);
  }
  return fail(Errc::kBusy, "The draft " + std::to_string(id) +
                               " kept changing while it was being committed. Commit when its "
                               "writers are done.");
}

}  // namespace treadle::artifact
