// treadle._core.Partitions, PartitionSet, PartitionSubset: what treadle._partitions asks.
#include "bindings.h"
#include "convert.h"
#include "home.h"
#include "partitions.h"
#include <treadle/app/partitions.h>
#include <treadle/app/pools.h>
#include <treadle/define/time_grid.h>
#include <treadle/plan/partition_mapping.h>

#include <map>

namespace treadle::python {
namespace {

nb::list key_texts(const std::vector<std::string>& items) {
  nb::list list;
  for (const std::string& item : items) list.append(to_text(item));
  return list;
}

PythonPartitions static_keys(nb::handle keys) {
  return {value_or_raise(static_partitions(texts_of(keys)))};
}

PythonPartitions times(nb::handle cron, nb::handle timezone, nb::handle format, Micros start,
                       nb::handle end, int end_offset, nb::handle crons, nb::handle excluded) {
  TimePartitions time;
  time.cron = text_of(cron);
  time.timezone = text_of(timezone);
  time.format = text_of(format);
  time.start = start;
  if (!end.is_none()) time.end = nb::cast<Micros>(end);
  time.end_offset = end_offset;
  time.excluded_crons = texts_of(crons);
  const Items list(excluded);
  for (std::size_t i = 0; i < list.size(); ++i) time.excluded_times.push_back(list.integer(i));
  return {value_or_raise(PartitionsDefinition::make(std::move(time)))};
}

PythonPartitions multi(nb::handle dimensions) {
  std::vector<PartitionDimension> list;
  const Items items(dimensions);
  for (std::size_t i = 0; i < items.size(); ++i) {
    const Items one(items.at(i));
    list.push_back({one.text(0), partitions_of(one.at(1))});
  }
  return {value_or_raise(multi_partitions(std::move(list)))};
}

// Keys that a caller knows, by name.
class GivenKeys final : public DynamicKeys {
 public:
  explicit GivenKeys(nb::handle by_name) {
    for (const auto& [name, keys] : nb::cast<nb::dict>(by_name)) {
      keys_.emplace(text_of(name), std::make_shared<const PartitionKeys>(texts_of(keys)));
    }
  }
  Result<std::shared_ptr<const PartitionKeys>> keys(const std::string& name) const override {
    const auto at = keys_.find(name);
    if (at != keys_.end()) return at->second;
    return std::make_shared<const PartitionKeys>(std::vector<std::string>());
  }

