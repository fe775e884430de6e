#include <treadle/base/json.h>
#include <treadle/base/suggest.h>
#include <treadle/base/time_format.h>
#include <treadle/define/partitions.h>
#include <treadle/define/time_grid.h>

#include <algorithm>
#include <unordered_set>

namespace treadle {
namespace {

std::string quoted_key(std::string_view text) {
  return "'" + std::string(text) + "'";
}

Result<void> check(const StaticPartitions& partitions) {
  std::unordered_set<std::string_view> seen;
  for (const std::string& key : partitions.keys) {
    if (key.empty()) {
      return fail(Errc::kInvalidArgument, "A partition key cannot be the empty text.");
    }
    if (key.find("...") != std::string::npos) {
      return fail(Errc::kInvalidArgument, "'...' is an invalid substring in a partition key, but " +
                                              quoted_key(key) +
                                              " has it: it stands between the two "
                                              "ends of a range.");
    }
    for (const char c : key) {
      if ((c >= '\a' && c <= '\r') || c == '\0') {
        return fail(Errc::kInvalidArgument, "Partition key " + quoted_key(key) +
                                                " has a control character, which no key may have: "
                                                "use printable text.");
      }
    }
    if (!seen.insert(key).second) {
      return fail(
          Errc::kInvalidArgument,
          "Partition keys must be unique. Duplicate instances of partition keys: ['" + key + "'].");
    }
  }
  return {};
}

Result<void> check(const DynamicPartitions& partitions) {
  if (!partitions.name.empty()) return {};
  return fail(Errc::kInvalidArgument,
              "Dynamic partitions need a name: their keys are kept in the home under it.");
}

Result<void> check(MultiPartitions& partitions) {
  std::vector<PartitionDimension>& dimensions = partitions.dimensions;
  if (dimensions.size() < 2) {
    return fail(Errc::kInvalidArgument,
                "Partitions of several dimensions need at least two; there " +
                    std::string(dimensions.size() == 1 ? "is 1." : "are none."));
  }
  std::sort(dimensions.begin(), dimensions.end(),
            [](const auto& a, const auto& b) { return a.name < b.name; });
  for (std::size_t i = 0; i < dimensions.size(); ++i) {
    const PartitionDimension& dimension = dimensions[i];
    if (!dimension.partitions) {
      return fail(Errc::kInvalidArgument,
                  "Dimension " + quoted_key(dimension.name) + " has no partitions definition.");
    }
    if (i > 0 && dimension.name == dimensions[i - 1].name) {
      return fail(Errc::kInvalidArgument,
                  "There are two dimensions called " + quoted_key(dimension.name) + ".");
    }
    if (dimension.partitions->as_multi()) {
      return fail(Errc::kInvalidArgument,
                  "Dimension " + quoted_key(dimension.name) +
                      " has several dimensions itself. Name all of them in one definition.");
    }
    const StaticPartitions* keys = dimension.partitions->as_static();
    if (!keys) continue;
    for (const std::string& key : keys->keys) {
      if (key.find_first_of("|[],") == std::string::npos) continue;
      return fail(Errc::kInvalidArgument,
                  "Invalid character in partition key " + quoted_key(key) + " for dimension " +
                      dimension.name +
                      ". A multi-partitions definition cannot contain partition keys with the "
                      "following characters: |, [, ], ,");
    }
  }
  return {};
}

struct Fingerprint {
  JsonWriter w;
  void operator()(const StaticPartitions& p) {
    w.begin_object().key("static").begin_array();
    for (const std::string& key : p.keys) w.value(key);
    w.end_array().end_object();
  }
  void operator()(const TimePartitions& p) {
    w.begin_object().field("cron", p.cron).field("zone", p.timezone).field("format", p.format);
    w.field("start", p.start).field("end_offset", p.end_offset);
    if (p.end) w.field("end", *p.end);
    w.key("excluded").begin_array();
    for (const std::string& cron : p.excluded_crons) w.value(cron);
    for (const Micros time : p.excluded_times) w.value(time);
    w.end_array().end_object();
  }
  void operator()(const DynamicPartitions& p) {
    w.begin_object().field("dynamic", p.name).end_object();
  }
  void operator()(const MultiPartitions& p) {
    w.begin_object().key("dimensions").begin_object();
    for (const PartitionDimension& d : p.dimensions) {
      w.key(d.name).raw(d.partitions->fingerprint());
    }
    w.end_object().end_object();
  }
};

std::string describe(const TimeGrid& grid) {
  const TimePartitions& p = grid.definition();
  std::string text = p.cron;
  const auto is = [&](std::string_view suffix) { return p.cron.ends_with(suffix); };
  if (is(" * * * *") && p.cron.find_first_of("*/,-") > p.cron.find(' ')) {
    text = "hourly";
  } else if (is(" * * *") && p.cron.find_first_of("*/,-") == p.cron.size() - 5) {
    text = "daily";
  } else if (p.cron.find(" * * ") != std::string::npos &&
             p.cron.find_first_of("*/,-") == p.cron.size() - 5) {
    text = "weekly";
  } else if (is(" * *") && p.cron.find_first_of("*/,-") == p.cron.size() - 3) {
    text = "monthly";
  }
  text += " from " + grid.key_of(p.start);
  if (p.end) text += " to " + grid.key_of(*p.end);
  if (p.timezone != "UTC") text += " " + p.timezone;
  return text;
}

}  // namespace

bool PartitionDimension::operator==(const PartitionDimension& other) const {
  return name == other.name && same_partitions(partitions, other.partitions);
}

PartitionsDefinition::PartitionsDefinition(Data data, std::shared_ptr<const TimeGrid> grid)
    : data_(std::move(data)), grid_(std::move(grid)) {
  Fingerprint fingerprint;
  std::visit(fingerprint, data_);
  fingerprint_ = std::move(fingerprint.w).str();
}

Result<PartitionsPtr> PartitionsDefinition::make(Data data) {
  std::shared_ptr<const TimeGrid> grid;
  if (const auto* time = std::get_if<TimePartitions>(&data)) {
    TREADLE_TRY(grid, TimeGrid::make(*time));
    const std::optional<TimeWindow> first = grid->next(time->start);
    if (first) {
      const std::optional<TimeWindow> second = grid->next(first->end);
      if (second && grid->key_of(first->start) == grid->key_of(second->start)) {
        return fail(
            Errc::kInvalidArgument,
            "This partition set contains multiple time ranges that map to the same "
            "partition key. This usually indicates that the partition set's format string (" +
                time->format +
                ") is not granular enough to produce a unique key for each time in the "
                "cron schedule (" +
                time->cron + ").");
      }
    }
  } else if (const auto* keys = std::get_if<StaticPartitions>(&data)) {
    TREADLE_CHECK(check(*keys));
  } else if (const auto* dynamic = std::get_if<DynamicPartitions>(&data)) {
    TREADLE_CHECK(check(*dynamic));
  } else if (auto* multi = std::get_if<MultiPartitions>(&data)) {
    TREADLE_CHECK(check(*multi));
  }
  return std::make_shared<const PartitionsDefinition>(std::move(data), std::move(grid));
}

std::string PartitionsDefinition::description() const {
  if (const auto* keys = as_static()) {
    return std::to_string(keys->keys.size()) + (keys->keys.size() == 1 ? " key" : " keys");
  }
  if (as_time()) return describe(*grid_);
  if (const auto* dynamic = as_dynamic()) return "dynamic " + quoted_key(dynamic->name);
  std::string text;
  for (const PartitionDimension& d : as_multi()->dimensions) {
    text += (text.empty() ? "" : " × ") + d.name + " (" + d.partitions->description() + ")";
  }
  return text;
}

bool same_partitions(const PartitionsPtr& a, const PartitionsPtr& b) {
  return a == b || (a && b && *a == *b);
}

Result<PartitionsPtr> static_partitions(std::vector<std::string> keys) {
  return PartitionsDefinition::make(StaticPartitions{std::move(keys)});
}

Result<PartitionsPtr> dynamic_partitions(std::string name) {
  return PartitionsDefinition::make(DynamicPartitions{std::move(name)});
}

Result<PartitionsPtr> multi_partitions(std::vector<PartitionDimension> dimensions) {
  return PartitionsDefinition::make(MultiPartitions{std::move(dimensions)});
}

Result<PartitionsPtr> cron_partitions(std::string_view cron, std::string_view start,
                                      TimePartitionsOptions options) {
  TimePartitions time;
  time.cron = cron;
  time.timezone = options.timezone;
  time.format = options.format.empty() ? "%Y-%m-%d" : options.format;
  time.end_offset = options.end_offset;
  time.excluded_crons = options.excluded_crons;
  // Texts are read by the grid, which needs no start for that.
  TREADLE_TRY(const std::shared_ptr<const TimeGrid> grid, TimeGrid::make(time));
  TREADLE_TRY(time.start, grid->parse(start));
  if (!options.end.empty()) {
    TREADLE_TRY(time.end, grid->parse(options.end));
  }
  for (const std::string& excluded : options.excluded_times) {
    TREADLE_TRY(const Micros at, grid->parse(excluded));
    time.excluded_times.push_back(at);
  }
  return PartitionsDefinition::make(std::move(time));
}

Result<PartitionsPtr> hourly_partitions(std::string_view start, TimePartitionsOptions options) {
  if (options.format.empty()) options.format = "%Y-%m-%d-%H:%M";
  return cron_partitions(std::to_string(options.minute_offset) + " * * * *", start, options);
}

Result<PartitionsPtr> daily_partitions(std::string_view start, TimePartitionsOptions options) {
  return cron_partitions(
      std::to_string(options.minute_offset) + " " + std::to_string(options.hour_offset) + " * * *",
      start, options);
}

Result<PartitionsPtr> weekly_partitions(std::string_view start, TimePartitionsOptions options) {
  return cron_partitions(std::to_string(options.minute_offset) + " " +
                             std::to_string(options.hour_offset) + " * * " +
                             std::to_string(options.day_offset.value_or(0)),
                         start, options);
}

Result<PartitionsPtr> monthly_partitions(std::string_view start, TimePartitionsOptions options) {
  return cron_partitions(std::to_string(options.minute_offset) + " " +
                             std::to_string(options.hour_offset) + " " +
                             std::to_string(options.day_offset.value_or(1)) + " * *",
                         start, options);
}

}  // namespace treadle
