// Every mapping between every kinds it can stand between, in both directions, against the plain
// relation: does this downstream partition read that upstream one? Said by key or window, looked at
// for every pair.
#include <treadle/base/time_format.h>
#include <treadle/define/time_grid.h>
#include <treadle/plan/partition_mapping.h>

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <map>
#include <random>
#include <set>

namespace treadle::plan {
namespace {

using Relation = std::function<bool(const std::string& downstream, const std::string& upstream)>;

Micros moment(std::string_view text) {
  return local_seconds(parse_time(text, "%Y-%m-%d %H:%M")->time) * kMicrosPerSecond;
}

class SomeKeys final : public DynamicKeys {
 public:
  Result<std::shared_ptr<const PartitionKeys>> keys(const std::string& name) const override {
    std::vector<std::string> keys = {"c", "a", "d"};
    if (name == "more") keys.insert(keys.begin(), {"z", "b"});
    return std::make_shared<const PartitionKeys>(keys);
  }
};

PartitionSet resolved(const Result<PartitionsPtr>& definition) {
  return PartitionSet::at(definition.value(), moment("2026-01-20 00:00"),
                          std::make_unique<SomeKeys>().get())
      .value();
}

std::vector<std::string> parts(const std::string& key) {
  const auto bar = key.find('|');
  return {key.substr(0, bar), bar == std::string::npos ? "" : key.substr(bar + 1)};
}

// One mapping, the two sets, and what it means.
struct MappingCase {
  std::string name;
  PartitionMapping mapping;
  PartitionSet downstream, upstream;
  Relation reads;
};

PartitionMappingPtr shared(PartitionMapping mapping) {
  return std::make_shared<const PartitionMapping>(std::move(mapping));
}

Relation same_key() {
  return [](const std::string& d, const std::string& u) { return d == u; };
}

Relation windows_overlap(PartitionSet down, PartitionSet up) {
  return [down, up](const std::string& d, const std::string& u) {
    const TimeWindow a = *down.window(*down.find(d)), b = *up.window(*up.find(u));
    return a.start < b.end && b.start < a.end;
  };
}

std::vector<MappingCase> cases() {
  const auto days = daily_partitions("2026-01-01"), weeks = weekly_partitions("2025-12-28"),
             hours = hourly_partitions("2026-01-14-00:00");
  const auto letters = static_partitions({"a", "b", "c", "d"}),
             some = static_partitions({"d", "b", "x"});
  const auto dynamic = dynamic_partitions("few"), more = dynamic_partitions("more");
  const auto day_letter = multi_partitions({{"day", *days}, {"letter", *letters}});
  const auto week_some = multi_partitions({{"kind", *some}, {"week", *weeks}});
  const auto two = multi_partitions({{"one", *letters}, {"two", *some}});
  std::vector<MappingCase> out;
  const auto add = [&](std::string name, PartitionMapping mapping,
                       const Result<PartitionsPtr>& down, const Result<PartitionsPtr>& up,
                       Relation reads) {
    out.push_back(
        {std::move(name), std::move(mapping), resolved(down), resolved(up), std::move(reads)});
  };
  const std::map<std::string, Result<PartitionsPtr>> kinds = {
      {"days", days},       {"weeks", weeks}, {"letters", letters},       {"some", some},
      {"dynamic", dynamic}, {"more", more},   {"day|letter", day_letter}, {"week|some", week_some}};
  for (const auto& [down_name, down] : kinds) {
    for (const auto& [up_name, up] : kinds) {
      const std::string between = " between " + down_name + " and " + up_name;
      add("all" + between, {AllMapping{}}, down, up, [](const auto&, const auto&) { return true; });
      const PartitionSet set = resolved(up);
      const std::string last = set.key(set.size() - 1), third = set.key(2 % set.size());
      add("last" + between, {LastMapping{}}, down, up,
          [last](const auto&, const std::string& u) { return u == last; });
      add("specific" + between, {SpecificMapping{{third, last}}}, down, up,
          [last, third](const auto&, const std::string& u) { return u == last || u == third; });
    }
    add("identity on " + down_name, {IdentityMapping{}}, down, down, same_key());
  }
  add("identity of keys", {IdentityMapping{}}, letters, some, same_key());
  add("identity of dynamic keys", {IdentityMapping{}}, dynamic, more, same_key());
  const std::map<std::string, std::set<std::string>> table = {
      {"a", {"x", "d"}}, {"c", {"b"}}, {"d", {"d"}}};  // upstream to downstream
  StaticMapping fixed;
  for (const auto& [u, ds] : table)
    fixed.downstream_by_upstream.push_back({u, {ds.begin(), ds.end()}});
  const Relation in_table = [table](const std::string& d, const std::string& u) {
    const auto at = table.find(u);
    return at != table.end() && at->second.contains(d);
  };
  add("static", {fixed}, some, letters, in_table);
  for (const auto& [down_name, down] :
       {std::pair("days", days), {"weeks", weeks}, {"hours", hours}})
    for (const auto& [up_name, up] : {std::pair("days", days), {"weeks", weeks}, {"hours", hours}})
      add(std::string("windows between ") + down_name + " and " + up_name,
          {TimeWindowMapping{.allow_nonexistent_upstream = true}}, down, up,
          windows_overlap(resolved(down), resolved(up)));
  add("day before", {TimeWindowMapping{.start_offset = -1, .end_offset = -1}}, days, days,
      [set = resolved(days)](const std::string& d, const std::string& u) {
        return *set.find(u) == *set.find(d) - 1;
      });
  add("letter of both", {MultiToSingleMapping{}}, letters, day_letter,
      [](const std::string& d, const std::string& u) { return parts(u)[1] == d; });
  add("both of letter", {MultiToSingleMapping{}}, day_letter, letters,
      [](const std::string& d, const std::string& u) { return parts(d)[1] == u; });
  add("day of both", {MultiToSingleMapping{"day"}}, days, day_letter,
      [](const std::string& d, const std::string& u) { return parts(u)[0] == d; });
  add("weeks of days of both", {MultiToSingleMapping{"day"}}, weeks, day_letter,
      [overlap = windows_overlap(resolved(weeks), resolved(days))](
          const std::string& d, const std::string& u) { return overlap(d, parts(u)[0]); });
  add("one of two named", {MultiToSingleMapping{"two"}}, two, some,
      [](const std::string& d, const std::string& u) { return parts(d)[1] == u; });
  add("dimensions",
      {MultiMapping{
          {{"day", "week", shared({TimeWindowMapping{.allow_nonexistent_upstream = true}})},
           {"letter", "kind", shared({fixed})}}}},
      week_some, day_letter,
      [overlap = windows_overlap(resolved(weeks), resolved(days)), in_table](const std::string& d,
                                                                             const std::string& u) {
        return overlap(parts(d)[1], parts(u)[0]) && in_table(parts(d)[0], parts(u)[1]);
      });
  add("one dimension", {MultiMapping{{{"letter", "one", shared({IdentityMapping{}})}}}}, two,
      day_letter,
      [](const std::string& d, const std::string& u) { return parts(d)[0] == parts(u)[1]; });
  add("dimension to last", {MultiMapping{{{"two", "day", shared({LastMapping{}})}}}}, day_letter,
      two, [](const std::string&, const std::string& u) { return parts(u)[1] == "x"; });
  return out;
}

PartitionSubset random_subset(std::mt19937& random, std::int64_t size) {
  std::vector<PartitionSubset::Range> ranges;
  for (int i = 1 + static_cast<int>(random() % 3); i > 0; --i) {
    const auto begin = static_cast<std::int64_t>(random()) % size;
    ranges.push_back({begin, std::min<std::int64_t>(size, begin + 1 + random() % 9)});
  }
  return PartitionSubset::of_ranges(std::move(ranges));
}

TEST(PartitionMappingProperties, BothDirectionsAreThePlainRelation) {
  std::mt19937 random(5);
  for (const MappingCase& c : cases()) {
    ASSERT_GT(c.downstream.size(), 0) << c.name;
    ASSERT_GT(c.upstream.size(), 0) << c.name;
    const auto down_keys = c.downstream.keys(c.downstream.all());
    const auto up_keys = c.upstream.keys(c.upstream.all());
    for (int round = 0; round < 4; ++round) {
      const PartitionSubset down = random_subset(random, c.downstream.size());
      std::vector<std::int64_t> expected;
      for (std::size_t u = 0; u < up_keys.size(); ++u)
        for (const std::int64_t d : down.numbers())
          if (c.reads(down_keys[static_cast<std::size_t>(d)], up_keys[u]))
            expected.push_back(static_cast<std::int64_t>(u));
      const auto read = upstream_of(c.mapping, &c.downstream, &down, c.upstream);
      ASSERT_TRUE(read) << c.name << ": " << read.error().message;
      ASSERT_EQ(c.upstream.text(read->subset, 50),
                c.upstream.text(PartitionSubset::of(expected), 50))
          << c.name << " of " << c.downstream.text(down);

      const PartitionSubset up = random_subset(random, c.upstream.size());
      std::vector<std::int64_t> made;
      for (std::size_t d = 0; d < down_keys.size(); ++d)
        for (const std::int64_t u : up.numbers())
          if (c.reads(down_keys[d], up_keys[static_cast<std::size_t>(u)]))
            made.push_back(static_cast<std::int64_t>(d));
      const auto found = downstream_of(c.mapping, c.upstream, up, c.downstream);
      ASSERT_TRUE(found) << c.name << ": " << found.error().message;
      ASSERT_EQ(c.downstream.text(*found, 50), c.downstream.text(PartitionSubset::of(made), 50))
          << c.name << " from " << c.upstream.text(up);
    }
  }
}

// What a mapping asks for that is not there is named: exactly the keys of these partitions that
// upstream does not have.
TEST(PartitionMappingProperties, WhatIsMissingUpstreamIsNamed) {
  std::mt19937 random(6);
  const PartitionSet letters = resolved(static_partitions({"a", "b", "c", "d"}));
  const PartitionSet few = resolved(dynamic_partitions("few"));
  for (int round = 0; round < 50; ++round) {
    const PartitionSubset subset = random_subset(random, letters.size());
    std::set<std::string> missing;
    for (const std::string& key : letters.keys(subset))
      if (!few.find(key)) missing.insert(key);
    const auto read = upstream_of({IdentityMapping{}}, &letters, &subset, few);
    ASSERT_TRUE(read);
    EXPECT_EQ(std::set<std::string>(read->nonexistent.begin(), read->nonexistent.end()), missing);
  }
}

// Mappings and kinds that do not fit are refused, in both directions, and nothing else is.
TEST(PartitionMappingProperties, ThePairsThatDoNotFitAreRefusedByEveryQuestion) {
  const std::map<std::string, Result<PartitionsPtr>> kinds = {
      {"days", daily_partitions("2026-01-01")},
      {"seoul", daily_partitions("2026-01-01", {.timezone = "Asia/Seoul"})},
      {"letters", static_partitions({"a", "b"})},
      {"dynamic", dynamic_partitions("few")},
      {"both", multi_partitions({{"day", *daily_partitions("2026-01-01")},
                                 {"letter", *static_partitions({"a", "b"})}})}};
  const std::map<std::string, PartitionMapping> mappings = {
      {"window", {TimeWindowMapping{.allow_nonexistent_upstream = true}}},
      {"static", {StaticMapping{{{"a", {"b"}}}}}},
      {"dimension", {MultiToSingleMapping{}}},
      {"dimensions", {MultiMapping{{{"day", "day", shared({IdentityMapping{}})}}}}}};
  const std::map<std::string, std::set<std::string>> fits = {
      {"window", {"days days", "seoul seoul"}},
      {"static", {"letters letters"}},
      {"dimension", {"days both", "both days", "letters both", "both letters"}},
      {"dimensions", {"both both"}}};
  for (const auto& [mapping_name, mapping] : mappings)
    for (const auto& [down_name, down] : kinds)
      for (const auto& [up_name, up] : kinds) {
        const std::string pair = down_name + ' ' + up_name;
        const bool good = fits.at(mapping_name).contains(pair);
        const PartitionSet d = resolved(down), u = resolved(up);
        const PartitionSubset some = PartitionSubset::one(0);
        const auto checked = check_partition_mapping(mapping, *down, *up);
        EXPECT_EQ(checked.has_value(), good) << mapping_name << ": " << pair;
        EXPECT_EQ(upstream_of(mapping, &d, &some, u).has_value(), good)
            << mapping_name << ": " << pair;
        EXPECT_EQ(downstream_of(mapping, u, some, d).has_value(), good)
            << mapping_name << ": " << pair;
      }
}

}  // namespace
}  // namespace treadle::plan
