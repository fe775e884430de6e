// Private to the room: drafts as rows.
#pragma once

#include "core.h"
#include <treadle/artifact/drafts.h>
#include <treadle/db/database.h>

#include <functional>
#include <optional>
#include <span>
#include <vector>

namespace treadle::artifact {

struct DraftRow {
  DraftState state;
  std::int64_t revision = 0;  // increases with every change of its entries
};
Result<std::optional<DraftRow>> find_draft(db::Session& session, std::int64_t id);
// kNotFound, or kInvalidArgument when it is not pending.
Result<DraftRow> get_pending(db::Session& session, std::int64_t id);
// The same, but only where it is: entity, project, collection.
Result<DraftSpec> get_pending_place(db::Session& session, std::int64_t id);
Result<std::int64_t> insert_draft(db::Session& session, const DraftSpec& spec, Micros now);

// An entry of a draft: as in a manifest, its content maybe not there yet (sha256 ""), or taken out.
struct DraftItem {
  Entry entry;
  bool removed = false;
};
Result<void> put_item(db::Session& session, std::int64_t draft, const DraftItem& item);
// In order of path.
Result<std::vector<DraftItem>> select_items(db::Session& session, std::int64_t draft);
Result<void> bump(db::Session& session, std::int64_t draft);

// Puts content and says what entries it makes; again, when a sweep came between.
using FillBatch = std::function<Result<std::vector<DraftItem>>(blob::Batch&)>;
Result<void> put_into_draft(Core& core, std::int64_t draft, const FillBatch& fill);

// What the draft's version will have. `missing`: paths whose content never came.
Result<std::vector<Entry>> draft_entries(Core& core, db::Session& session, const DraftRow& row,
                                         std::vector<std::string>& missing);

}  // namespace treadle::artifact
