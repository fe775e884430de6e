#include <treadle/define/time_grid.h>
#include <treadle/plan/partition_mapping.h>

#include <algorithm>

namespace treadle::plan {
namespace {

template <class... Cases>
struct Overloaded : Cases... {
  using Cases::operator()...;
};

using Range = PartitionSubset::Range;

void add_nonexistent(std::vector<std::string>& list, std::string key) {
  if (list.size() < kMostNonexistent && std::find(list.begin(), list.end(), key) == list.end()) {
    list.push_back(std::move(key));
  }
}

// --- Time windows ------------------------------------------------------------------------------

bool has_exclusions(const TimePartitions& p) {
  return !p.excluded_crons.empty() || !p.excluded_times.empty();
}

// The stretches of time that a subset covers.
std::vector<TimeWindow> stretches(const PartitionSet& set, const PartitionSubset& subset) {
  const TimeGrid& grid = set.definition()->grid();
  std::vector<TimeWindow> windows;
  const auto add = [&](const TimeWindow& w) {
    if (!windows.empty() && windows.back().end == w.start) {
      windows.back().end = w.end;
    } else {
      windows.push_back(w);
    }
  };
  for (const Range& r : subset.ranges()) {
    if (!has_exclusions(grid.definition())) {
      add({grid.start_of(r.begin), grid.window(r.end - 1).end});
      continue;
    }
    for (std::int64_t n = r.begin; n < r.end; ++n) add(grid.window(n));
  }
  return windows;
}

Micros moved(const TimeGrid& grid, Micros time, int by) {
  for (; by < 0; ++by) {
    const auto window = grid.previous(time);
    if (!window) break;
    time = window->start;
  }
  for (; by > 0; --by) {
    const auto window = grid.next(time);
    if (!window) break;
    time = window->end;
  }
  return time;
}

// An offset does not lead out of what exists on the other side.
Micros moved_within(const TimeGrid& grid, Micros time, int by,
                    const std::optional<TimeWindow>& bounds) {
  const Micros at = moved(grid, time, by);
  if (!bounds || by == 0) return at;
  return by < 0 ? std::max(bounds->start, at) : std::min(bounds->end, at);
}

struct TimeMapping {
  const PartitionSet& from;
  const PartitionSet& to;
  int start_offset = 0, end_offset = 0;
  bool offset_before = true;  // offsets count windows of `from`; otherwise of `to`
  bool allow_nonexistent = false;

  Upstream map(const PartitionSubset& subset) const {
    const TimeGrid &source = from.definition()->grid(), &target = to.definition()->grid();
    std::optional<TimeWindow> bounds;
    if (!to.empty()) bounds = TimeWindow{to.window(0)->start, to.window(to.size() - 1)->end};
    const TimeGrid& counted = offset_before ? source : target;
    Upstream result;
    std::vector<Range> ranges;
    for (TimeWindow w : stretches(from, subset)) {
      const auto shift = [&] {
        w.start = moved_within(counted, w.start, start_offset, bounds);
        w.end = moved_within(counted, w.end, end_offset, bounds);
      };
      if (offset_before) shift();
      w.start = target.cron().at_or_before(w.start).value_or(w.start);
      w.end = target.cron().at_or_after(w.end).value_or(w.end);
      if (!offset_before) shift();
      if (w.start >= w.end) continue;
      if (bounds) {
        ranges.push_back({target.first_at_or_after(std::max(w.start, bounds->start)),
                          target.first_at_or_after(std::min(w.end, bounds->end))});
      }
      if (!allow_nonexistent) add_outside(w, bounds, result.nonexistent);
    }
    result.subset = PartitionSubset::of_ranges(std::move(ranges));
    return result;
  }