 private:
  std::map<std::string, std::shared_ptr<const PartitionKeys>> keys_;
};

// `keys`: None, a Home, or lists of keys by name.
PartitionSet at(const PythonPartitions& self, Micros now, nb::handle keys) {
  if (keys.is_none()) return value_or_raise(PartitionSet::at(self.definition, now));
  if (nb::isinstance<PythonHome>(keys)) {
    return value_or_raise(
        PartitionSet::at(self.definition, now, &nb::cast<PythonHome&>(keys).home->dynamic_keys()));
  }
  const GivenKeys given(keys);
  return value_or_raise(PartitionSet::at(self.definition, now, &given));
}

nb::object window_tuple(const std::optional<TimeWindow>& window) {
  if (!window) return nb::none();
  return nb::make_tuple(window->start, window->end);
}

nb::object number_or_none(const std::optional<std::int64_t>& number) {
  if (!number) return nb::none();
  return nb::int_(*number);
}

nb::list ranges(const PartitionSubset& subset) {
  nb::list list;
  for (const PartitionSubset::Range& r : subset.ranges()) {
    list.append(nb::make_tuple(r.begin, r.end));
  }
  return list;
}

nb::tuple map_upstream(nb::handle mapping, nb::handle downstream, nb::handle subset,
                       const PartitionSet& upstream) {
  const PartitionMappingPtr how = mapping_of(mapping);
  const bool partitioned = !downstream.is_none();
  const PartitionSet* set = partitioned ? &nb::cast<PartitionSet&>(downstream) : nullptr;
  const PartitionSubset* some = partitioned ? &nb::cast<PartitionSubset&>(subset) : nullptr;
  plan::Upstream read = value_or_raise(plan::upstream_of(*how, set, some, upstream));
  return nb::make_tuple(nb::cast(std::move(read.subset)), key_texts(read.nonexistent));
}

PartitionSubset map_downstream(nb::handle mapping, const PartitionSet& upstream,
                               const PartitionSubset& subset, const PartitionSet& downstream) {
  return value_or_raise(plan::downstream_of(*mapping_of(mapping), upstream, subset, downstream));
}

nb::tuple slices_of(PythonHome& home, nb::handle asset, const PartitionSet& set) {
  const AssetKey key(text_of(asset));
  app::PartitionStatus status =
      value_or_raise(without_lock([&] { return app::partition_status(*home.home, key, set); }));
  return nb::make_tuple(nb::cast(status.materialized), nb::cast(status.failed),
                        nb::cast(status.in_progress), nb::cast(status.missing()));
}

void bind_subset(nb::module_& module) {
  nb::class_<PartitionSubset>(module, "PartitionSubset")
      .def(nb::init<>())
      .def_static("range", &PartitionSubset::range)
      .def_static("of",
                  [](nb::handle numbers) {
                    const Items items(numbers);
                    std::vector<std::int64_t> list;
                    for (std::size_t i = 0; i < items.size(); ++i) list.push_back(items.integer(i));
                    return PartitionSubset::of(std::move(list));
                  })
      .def("__len__", &PartitionSubset::size)
      .def("__contains__",
           [](const PartitionSubset& s, std::int64_t number) { return s.contains(number); })
      .def("__or__", [](const PartitionSubset& a, const PartitionSubset& b) { return a | b; })
      .def("__and__", [](const PartitionSubset& a, const PartitionSubset& b) { return a & b; })
      .def("__sub__", [](const PartitionSubset& a, const PartitionSubset& b) { return a - b; })
      .def("__eq__",
           [](const PartitionSubset& a, nb::handle b) {
             return nb::isinstance<PartitionSubset>(b) && a == nb::cast<PartitionSubset&>(b);
           })
      .def("ranges", ranges);
}

void bind_set(nb::module_& module) {
  nb::class_<PartitionSet>(module, "PartitionSet")
      .def("__len__", &PartitionSet::size)
      .def_prop_ro("partitions",
                   [](const PartitionSet& s) { return PythonPartitions{s.definition()}; })
      .def("key", [](const PartitionSet& s, std::int64_t n) { return to_text(s.key(n)); })
      .def("keys", [](const PartitionSet& s) { return key_texts(s.keys(s.all())); })
      .def("keys_of", [](const PartitionSet& s,
                         const PartitionSubset& subset) { return key_texts(s.keys(subset)); })
      .def("find", [](const PartitionSet& s,
                      nb::handle key) { return number_or_none(s.find(text_of(key))); })
      .def("index_of", [](const PartitionSet& s,
                          nb::handle key) { return value_or_raise(s.index_of(text_of(key))); })
      .def("all", &PartitionSet::all)
      .def("range",
           [](const PartitionSet& s, nb::handle start, nb::handle end) {
             return value_or_raise(s.range({text_of(start), text_of(end)}));
           })
      .def("subset", [](const PartitionSet& s,
                        nb::handle keys) { return value_or_raise(s.subset(texts_of(keys))); })
      .def("parse", [](const PartitionSet& s,
                       nb::handle text) { return value_or_raise(s.parse(text_of(text))); })
      .def("text", [](const PartitionSet& s,
                      const PartitionSubset& subset) { return to_text(s.text(subset)); })
      .def("window",
           [](const PartitionSet& s, std::int64_t n) { return window_tuple(s.window(n)); })
      .def("starting_in", [](const PartitionSet& s, Micros start,
                             Micros end) { return s.starting_in({start, end}); })
      .def("latest_window", &PartitionSet::latest_window);
}

}  // namespace

void bind_partitions(nb::module_& module) {
  bind_subset(module);
  bind_set(module);
  nb::class_<PythonPartitions>(module, "Partitions")
      .def_static("static", static_keys)
      .def_static("time", times, nb::arg(), nb::arg(), nb::arg(), nb::arg(), nb::arg().none(),
                  nb::arg(), nb::arg(), nb::arg())
      .def_static("dynamic",
                  [](nb::handle name) {
                    return PythonPartitions{value_or_raise(dynamic_partitions(text_of(name)))};
                  })
      .def_static("multi", multi)
      .def_prop_ro("fingerprint",
                   [](const PythonPartitions& s) { return to_text(s.definition->fingerprint()); })
      .def_prop_ro("description",
                   [](const PythonPartitions& s) { return to_text(s.definition->description()); })
      .def("at", at, nb::arg(), nb::arg().none())
      .def("parse_time",
           [](const PythonPartitions& s, nb::handle key) {
             return value_or_raise(s.definition->grid().parse(text_of(key)));
           })
      .def("key_of", [](const PythonPartitions& s,
                        Micros start) { return to_text(s.definition->grid().key_of(start)); })
      .def("next_window", [](const PythonPartitions& s,
                             Micros t) { return window_tuple(s.definition->grid().next(t)); })
      .def("previous_window",
           [](const PythonPartitions& s, Micros t) {
             return window_tuple(s.definition->grid().previous(t));
           })
      .def("window_at", [](const PythonPartitions& s,
                           std::int64_t n) { return window_tuple(s.definition->grid().window(n)); })
      .def("number_at_or_after", [](const PythonPartitions& s,
                                    Micros t) { return s.definition->grid().first_at_or_after(t); })
      .def("excluded",
           [](const PythonPartitions& s, Micros t) { return s.definition->grid().excluded(t); });
  module.def("map_partitions_upstream", map_upstream, nb::arg(), nb::arg().none(), nb::arg().none(),
             nb::arg());
  module.def("map_partitions_downstream", map_downstream);
  module.def(
      "infer_partition_mapping",
      [](nb::handle downstream, nb::handle upstream) {
        return to_text(
            infer_partition_mapping(partitions_of(downstream), partitions_of(upstream)).name());
      },
      nb::arg().none(), nb::arg().none());
  module.def(
      "check_partition_mapping",
      [](nb::handle mapping, nb::handle downstream, nb::handle upstream) {
        value_or_raise(check_partition_mapping(*mapping_of(mapping), partitions_of(downstream),
                                               partitions_of(upstream)));
      },
      nb::arg(), nb::arg().none(), nb::arg().none());
  module.def("partition_status", slices_of);
  module.def("add_dynamic_partitions", [](PythonHome& home, nb::handle name, nb::handle keys) {
    return value_or_raise(
        home.home->record().add_dynamic_partitions(text_of(name), texts_of(keys)));
  });
  module.def("delete_dynamic_partitions", [](PythonHome& home, nb::handle name, nb::handle keys) {
    return value_or_raise(
        home.home->record().delete_dynamic_partitions(text_of(name), texts_of(keys)));
  });
  module.def("pools", [](PythonHome& home) {
    nb::list out;
    for (const auto& [name, pool] : value_or_raise(app::pools(*home.home)))
      out.append(nb::make_tuple(to_text(name), pool.limit, pool.running, pool.from_default));
    return out;
  });
  module.def(
      "set_pool",
      [](PythonHome& home, nb::handle name, nb::handle limit) {
        value_or_raise(
            app::set_pool(*home.home, text_of(name),
                          limit.is_none() ? std::nullopt : std::optional(nb::cast<int>(limit))));
      },
      nb::arg(), nb::arg(), nb::arg().none());
  module.def("dynamic_partitions", [](PythonHome& home, nb::handle name) {
    return key_texts(value_or_raise(home.home->record().dynamic_partitions(text_of(name))));
  });
  module.def("has_dynamic_partition", [](PythonHome& home, nb::handle name, nb::handle key) {
    return value_or_raise(home.home->record().has_dynamic_partition(text_of(name), text_of(key)));
  });
}

}  // namespace treadle::python
