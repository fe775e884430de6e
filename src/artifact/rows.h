// Private to the room: versions as rows.
#pragma once

#include <treadle/artifact/service.h>
#include <treadle/base/digest.h>
#include <treadle/db/database.h>

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace treadle::artifact {

// Manifest documents are read whole; a larger one is not ours.
inline constexpr std::int64_t kLargestManifest = 1LL << 30;

using Bind = std::function<void(db::Statement&)>;

// Versions, with their aliases, that meet `where`: a condition on v (artifact_version) and
// c (artifact_collection), and what may follow it (order by, limit). Deleted versions are left out.
Result<std::vector<Version>> select_versions(db::Session& session, std::string_view where,
                                             const Bind& bind);
Result<std::optional<Version>> select_version(db::Session& session, std::string_view where,
                                              const Bind& bind);

// The first column of every row, as text.
Result<std::vector<std::string>> texts(db::Session& session, std::string_view sql,
                                       const Bind& bind);
// A statement without rows.
Result<void> run(db::Session& session, std::string_view sql, const Bind& bind);
// The first column of the first row; nothing when there is no row, or NULL stands there.
Result<std::optional<std::int64_t>> find_integer(db::Session& session, std::string_view sql,
                                                 const Bind& bind);

// In order.
Result<std::vector<std::string>> aliases_of(db::Session& session, std::int64_t collection_id,
                                            std::int64_t version_id);
// Gives the alias to the version, taking it from any other of the collection. Asks nobody: see
// give_alias in members.h.
Result<void> set_alias(db::Session& session, std::int64_t collection_id, const std::string& alias,
                       std::int64_t version_id);

// The collection a version belongs to, its newest version that is not deleted.
Result<std::int64_t> collection_of(db::Session& session, const Version& version);

// The digest of the version's manifest document; nothing when the version was deleted.
Result<std::optional<Sha256>> manifest_sha256_of(db::Session& session, std::int64_t version_id);

}  // namespace treadle::artifact
