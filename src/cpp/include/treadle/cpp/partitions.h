// Partitions in C++: definitions as options, mappings beside what is wired, values of several
// partitions by their key.
//
//   const td::Partitions days = td::daily_partitions("2026-01-01", {.timezone = "Europe/Berlin"});
//   auto sales = defs.asset({.key = "sales", .partitions = days},
//                           [](td::Context& c) { return load(c.partition_key()); });
//   auto weekly = defs.asset({.key = "weekly", .partitions = td::weekly_partitions("2026-01-01")},
//                            [](const td::ByPartition<Sales>& days) { return total(days); },
//                            td::by_partition(sales));
//   defs.asset({.key = "balance", .partitions = days}, add,
//              td::with(sales, td::TimeWindowMapping{.start_offset = -1, .end_offset = -1}));
#pragma once

#include <treadle/define/partition_mapping.h>
#include <treadle/define/partitions.h>

#include <concepts>
#include <map>
#include <memory>
#include <source_location>
#include <string>
#include <utility>

namespace treadle {

// A partitions definition that can be used, or none. What td::daily_partitions and its kin give
// becomes one; a mistake in it is thrown as a DefinitionError with the place. Cheap to copy.
class Partitions {
 public:
  Partitions() = default;  // not partitioned
  // NOLINTNEXTLINE(google-explicit-constructor): wherever a definition is wanted
  Partitions(PartitionsPtr definition) : definition_(std::move(definition)) {}
  // NOLINTNEXTLINE(google-explicit-constructor)
  Partitions(Result<PartitionsPtr> made,
             std::source_location where = std::source_location::current());
  // NOLINTNEXTLINE(google-explicit-constructor): so that it can be a dimension of several
  operator PartitionsPtr() const { return definition_; }
  const PartitionsPtr& definition() const { return definition_; }

 private:
  PartitionsPtr definition_;
};

// Values of several partitions: what a function takes that is wired to td::by_partition(asset), and
// what one returns that computes several partitions in one run (BackfillPolicy::single_run).
template <class T>
struct ByPartition : std::map<std::string, T> {
  using std::map<std::string, T>::map;
};

// A mapping of your own: td::own_mapping<EveryOther>(arguments...), EveryOther being a CustomMapping.
template <std::derived_from<CustomMapping> M, class... Arguments>
PartitionMapping own_mapping(Arguments&&... arguments) {
  return {std::shared_ptr<const CustomMapping>(
      std::make_shared<const M>(std::forward<Arguments>(arguments)...))};
}

template <class M>
concept Mapping =
    std::same_as<M, PartitionMapping> || std::constructible_from<PartitionMapping::Data, M>;

// A mapping for a dimension of a MultiMapping, and wherever a pointer is wanted.
template <Mapping M>
PartitionMappingPtr mapping(M given) {
  if constexpr (std::same_as<M, PartitionMapping>) {
    return std::make_shared<const PartitionMapping>(std::move(given));
  } else {
    return std::make_shared<const PartitionMapping>(
        PartitionMapping{PartitionMapping::Data(std::move(given))});
  }
}

}  // namespace treadle
