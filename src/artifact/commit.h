// Private to the room: the transaction that makes a version visible.
#pragma once

#include "members.h"
#include <treadle/artifact/service.h>
#include <treadle/blob/store.h>
#include <treadle/db/database.h>

#include <optional>
#include <string>

namespace treadle::artifact {

// A version to be, with its content at hand.
struct Pending {
  const Draft* draft = nullptr;
  ArtifactRef ref;                 // entity, project and collection filled in
  std::optional<std::int64_t> id;  // of the draft it was; nothing = a new one
  std::string digest;
  std::string content_digest;
  Sha256 manifest_sha256{};
  std::optional<Sha256> code_diff;  // in the batch
  std::int64_t size = 0;
  std::int64_t file_count = 0;
};

// The newest version of the draft's collection when it has the same content. kInvalidArgument when
// the collection has another type.
Result<std::optional<Version>> find_same(db::Session& session, const Pending& pending);

// Whether versions of this type are made in the collection.
Result<void> check_fits(const CollectionRow& row, const std::string& type);

// Whether the version has every alias and tag the draft asks for.
bool has_names(const Version& version, const Draft& draft);

// Inside a write transaction: the newest version when it is the same (with the aliases asked for),
// or a new one. Nothing: `batch` must be put again (see Batch::record); roll back.
Result<std::optional<Logged>> commit(db::Session& session, const Pending& pending,
                                     blob::Batch& batch, Micros now);

}  // namespace treadle::artifact
