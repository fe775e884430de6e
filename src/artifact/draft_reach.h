// Private to the room: which content a writer may name by its digest instead of sending it. Content is
// kept once for the whole home; knowing the digest of something must not give it to those who could
// not read it. Within a project everybody reads the same, so that is the border, as at W&B.
#pragma once

#include "core.h"
#include "rows.h"
#include <treadle/artifact/drafts.h>

#include <set>
#include <span>
#include <string>

namespace treadle::artifact {

// Notes that the project was given this content.
Result<void> note_reach(db::Session& session, const DraftSpec& place, const Sha256& content);

// Those of `contents` (sha256, hex) that the draft's project was given, or that a version in the
// draft's collection has.
Result<std::set<std::string>> reachable(Core& core, db::Session& session, const DraftSpec& place,
                                        std::span<const std::string> contents);

}  // namespace treadle::artifact
