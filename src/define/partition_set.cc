#include <treadle/base/suggest.h>
#include <treadle/define/partition_set.h>
#include <treadle/define/time_grid.h>

#include <algorithm>
#include <mutex>
#include <unordered_map>

namespace treadle {

namespace {

std::string quoted(std::string_view text) {
  return "'" + std::string(text) + "'";
}

std::vector<std::string> parts_of(std::string_view key) {
  std::vector<std::string> parts;
  while (true) {
    const std::size_t bar = key.find(kMultiKeyDelimiter);
    parts.emplace_back(key.substr(0, bar));
    if (bar == std::string_view::npos) return parts;
    key.remove_prefix(bar + 1);
  }
}

// Digits where the other has digits: a time that does not exist, such as a 32nd of January.
bool looks_alike(std::string_view a, std::string_view b) {
  const auto digit = [](char c) { return c >= '0' && c <= '9'; };
  return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(), [&](char x, char y) {
           return digit(x) == digit(y) && (digit(x) || x == y);
         });
}

// Of time partitions, whose usual keys are in the order of text: the last key up to this one.
std::string nearest_in_text(const PartitionSet& set, std::string_view key) {
  std::int64_t low = 0, high = set.size();
  while (high - low > 1) {
    const std::int64_t middle = low + (high - low) / 2;
    (set.key(middle) <= key ? low : high) = middle;
  }
  return set.key(low);
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

// Of the same keys one list is enough, however many assets have them.
std::shared_ptr<const PartitionKeys> keys_of(const PartitionsPtr& definition) {
  static std::mutex mutex;
  static std::unordered_map<
      const PartitionsDefinition*,
      std::pair<std::weak_ptr<const PartitionsDefinition>, std::shared_ptr<const PartitionKeys>>>
      known;
  const std::scoped_lock lock(mutex);
  auto& [owner, keys] = known[definition.get()];
  if (owner.lock() != definition) {
    keys = std::make_shared<const PartitionKeys>(definition->as_static()->keys);
    owner = definition;
    std::erase_if(known, [](const auto& entry) { return entry.second.first.expired(); });
  }
  return known[definition.get()].second;
}

}  // namespace

Result<PartitionSet> PartitionSet::at(PartitionsPtr definition, Micros now,
                                      const DynamicKeys* dynamic) {
  PartitionSet set;
  set.now_ = now;
  if (definition->as_static()) {
    set.keys_ = keys_of(definition);
    set.size_ = set.keys_->size();
  } else if (definition->as_time()) {
    set.size_ = definition->grid().exists_at(now);
  } else if (const DynamicPartitions* d = definition->as_dynamic()) {
    if (dynamic != nullptr) {
      TREADLE_TRY(set.keys_, dynamic->keys(d->name));
      set.size_ = set.keys_->size();
    }
  } else {
    set.size_ = 1;
    for (const PartitionDimension& dimension : definition->as_multi()->dimensions) {
      TREADLE_TRY(PartitionSet part, at(dimension.partitions, now, dynamic));
      set.size_ *= part.size_;
      set.dimensions_.push_back(std::move(part));
    }
  }
  set.definition_ = std::move(definition);
  return set;
}

std::string PartitionSet::key(std::int64_t number) const {
  if (keys_) return std::string(keys_->at(number));
  if (definition_->as_time()) {
    return definition_->grid().key_of(definition_->grid().start_of(number));
  }
  std::string key;
  const std::vector<std::int64_t> numbers = split(number);
  for (std::size_t d = 0; d < dimensions_.size(); ++d) {
    if (d > 0) key += kMultiKeyDelimiter;
    key += dimensions_[d].key(numbers[d]);
  }
  return key;
}

std::optional<std::int64_t> PartitionSet::find(std::string_view key) const {
  if (keys_) return keys_->find(key);
  if (definition_->as_time()) {
    const std::optional<std::int64_t> number = definition_->grid().find(key);
    return number && *number < size_ ? number : std::nullopt;
  }
  if (!definition_->as_multi()) return std::nullopt;
  std::vector<std::int64_t> numbers;
  for (std::size_t d = 0; d < dimensions_.size(); ++d) {
    const bool last = d + 1 == dimensions_.size();
    const std::size_t bar = key.find(kMultiKeyDelimiter);
    if (last != (bar == std::string_view::npos)) return std::nullopt;
    const std::optional<std::int64_t> number = dimensions_[d].find(key.substr(0, bar));
    if (!number) return std::nullopt;
    numbers.push_back(*number);
    if (!last) key.remove_prefix(bar + 1);
  }
  return join(numbers);
}

Result<std::int64_t> PartitionSet::index_of(std::string_view key) const {
  if (const std::optional<std::int64_t> number = find(key)) return *number;
  return fail(Errc::kNotFound, "Could not find a partition with key `" + std::string(key) + "`. " +
                                   nearest_text(key));
}

// Which rule a key breaks that is not in the set, and what comes nearest.
std::string PartitionSet::nearest_text(std::string_view key) const {
  if (const MultiPartitions* multi = definition_->as_multi()) {
    const std::vector<std::string> parts = parts_of(key);
    if (parts.size() != dimensions_.size()) {
      std::string names;
      for (const PartitionDimension& d : multi->dimensions) {
        names += (names.empty() ? "" : "|") + d.name;
      }
      return "Its keys have " + std::to_string(dimensions_.size()) + " parts, " + quoted(names) +
             (size_ > 0 ? ", as in " + quoted(this->key(0)) : std::string()) + ".";
    }
    std::vector<std::string> other_order = parts;
    std::sort(other_order.begin(), other_order.end());
    constexpr std::size_t kFewDimensions = 4;
    while (parts.size() <= kFewDimensions) {
      std::string joined, names;
      for (std::size_t d = 0; d < parts.size(); ++d) {
        joined += (d > 0 ? "|" : "") + other_order[d];
        names += (d > 0 ? "|" : "") + multi->dimensions[d].name;
      }
      if (find(joined)) {
        return "Its dimensions come in the order of their names, " + quoted(names) + ": " +
               quoted(joined) + ".";
      }
      if (!std::next_permutation(other_order.begin(), other_order.end())) break;
    }
    for (std::size_t d = 0; d < parts.size(); ++d) {
      if (dimensions_[d].find(parts[d])) continue;
      return "Dimension " + quoted(multi->dimensions[d].name) + " has no " + quoted(parts[d]) +
             ". " + dimensions_[d].nearest_text(parts[d]);
    }
    return {};
  }
  if (size_ == 0) {
    if (const DynamicPartitions* dynamic = definition_->as_dynamic()) {
      return "Nobody has added a key to the dynamic partitions " + quoted(dynamic->name) +
             " yet: `treadle partitions add` does, and instance.add_dynamic_partitions.";
    }
    return "There are no partitions yet (" + definition_->description() + ").";
  }
  if (keys_) {
    constexpr std::int64_t kMostToCompare = 20'000;
    if (size_ <= kMostToCompare) {
      const std::string hint = did_you_mean(key, keys(all()));
      if (!hint.empty()) return hint.substr(1);
    }
    constexpr std::int64_t kFew = 10;
    if (size_ <= kFew) {
      std::string list;
      for (const std::string& one : keys(all())) list += (list.empty() ? "" : ", ") + quoted(one);
      return (size_ == 1 ? "There is only " : "There are ") + list + ".";
    }
    return "There are " + std::to_string(size_) + ", from " + quoted(keys_->at(0)) + " to " +
           quoted(keys_->at(size_ - 1)) + ".";
  }
  const TimeGrid& grid = definition_->grid();
  const Result<Micros> said = grid.parse(key);
  const std::string first = quoted(this->key(0)), last = quoted(this->key(size_ - 1));
  if (!said) {
    const std::string near = looks_alike(key, this->key(0)) ? nearest_in_text(*this, key) : "";
    return "Its keys are times in the format " + grid.definition().format + ", from " + first +
           " to " + last + (near.empty() ? "." : "; the nearest is " + quoted(near) + ".");
  }
  if (*said < grid.start_of(0)) return "It is before the first, " + first + ".";
  const std::int64_t at = grid.first_at_or_after(*said);
  if (at >= size_) return "It is after the last that exists now, " + last + ".";
  std::string why;
  if (grid.excluded(*said)) {
    why = "It is excluded";
  } else if (grid.key_of(*said) != key) {
    const std::int64_t seconds = seconds_of(*said);
    const bool gap = grid.zone().resolve(grid.zone().local(seconds)).kind !=
                         TimeZone::Resolved::Kind::kOverlap &&
                     grid.key_of(*said).size() == key.size();
    why = gap ? "There is no such time in " + grid.zone().name() + " (clocks change)"
              : "It is not how its key is written";
  } else {
    why = "No window begins then (" + grid.definition().cron + ")";
  }
  std::int64_t nearest = at;
  if (at > 0 && *said - grid.start_of(at - 1) < grid.start_of(at) - *said) nearest = at - 1;
  return why + "; the nearest is " + quoted(this->key(nearest)) + ".";
}

Result<PartitionSubset> PartitionSet::range(const PartitionKeyRange& range) const {
  TREADLE_TRY(const std::int64_t first, index_of(range.start));
  TREADLE_TRY(const std::int64_t last, index_of(range.end));
  const auto backwards = [&](const std::string& start, const std::string& end) {
    return fail(Errc::kInvalidArgument, "The range " + range.start + "..." + range.end +
                                            " runs backwards: " + quoted(end) + " comes before " +
                                            quoted(start) + ". Begin with the earlier one.");
  };
  if (dimensions_.empty()) {
    if (last < first) return backwards(range.start, range.end);
    return PartitionSubset::range(first, last + 1);
  }
  const std::vector<std::int64_t> from = split(first), to = split(last);
  std::vector<PartitionSubset> by_dimension;
  for (std::size_t d = 0; d < dimensions_.size(); ++d) {
    if (to[d] < from[d]) return backwards(dimensions_[d].key(from[d]), dimensions_[d].key(to[d]));
    by_dimension.push_back(PartitionSubset::range(from[d], to[d] + 1));
  }
  return product(by_dimension);
}

Result<PartitionSubset> PartitionSet::subset(std::span<const std::string> keys) const {
  std::vector<std::int64_t> numbers;
  numbers.reserve(keys.size());
  for (const std::string& key : keys) {
    TREADLE_TRY(const std::int64_t number, index_of(key));
    numbers.push_back(number);
  }
  return PartitionSubset::of(std::move(numbers));
}

Result<PartitionSubset> PartitionSet::parse(std::string_view text) const {
  if (trimmed(text) == "all") return all();
  PartitionSubset subset;
  while (true) {
    const std::size_t comma = text.find(',');
    const std::string_view item = trimmed(text.substr(0, comma));
    if (item.empty()) {
      return fail(Errc::kInvalidArgument,
                  "Partitions are given as keys and ranges with commas in between, as in "
                  "'a,c...f', or 'all': here one is empty.");
    }
    const std::size_t dots = item.find("...");
    if (dots == std::string_view::npos) {
      const std::size_t two = item.find("..");
      if (two != std::string_view::npos && !find(item)) {
        return fail(Errc::kInvalidArgument,
                    quoted(item) + " is no key, and a range is written with three dots: " +
                        quoted(std::string(item.substr(0, two)) + "..." +
                               std::string(item.substr(two + 2))) +
                        ".");
      }
      TREADLE_TRY(const std::int64_t number, index_of(item));
      subset = subset | PartitionSubset::one(number);
    } else {
      const std::string_view start = trimmed(item.substr(0, dots));
      const std::string_view end = trimmed(item.substr(dots + 3));
      if (end.find("...") != std::string_view::npos) {
        return fail(Errc::kInvalidArgument, "The range " + quoted(item) +
                                                " has more than two ends. Put a comma between "
                                                "ranges, as in 'a...c,e...f'.");
      }
      if (start.empty() && end.empty()) {
        return fail(Errc::kInvalidArgument, "The range '...' has no end: write 'all' for all.");
      }
      if (size_ == 0) return fail(Errc::kNotFound, nearest_text(item));
      // An end that is left out is the set's own.
      TREADLE_TRY(const PartitionSubset part,
                  range({start.empty() ? key(0) : std::string(start),
                         end.empty() ? key(size_ - 1) : std::string(end)}));
      subset = subset | part;
    }
    if (comma == std::string_view::npos) return subset;
    text.remove_prefix(comma + 1);
  }
}

std::vector<std::string> PartitionSet::keys(const PartitionSubset& subset) const {
  std::vector<std::string> keys;
  keys.reserve(static_cast<std::size_t>(subset.size()));
  if (definition_->as_time()) {
    const TimeGrid& grid = definition_->grid();
    for (const PartitionSubset::Range& r : subset.ranges()) {
      std::optional<TimeWindow> window = grid.next(grid.start_of(r.begin));
      for (std::int64_t i = r.begin; i < r.end && window; ++i) {
        keys.push_back(grid.key_of(window->start));
        if (i + 1 < r.end) window = grid.next(window->end);
      }
    }
    return keys;
  }
  subset.for_each([&](std::int64_t n) { keys.push_back(key(n)); });
  return keys;
}

std::string PartitionSet::text(const PartitionSubset& subset, std::size_t limit) const {
  std::string text;
  std::size_t shown = 0;
  for (const PartitionSubset::Range& r : subset.ranges()) {
    if (shown == limit) {
      const std::size_t more = subset.ranges().size() - limit;
      return text + " and " + std::to_string(more) + " more";
    }
    if (shown++ > 0) text += ", ";
    text += key(r.begin);
    if (r.size() > 1) text += (r.size() == 2 ? ", " : "...") + key(r.end - 1);
  }
  return text;
}

bool PartitionSet::has_windows() const {
  if (definition_->as_time()) return true;
  return std::count_if(dimensions_.begin(), dimensions_.end(),
                       [](const PartitionSet& d) { return d.has_windows(); }) == 1;
}

std::optional<TimeWindow> PartitionSet::window(std::int64_t number) const {
  if (definition_->as_time()) return definition_->grid().window(number);
  if (!has_windows()) return std::nullopt;
  const std::vector<std::int64_t> numbers = split(number);
  for (std::size_t d = 0; d < dimensions_.size(); ++d) {
    if (dimensions_[d].has_windows()) return dimensions_[d].window(numbers[d]);
  }
  return std::nullopt;
}

PartitionSubset PartitionSet::starting_in(const TimeWindow& window) const {
  if (definition_->as_time()) {
    const TimeGrid& grid = definition_->grid();
    return PartitionSubset::range(grid.first_at_or_after(window.start),
                                  std::min(size_, grid.first_at_or_after(window.end)));
  }
  if (!has_windows()) return {};
  std::vector<PartitionSubset> by_dimension;
  for (const PartitionSet& d : dimensions_) {
    by_dimension.push_back(d.has_windows() ? d.starting_in(window) : d.all());
  }
  return product(by_dimension);
}

PartitionSubset PartitionSet::latest_window(Micros lookback) const {
  if (!has_windows() || size_ == 0) return all();
  for (const PartitionSet& d : dimensions_) {
    if (!d.has_windows()) continue;
    const TimeWindow last = *d.window(d.size() - 1);
    return starting_in({lookback > 0 ? last.end - lookback : last.start, last.end});
  }
  const TimeWindow last = *window(size_ - 1);
  return starting_in({lookback > 0 ? last.end - lookback : last.start, last.end});
}

std::vector<std::int64_t> PartitionSet::split(std::int64_t number) const {
  std::vector<std::int64_t> numbers(dimensions_.size());
  for (std::size_t d = dimensions_.size(); d-- > 0;) {
    numbers[d] = number % dimensions_[d].size_;
    number /= dimensions_[d].size_;
  }
  return numbers;
}

std::int64_t PartitionSet::join(std::span<const std::int64_t> numbers) const {
  std::int64_t number = 0;
  for (std::size_t d = 0; d < dimensions_.size(); ++d) {
    number = number * dimensions_[d].size_ + numbers[d];
  }
  return number;
}

std::vector<PartitionSubset> PartitionSet::project(const PartitionSubset& subset) const {
  std::vector<PartitionSubset> projected;
  std::int64_t inner = size_;
  PartitionSubset rest = subset;
  for (const PartitionSet& dimension : dimensions_) {
    if (inner == 0) {
      projected.emplace_back();
      continue;
    }
    inner /= dimension.size_;
    // `rest` is a subset of this dimension times all that follow, which have `inner` partitions.
    std::vector<PartitionSubset::Range> here, below;
    for (const PartitionSubset::Range& r : rest.ranges()) {
      const std::int64_t first = r.begin / inner, last = (r.end - 1) / inner;
      here.push_back({first, last + 1});
      const std::int64_t from = r.begin % inner, to = (r.end - 1) % inner + 1;
      if (first == last) {
        below.push_back({from, to});
      } else if (last - first > 1 || from <= to) {
        below.push_back({0, inner});
      } else {
        below.push_back({from, inner});
        below.push_back({0, to});
      }
    }
    projected.push_back(PartitionSubset::of_ranges(std::move(here)));
    rest = PartitionSubset::of_ranges(std::move(below));
  }
  return projected;
}

PartitionSubset PartitionSet::product(std::span<const PartitionSubset> by_dimension) const {
  PartitionSubset inner = PartitionSubset::one(0);
  std::int64_t inner_size = 1;
  for (std::size_t d = dimensions_.size(); d-- > 0;) {
    const PartitionSubset& outer = by_dimension[d];
    std::vector<PartitionSubset::Range> ranges;
    if (inner.size() == inner_size) {
      for (const PartitionSubset::Range& r : outer.ranges()) {
        ranges.push_back({r.begin * inner_size, r.end * inner_size});
      }
    } else {
      outer.for_each([&](std::int64_t n) {
        for (const PartitionSubset::Range& r : inner.ranges()) {
          ranges.push_back({n * inner_size + r.begin, n * inner_size + r.end});
        }
      });
    }
    inner = PartitionSubset::of_ranges(std::move(ranges));
    inner_size *= dimensions_[d].size_;
  }
  return inner;
}

}  // namespace treadle
