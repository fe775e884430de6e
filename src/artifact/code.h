// Private to the room: where code came from, as rows.
#pragma once

#include <treadle/artifact/service.h>
#include <treadle/base/digest.h>
#include <treadle/db/database.h>

#include <optional>
#include <vector>

namespace treadle::artifact {

// The id of the row that says this, made when there is none. Nothing for null. `diff`: the blob of
// code->diff, nothing when that is "".
Result<std::optional<std::int64_t>> insert_code(db::Session& session, const CodeSource* code,
                                                const std::optional<Sha256>& diff);

struct CodeRow {
  CodeSource code;             // without diff
  std::optional<Sha256> diff;  // the blob that holds it
};
// Nothing when the version does not say.
Result<std::optional<CodeRow>> code_of(db::Session& session, std::int64_t version_id);

}  // namespace treadle::artifact
