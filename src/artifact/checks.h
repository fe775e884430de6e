// Private to the room: what a draft, an edit or a collection may say.
#pragma once

#include <treadle/artifact/service.h>
#include <treadle/base/result.h>
#include <treadle/model/artifact_name.h>

#include <string>
#include <string_view>

namespace treadle::artifact {

Result<void> check_text(std::string_view what, std::string_view text);
// One JSON object.
Result<void> check_metadata(std::string_view metadata);
// Positive seconds, kTtlInherit or kTtlNone.
Result<void> check_ttl(std::int64_t seconds);
// Names of entity, project and collection.
Result<void> check_place(const ArtifactRef& ref);
Result<void> check_reference(const std::string& path, const std::string& reference,
                             const std::string& digest);
// JSON object text kept with an entry, or "".
Result<void> check_extra(const std::string& path, const std::string& extra);

}  // namespace treadle::artifact
