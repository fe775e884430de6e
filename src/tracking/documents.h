// Private to the room: the JSON documents of a run (config, summary), and the index over their
// values by which runs are found.
#pragma once

#include <treadle/base/result.h>
#include <treadle/db/database.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace boost::json {
class value;
}

namespace treadle::tracking {

// The text, if it is a JSON object; kInvalidArgument names `what`.
Result<void> check_object(std::string_view text, std::string_view what);
// The object with the patch's top-level keys instead of its own.
Result<std::string> with_patch(std::string_view object, std::string_view patch,
                               std::string_view what);

// Every value that is no object, by its path: {"config.optimizer.lr", "0.1"}. `prefix` is
// "config" or "summary_metrics".
void add_leaves(std::string_view prefix, const boost::json::value& document,
                std::vector<std::pair<std::string, std::string>>& leaves);

struct Documents {
  std::string config = "{}";
  std::string summary = "{}";
  std::string metadata = "{}";
  std::string system_metrics = "{}";
};
Result<Documents> load_documents(db::Session& session, std::int64_t run);
Result<void> save_documents(db::Session& session, std::int64_t run, const Documents& documents);

// Brings the index of values up to these documents, and says so in tracking_run.indexed.
Result<void> index_values(db::Session& session, std::int64_t project, std::int64_t run,
                          const Documents& documents);

}  // namespace treadle::tracking
