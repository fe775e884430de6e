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
Result<std::vector<PartitionHistory>> read_partition_histories(
    db::Database& database, const std::vector<Record::HistoryAsked>& asked);
Result<void> write_partition_summaries(
    db::Database& database, const std::vector<std::pair<AssetKey, PartitionSummary>>& summaries);

// How many were not there before.
Result<std::int64_t> add_dynamic_partitions(db::Database& database, const std::string& name,
                                            const std::vector<std::string>& keys);
// How many were there.
Result<std::int64_t> delete_dynamic_partitions(db::Database& database, const std::string& name,
                                               const std::vector<std::string>& keys);
Result<DynamicPartitionsPage> read_dynamic_partitions(db::Database& database,
                                                      const std::string& name, std::int64_t after,
                                                      int limit);
Result<std::int64_t> count_dynamic_partitions(db::Database& database, const std::string& name);
Result<std::vector<std::string>> read_dynamic_partition_names(db::Database& database);

}  // namespace treadle::events