  void add_outside(const TimeWindow& w, const std::optional<TimeWindow>& bounds,
                   std::vector<std::string>& keys) const {
    const TimeGrid& target = to.definition()->grid();
    const auto add = [&](Micros start, Micros end) {
      for (auto window = target.next(start); window && window->start < end;
           window = target.next(window->end)) {
        if (keys.size() == kMostNonexistent) return;
        add_nonexistent(keys, target.key_of(window->start));
      }
    };
    if (!bounds) return add(w.start, w.end);
    if (w.start < bounds->start) add(w.start, std::min(w.end, bounds->start));
    if (w.end > bounds->end) add(std::max(w.start, bounds->end), w.end);
  }
};

Result<void> check_zones(const PartitionSet& a, const PartitionSet& b) {
  return check_partition_mapping({TimeWindowMapping{}}, a.definition(), b.definition());
}

// --- By key --------------------------------------------------------------------------------------

Upstream same_keys(const PartitionSet& from, const PartitionSubset& subset,
                   const PartitionSet& to) {
  Upstream result;
  if (same_partitions(from.definition(), to.definition())) {
    result.subset = subset & to.all();
    return result;
  }
  std::vector<Range> ranges;
  subset.for_each([&](std::int64_t n) {
    const std::string key = from.key(n);
    if (const auto there = to.find(key)) {
      ranges.push_back({*there, *there + 1});
    } else {
      add_nonexistent(result.nonexistent, key);
    }
  });
  result.subset = PartitionSubset::of_ranges(std::move(ranges));
  return result;
}

PartitionSubset existing(const PartitionSet& set, const std::vector<std::string>& keys,
                         std::vector<std::string>* nonexistent) {
  std::vector<std::int64_t> numbers;
  for (const std::string& key : keys) {
    if (const auto number = set.find(key)) {
      numbers.push_back(*number);
    } else if (nonexistent) {
      add_nonexistent(*nonexistent, key);
    }
  }
  return PartitionSubset::of(std::move(numbers));
}

// --- Several dimensions ----------------------------------------------------------------------------

using Box = std::vector<PartitionSubset>;  // a subset of each dimension: all their combinations

// The subset as boxes.
std::vector<Box> boxes(const PartitionSet& set, const PartitionSubset& subset, std::size_t d = 0) {
  const std::vector<PartitionSet>& dimensions = set.dimensions();
  if (subset.empty()) return {};
  if (d + 1 == dimensions.size()) return {{subset}};
  std::int64_t inner = 1;
  for (std::size_t i = d + 1; i < dimensions.size(); ++i) inner *= dimensions[i].size();
  // Rows of this dimension with the same rest go together.
  std::vector<std::pair<PartitionSubset, std::vector<Range>>> rows;
  const auto add = [&](std::int64_t first, std::int64_t last, PartitionSubset rest) {
    for (auto& [known, where] : rows) {
      if (known != rest) continue;
      where.push_back({first, last});
      return;
    }
    rows.push_back({std::move(rest), {{first, last}}});
  };
  std::int64_t open_row = -1;
  PartitionSubset open;
  const auto close = [&] {
    if (open_row >= 0) add(open_row, open_row + 1, std::move(open));
    open_row = -1;
    open = {};
  };
  for (const Range& r : subset.ranges()) {
    std::int64_t begin = r.begin;
    while (begin < r.end) {
      const std::int64_t row = begin / inner;
      if (row != open_row) close();
      if (begin % inner == 0 && r.end - begin >= inner) {
        const std::int64_t whole = (r.end - begin) / inner;
        add(row, row + whole, PartitionSubset::range(0, inner));
        begin += whole * inner;
        continue;
      }
      const std::int64_t end = std::min(r.end, (row + 1) * inner);
      open_row = row;
      open = open | PartitionSubset::range(begin - row * inner, end - row * inner);
      begin = end;
    }
  }
  close();
  std::vector<Box> result;
  for (auto& [rest, where] : rows) {
    const PartitionSubset here = PartitionSubset::of_ranges(std::move(where));
    for (Box& box : boxes(set, rest, d + 1)) {
      box.insert(box.begin(), here);
      result.push_back(std::move(box));
    }
  }
  return result;
}

std::size_t dimension_called(const PartitionSet& set, const std::string& name) {
  const auto& dimensions = set.definition()->as_multi()->dimensions;
  return static_cast<std::size_t>(
      std::find_if(dimensions.begin(), dimensions.end(),
                   [&](const PartitionDimension& d) { return d.name == name; }) -
      dimensions.begin());
}

Box everything(const PartitionSet& set) {
  Box box;
  for (const PartitionSet& d : set.dimensions()) box.push_back(d.all());
  return box;
}

PartitionMapping between(const PartitionSet& downstream, const PartitionSet& upstream) {
  const bool equal = same_partitions(downstream.definition(), upstream.definition());
  return equal ? PartitionMapping{IdentityMapping{}} : PartitionMapping{TimeWindowMapping{}};
}

Result<Upstream> multi_to_single_upstream(const MultiToSingleMapping& mapping,
                                          const PartitionSet& downstream,
                                          const PartitionSubset& subset,
                                          const PartitionSet& upstream) {
  const bool up_is_multi = upstream.definition()->as_multi() != nullptr;
  const PartitionSet& multi = up_is_multi ? upstream : downstream;
  const PartitionSet& single = up_is_multi ? downstream : upstream;
  TREADLE_TRY(const std::string name,
              multi_to_single_dimension(mapping, multi.definition(), single.definition()));
  const std::size_t d = dimension_called(multi, name);
  const PartitionSet& dimension = multi.dimensions()[d];
  if (!up_is_multi) {
    const PartitionSubset here = downstream.project(subset)[d];
    return upstream_of(between(dimension, upstream), &dimension, &here, upstream);
  }
  TREADLE_TRY(Upstream mapped,
              upstream_of(between(downstream, dimension), &downstream, &subset, dimension));
  Box box = everything(upstream);
  box[d] = std::move(mapped.subset);
  mapped.subset = upstream.product(box);
  return mapped;
}

Result<PartitionSubset> multi_to_single_downstream(const MultiToSingleMapping& mapping,
                                                   const PartitionSet& upstream,
                                                   const PartitionSubset& subset,
                                                   const PartitionSet& downstream) {
  const bool up_is_multi = upstream.definition()->as_multi() != nullptr;
  const PartitionSet& multi = up_is_multi ? upstream : downstream;
  const PartitionSet& single = up_is_multi ? downstream : upstream;
  TREADLE_TRY(const std::string name,
              multi_to_single_dimension(mapping, multi.definition(), single.definition()));
  const std::size_t d = dimension_called(multi, name);
  const PartitionSet& dimension = multi.dimensions()[d];
  if (up_is_multi) {
    const PartitionSubset here = upstream.project(subset)[d];
    return downstream_of(between(downstream, dimension), dimension, here, downstream);
  }
  Box box = everything(downstream);
  TREADLE_TRY(box[d], downstream_of(between(dimension, upstream), upstream, subset, dimension));
  return downstream.product(box);
}

Result<Upstream> multi_upstream(const MultiMapping& mapping, const PartitionSet& downstream,
                                const PartitionSubset& subset, const PartitionSet& upstream) {
  Upstream result;
  for (const Box& box : boxes(downstream, subset)) {
    Box mapped = everything(upstream);
    for (const MultiMapping::Dimension& d : mapping.dimensions) {
      const std::size_t up = dimension_called(upstream, d.upstream);
      const std::size_t down = dimension_called(downstream, d.downstream);
      TREADLE_TRY(Upstream one, upstream_of(*d.mapping, &downstream.dimensions()[down], &box[down],
                                            upstream.dimensions()[up]));
      mapped[up] = std::move(one.subset);
      for (std::string& key : one.nonexistent) add_nonexistent(result.nonexistent, std::move(key));
    }
    result.subset = result.subset | upstream.product(mapped);
  }
  return result;
}

Result<PartitionSubset> multi_downstream(const MultiMapping& mapping, const PartitionSet& upstream,
                                         const PartitionSubset& subset,
                                         const PartitionSet& downstream) {
  PartitionSubset result;
  for (const Box& box : boxes(upstream, subset)) {
    Box mapped = everything(downstream);
    for (const MultiMapping::Dimension& d : mapping.dimensions) {
      const std::size_t up = dimension_called(upstream, d.upstream);
      const std::size_t down = dimension_called(downstream, d.downstream);
      TREADLE_TRY(mapped[down], downstream_of(*d.mapping, upstream.dimensions()[up], box[up],
                                              downstream.dimensions()[down]));
    }
    result = result | downstream.product(mapped);
  }
  return result;
}

tl::unexpected<Error> unpartitioned(const PartitionMapping& mapping) {
  return fail(Errc::kInvalidArgument,
              mapping.name() +
                  " needs a partitioned downstream asset: downstream asset is not "
                  "partitioned. Use AllPartitionMapping, LastPartitionMapping or "
                  "SpecificPartitionsPartitionMapping.");
}

}  // namespace

Result<Upstream> upstream_of(const PartitionMapping& mapping, const PartitionSet* downstream,
                             const PartitionSubset* subset, const PartitionSet& upstream) {
  using Mapped = Result<Upstream>;
  return std::visit(
      Overloaded{
          [&](const AllMapping&) -> Mapped { return Upstream{upstream.all(), {}}; },
          [&](const LastMapping&) -> Mapped {
            const std::int64_t n = upstream.size();
            return Upstream{PartitionSubset::range(std::max<std::int64_t>(0, n - 1), n), {}};
          },
          [&](const SpecificMapping& m) -> Mapped {
            Upstream result;
            result.subset = existing(upstream, m.keys, &result.nonexistent);
            return result;
          },
          [&](const std::shared_ptr<const CustomMapping>& m) -> Mapped {
            Upstream result;
            TREADLE_TRY(result.subset,
                        m->upstream(subset, downstream, upstream, result.nonexistent));
            return result;
          },
          [&](const IdentityMapping&) -> Mapped {
            if (!downstream) return unpartitioned(mapping);
            return same_keys(*downstream, *subset, upstream);
          },
          [&](const StaticMapping& m) -> Mapped {
            if (!downstream) return unpartitioned(mapping);
            TREADLE_CHECK(
                check_partition_mapping(mapping, downstream->definition(), upstream.definition()));
            std::vector<std::int64_t> numbers;
            for (const auto& [from, to] : m.downstream_by_upstream) {
              const bool wanted = std::any_of(to.begin(), to.end(), [&](const std::string& key) {
                const auto number = downstream->find(key);
                return number && subset->contains(*number);
              });
              if (wanted) numbers.push_back(*upstream.find(from));
            }
            return Upstream{PartitionSubset::of(std::move(numbers)), {}};
          },
          [&](const TimeWindowMapping& m) -> Mapped {
            if (!downstream) return unpartitioned(mapping);
            TREADLE_CHECK(check_zones(*downstream, upstream));
            return TimeMapping{.from = *downstream,
                               .to = upstream,
                               .start_offset = m.start_offset,
                               .end_offset = m.end_offset,
                               .offset_before = true,
                               .allow_nonexistent = m.allow_nonexistent_upstream}
                .map(*subset);
          },
          [&](const MultiToSingleMapping& m) -> Mapped {
            if (!downstream) return unpartitioned(mapping);
            TREADLE_CHECK(
                check_partition_mapping(mapping, downstream->definition(), upstream.definition()));
            return multi_to_single_upstream(m, *downstream, *subset, upstream);
          },
          [&](const MultiMapping& m) -> Mapped {
            if (!downstream) return unpartitioned(mapping);
            TREADLE_CHECK(
                check_partition_mapping(mapping, downstream->definition(), upstream.definition()));
            return multi_upstream(m, *downstream, *subset, upstream);
          },
      },
      mapping.data);
}

Result<PartitionSubset> downstream_of(const PartitionMapping& mapping, const PartitionSet& upstream,
                                      const PartitionSubset& subset,
                                      const PartitionSet& downstream) {
  using Mapped = Result<PartitionSubset>;
  const auto all_if = [&](bool yes) { return yes ? downstream.all() : PartitionSubset(); };
  return std::visit(Overloaded{
                        [&](const AllMapping&) -> Mapped { return all_if(!subset.empty()); },
                        [&](const LastMapping&) -> Mapped {
                          return all_if(!upstream.empty() && subset.contains(upstream.size() - 1));
                        },
                        [&](const SpecificMapping& m) -> Mapped {
                          return all_if(existing(upstream, m.keys, nullptr).intersects(subset));
                        },
                        [&](const std::shared_ptr<const CustomMapping>& m) -> Mapped {
                          return m->downstream(subset, upstream, downstream);
                        },
                        [&](const IdentityMapping&) -> Mapped {
                          return same_keys(upstream, subset, downstream).subset;
                        },
                        [&](const StaticMapping& m) -> Mapped {
                          TREADLE_CHECK(check_partition_mapping(mapping, downstream.definition(),
                                                                upstream.definition()));
                          PartitionSubset result;
                          for (const auto& [from, to] : m.downstream_by_upstream) {
                            const auto number = upstream.find(from);
                            if (number && subset.contains(*number)) {
                              result = result | existing(downstream, to, nullptr);
                            }
                          }
                          return result;
                        },
                        [&](const TimeWindowMapping& m) -> Mapped {
                          TREADLE_CHECK(check_zones(downstream, upstream));
                          return TimeMapping{.from = upstream,
                                             .to = downstream,
                                             .start_offset = -m.end_offset,
                                             .end_offset = -m.start_offset,
                                             .offset_before = false,
                                             .allow_nonexistent = true}
                              .map(subset)
                              .subset;
                        },
                        [&](const MultiToSingleMapping& m) -> Mapped {
                          TREADLE_CHECK(check_partition_mapping(mapping, downstream.definition(),
                                                                upstream.definition()));
                          return multi_to_single_downstream(m, upstream, subset, downstream);
                        },
                        [&](const MultiMapping& m) -> Mapped {
                          TREADLE_CHECK(check_partition_mapping(mapping, downstream.definition(),
                                                                upstream.definition()));
                          return multi_downstream(m, upstream, subset, downstream);
                        },
                    },
                    mapping.data);
}

}  // namespace treadle::plan
