// The configuration of a job's runs over partitions: what each of them is configured and tagged with. C++ programs make it with
// the functions of treadle/cpp/partitioned_config.h.
#pragma once

#include <treadle/base/result.h>
#include <treadle/define/partitions.h>

#include <functional>
#include <map>
#include <string>

namespace treadle {

// A value; its functions are thread-safe.
struct PartitionedConfigDef {
  PartitionsPtr partitions;
  // Of a partition, by key: the configuration of a run of it, JSON.
  std::function<Result<std::string>(const std::string& key)> config_of;
  // Its tags; empty: none.
  std::function<Result<std::map<std::string, std::string>>(const std::string& key)> tags_of;
};

}  // namespace treadle
