#include "partitions.h"

#include "convert.h"
#include <treadle/define/time_grid.h>

namespace treadle::python {
namespace {

// A mapping that a user wrote: an object with upstream(...) and downstream(...), see
// treadle/_partitions/mappings.py.
class PythonMapping final : public CustomMapping {
 public:
  explicit PythonMapping(nb::object mapping) : mapping_(std::move(mapping)) {}

  Result<PartitionSubset> upstream(const PartitionSubset* downstream_subset,
                                   const PartitionSet* downstream, const PartitionSet& upstream,
                                   std::vector<std::string>& nonexistent) const override {
    const nb::gil_scoped_acquire gil;
    try {
      const nb::object told = mapping_.get().attr("_map_upstream")(
          downstream ? nb::cast(*downstream) : nb::none(),
          downstream_subset ? nb::cast(*downstream_subset) : nb::none(), nb::cast(upstream));
      const Items items(told);
      nonexistent = texts_of(items.at(1));
      return nb::cast<PartitionSubset>(items.at(0));
    } catch (nb::python_error& error) {
      return fail(error_of(error, "mapping partitions"));
    }
  }

  Result<PartitionSubset> downstream(const PartitionSubset& upstream_subset,
                                     const PartitionSet& upstream,
                                     const PartitionSet& downstream) const override {
    const nb::gil_scoped_acquire gil;
    try {
      return nb::cast<PartitionSubset>(mapping_.get().attr("_map_downstream")(
          nb::cast(upstream), nb::cast(upstream_subset), nb::cast(downstream)));
    } catch (nb::python_error& error) {
      return fail(error_of(error, "mapping partitions"));
    }
  }

 private:
  Object mapping_;
};

PartitionMapping read_mapping(nb::handle told) {
  const Items items(told);
  const std::string kind = items.text(0);
  if (kind == "identity") return {IdentityMapping{}};
  if (kind == "all") return {AllMapping{}};
  if (kind == "last") return {LastMapping{}};
  if (kind == "specific") return {SpecificMapping{texts_of(items.at(1))}};
  if (kind == "static") {
    StaticMapping mapping;
    const Items pairs(items.at(1));
    for (std::size_t i = 0; i < pairs.size(); ++i) {
      const Items pair(pairs.at(i));
      mapping.downstream_by_upstream.emplace_back(pair.text(0), texts_of(pair.at(1)));
    }
    return {std::move(mapping)};
  }
  if (kind == "time") {
    return {TimeWindowMapping{static_cast<int>(items.integer(1)),
                              static_cast<int>(items.integer(2)), items.flag(3)}};
  }
  if (kind == "single") return {MultiToSingleMapping{items.text(1)}};
  if (kind == "multi") {
    MultiMapping mapping;
    const Items dimensions(items.at(1));
    for (std::size_t i = 0; i < dimensions.size(); ++i) {
      const Items one(dimensions.at(i));
      mapping.dimensions.push_back(
          {one.text(0), one.text(1),
           std::make_shared<const PartitionMapping>(read_mapping(one.at(2)))});
    }
    return {std::move(mapping)};
  }
  return {std::shared_ptr<const CustomMapping>(
      std::make_shared<PythonMapping>(nb::borrow(items.at(1))))};
}

}  // namespace

PartitionsPtr partitions_of(nb::handle told) {
  if (told.is_none()) return nullptr;
  return nb::cast<PythonPartitions&>(told).definition;
}

PartitionMappingPtr mapping_of(nb::handle told) {
  if (told.is_none()) return nullptr;
  return std::make_shared<const PartitionMapping>(read_mapping(told));
}

nb::object slice_tuple(const PartitionSlice* slice) {
  if (slice == nullptr) return nb::none();
  return nb::make_tuple(nb::cast(slice->set), nb::cast(slice->subset));
}

}  // namespace treadle::python
