// Private to the room: what the record keeps about partitions.
#pragma once

#include <treadle/db/database.h>
#include <treadle/events/record.h>

#include <string>
#include <string_view>
#include <vector>

namespace treadle::events {

Result<std::vector<PartitionFact>> read_partition_facts(db::Database& database,
                                                        const AssetKey& asset,
                                                        std::int64_t after_event);
Result<std::optional<PartitionSummary>> read_partition_summary(db::Database& database,
                                                               const AssetKey& asset);
Result<void> write_partition_summary(db::Database& database, const AssetKey& asset,
                                     const PartitionSummary& summary);

// Runs `sql` with the name and each key. How many rows it changed.
Result<std::int64_t> change_dynamic_partitions(db::Database& database, std::string_view sql,
                                               const std::string& name,
                                               const std::vector<std::string>& keys);
Result<std::vector<std::string>> read_dynamic_partitions(db::Database& database,
                                                         const std::string& name);

}  // namespace treadle::events
