#include "code.h"

#include "rows.h"

#include <cstring>

namespace treadle::artifact {
namespace {

std::string_view view(const Sha256& digest) {
  return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}

}  // namespace

Result<std::optional<std::int64_t>> insert_code(db::Session& session, const CodeSource* code,
                                                const std::optional<Sha256>& diff) {
  if (code == nullptr) return std::nullopt;
  const auto bind = [&](db::Statement& s) {
    s.bind(1, code->repository).bind(2, code->commit).bind(3, code->branch).bind(4, code->folder);
    diff ? s.bind_blob(5, view(*diff)) : s.bind_blob(5, std::string_view());
  };
  constexpr std::string_view kFind =
      "select id from artifact_code where repository = $1 and commit_hash = $2 and branch = $3 and "
      "folder = $4 and coalesce(diff_sha256, $5) = $5 and (diff_sha256 is null) = (length($5) = 0)";
  TREADLE_TRY(const auto there, find_integer(session, kFind, bind));
  if (there) return there;
  TREADLE_TRY(db::Statement * s,
              session.prepare("insert into artifact_code (id, repository, commit_hash, branch, "
                              "folder, diff_sha256) select coalesce(max(id), 0) + 1, $1, $2, $3, "
                              "$4, $5 from artifact_code returning id"));
  bind(*s);
  if (!diff) s->bind_null(5);
  TREADLE_CHECK(s->step());
  const std::int64_t id = s->integer(0);
  TREADLE_CHECK(s->run());
  return id;
}

Result<std::optional<CodeRow>> code_of(db::Session& session, std::int64_t version_id) {
  TREADLE_TRY(db::Statement * s,
              session.prepare("select k.repository, k.commit_hash, k.branch, k.folder, "
                              "k.diff_sha256 from artifact_version v join artifact_code k "
                              "on k.id = v.code_id where v.id = $1"));
  s->bind(1, version_id);
  TREADLE_TRY(const bool found, s->step());
  if (!found) return std::nullopt;
  CodeRow row;
  row.code.repository = s->text(0);
  row.code.commit = s->text(1);
  row.code.branch = s->text(2);
  row.code.folder = s->text(3);
  if (!s->is_null(4)) {
    Sha256 digest{};
    std::memcpy(digest.data(), s->text(4).data(), std::min(s->text(4).size(), digest.size()));
    row.diff = digest;
  }
  TREADLE_CHECK(s->run());
  return row;
}

}  // namespace treadle::artifact
