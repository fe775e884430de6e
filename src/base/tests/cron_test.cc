#include <treadle/base/cron.h>

#include <gtest/gtest.h>

#include <random>

namespace treadle {
namespace {

CronSchedule cron(std::string_view expression, std::string_view zone = "UTC") {
  auto parsed = CronSchedule::parse(expression, zone);
  if (!parsed) throw std::runtime_error(parsed.error().message);
  return *parsed;
}

Micros utc(int year, int month, int day, int hour = 0, int minute = 0, int second = 0) {
  return local_seconds({year, month, day, hour, minute, second}) * kMicrosPerSecond;
}

// The first ticks after a moment, as wall-clock time with offset.
std::vector<std::string> ticks(const CronSchedule& schedule, Micros after, std::size_t n) {
  std::vector<std::string> out;
  for (auto t = schedule.next(after); t && out.size() < n; t = schedule.next(*t))
    out.push_back(format_in_zone(*t, schedule.zone()));
  return out;
}

using Texts = std::vector<std::string>;

TEST(Cron, ADayInAGapTicksAtItsEndAndThenAtItsTimeAgain) {
  EXPECT_EQ(ticks(cron("30 2 * * *", "Europe/Berlin"), utc(2026, 3, 28, 0), 3),
            (Texts{"2026-03-28T02:30:00+01:00", "2026-03-29T03:00:00+02:00",
                   "2026-03-30T02:30:00+02:00"}));
}

TEST(Cron, ADayThatComesTwiceTicksTheSecondTime) {
  EXPECT_EQ(ticks(cron("30 2 * * *", "Europe/Berlin"), utc(2026, 10, 24, 12), 2),
            (Texts{"2026-10-25T02:30:00+01:00", "2026-10-26T02:30:00+01:00"}));
}

TEST(Cron, EveryHourSkipsTheGapAndTicksInBothHoursOfAnOverlap) {
  EXPECT_EQ(ticks(cron("0 * * * *", "Europe/Berlin"), utc(2026, 3, 28, 23, 30), 3),
            (Texts{"2026-03-29T01:00:00+01:00", "2026-03-29T03:00:00+02:00",
                   "2026-03-29T04:00:00+02:00"}));
  EXPECT_EQ(ticks(cron("30 * * * *", "Europe/Berlin"), utc(2026, 10, 24, 23), 4),
            (Texts{"2026-10-25T01:30:00+02:00", "2026-10-25T02:30:00+02:00",
                   "2026-10-25T02:30:00+01:00", "2026-10-25T03:30:00+01:00"}));
}

TEST(Cron, NamesRangesStepsAndTheSpecialDays) {
  const Micros start = utc(2026, 1, 1);
  EXPECT_EQ(ticks(cron("0 9 * jan mon-wed"), start, 3),
            (Texts{"2026-01-05T09:00:00+00:00", "2026-01-06T09:00:00+00:00",
                   "2026-01-07T09:00:00+00:00"}));
  EXPECT_EQ(ticks(cron("0 0 l * *"), start, 2),
            (Texts{"2026-01-31T00:00:00+00:00", "2026-02-28T00:00:00+00:00"}));
  EXPECT_EQ(ticks(cron("0 0 * * fri#2"), start, 2),
            (Texts{"2026-01-09T00:00:00+00:00", "2026-02-13T00:00:00+00:00"}));
  EXPECT_EQ(ticks(cron("0 0 * * L5"), start, 2),
            (Texts{"2026-01-30T00:00:00+00:00", "2026-02-27T00:00:00+00:00"}));
  EXPECT_EQ(ticks(cron("0 0 13 * fri"), start, 3),
            (Texts{"2026-01-02T00:00:00+00:00", "2026-01-09T00:00:00+00:00",
                   "2026-01-13T00:00:00+00:00"}));
  EXPECT_EQ(ticks(cron("0 0 29 2 *"), start, 2),
            (Texts{"2028-02-29T00:00:00+00:00", "2032-02-29T00:00:00+00:00"}));
  EXPECT_EQ(ticks(cron("* * * * * 15,45"), start, 2),
            (Texts{"2026-01-01T00:00:15+00:00", "2026-01-01T00:00:45+00:00"}));
  EXPECT_EQ(ticks(cron("0 0 1 1 ? 0 2030/2"), start, 2),
            (Texts{"2030-01-01T00:00:00+00:00", "2032-01-01T00:00:00+00:00"}));
  EXPECT_EQ(ticks(cron("@weekly"), start, 1), (Texts{"2026-01-04T00:00:00+00:00"}));
  EXPECT_EQ(ticks(cron("0 22-4/2 * * *"), start, 3),
            (Texts{"2026-01-01T02:00:00+00:00", "2026-01-01T04:00:00+00:00",
                   "2026-01-01T22:00:00+00:00"}));
}

TEST(Cron, SeveralExpressionsTickWheneverOneDoesAndOnceTogether) {
  auto both = CronSchedule::parse(std::vector<std::string>{"0 0 * * *", "0 */12 * * *"});
  ASSERT_TRUE(both);
  EXPECT_EQ(ticks(*both, utc(2026, 1, 1), 3),
            (Texts{"2026-01-01T12:00:00+00:00", "2026-01-02T00:00:00+00:00",
                   "2026-01-02T12:00:00+00:00"}));
  EXPECT_EQ(both->count(utc(2026, 1, 1), utc(2026, 1, 3)), 4);
}

TEST(Cron, WhatCannotBeIsRefusedWithTheFieldAndTheRule) {
  for (const char* bad : {"",          "* * * *",       "60 * * * *",        "* 24 * * *",
                          "* * 0 * *", "* * * 13 *",    "* * * * 8",         "*/0 * * * *",
                          "a * * * *", "* * * * mon#6", "0 0 30 2 *",        "0 0 31 4,6 *",
                          "? * * * *", "5- * * * *",    "-5 * * * *",        "1,,2 * * * *",
                          "@reboot",   "0 0 * * 1-5#2", "0 0 * * tue,mon#1", "* * * * * 60",
                          "1/ * * * *"})
    EXPECT_FALSE(CronSchedule::parse(bad)) << bad;
  EXPECT_EQ(CronSchedule::parse("60 * * * *").error().message,
            "The cron expression '60 * * * *' cannot be used: its minute '60': 60 is not between 0 "
            "and 59.");
}

TEST(Cron, NextPreviousCountNthAndBetweenAgreeWithEachOther) {
  std::mt19937_64 random(7);
  for (const char* expression :
       {"*/15 * * * *", "30 2 * * *", "0 0 * * 0", "0 1,2,3 * * *", "0 */6 1,l * *",
        "15 0 * * mon#1", "20,40 23 * * *", "0 0 1 * *", "* 1-3 * * *"})
    for (const char* zone : {"UTC", "Europe/Berlin", "Australia/Lord_Howe", "America/Sao_Paulo",
                             "Pacific/Apia", "Antarctica/Troll", "America/Havana"}) {
      const CronSchedule schedule = cron(expression, zone);
      const Micros from = utc(2011, 1, 1) + static_cast<Micros>(random() % 1000) * 86'400'000'000;
      const Micros to = from + 500LL * 86'400'000'000;
      const auto all = schedule.between(from, to);
      std::vector<Micros> one_by_one;
      for (auto t = schedule.at_or_after(from); t && *t < to; t = schedule.next(*t))
        one_by_one.push_back(*t);
      ASSERT_EQ(all, one_by_one) << expression << ' ' << zone;
      ASSERT_EQ(
          schedule.between(from + 1, to, 7),
          std::vector<Micros>(all.begin() + (all[0] == from), all.begin() + 7 + (all[0] == from)));
      ASSERT_EQ(schedule.count(from, to), static_cast<std::int64_t>(all.size()))
          << expression << zone;
      for (std::size_t i = 1; i < all.size(); ++i) {
        ASSERT_LT(all[i - 1], all[i]);
        ASSERT_EQ(schedule.previous(all[i]), all[i - 1])
            << expression << ' ' << zone << ' ' << format_utc(all[i]);
      }
      for (int k = 0; k < 20; ++k) {
        const std::size_t i = random() % all.size();
        ASSERT_EQ(schedule.nth(from, static_cast<std::int64_t>(i)), all[i]) << expression << zone;
        ASSERT_EQ(schedule.nth(all[i], -static_cast<std::int64_t>(i)),
                  i == 0 ? schedule.at_or_after(all[0]) : all[0]);
      }
    }
}

TEST(Cron, TicksOfSeveralExpressionsComeInOrderAndOnce) {
  auto three = CronSchedule::parse(
      std::vector<std::string>{"30 2 * * *", "*/30 1-3 * * sun", "0 0 29 2 *"}, "Europe/Berlin");
  ASSERT_TRUE(three);
  const Micros from = utc(2027, 9, 1), to = utc(2028, 5, 1);
  std::vector<Micros> one_by_one;
  for (auto t = three->at_or_after(from); t && *t < to; t = three->next(*t))
    one_by_one.push_back(*t);
  EXPECT_EQ(three->between(from, to), one_by_one);
  one_by_one.resize(25);
  EXPECT_EQ(three->between(from, to, 25), one_by_one);
  EXPECT_TRUE(three->between(to, from).empty());
}

TEST(Cron, AMillionHoursAreCountedWithoutWalkingThem) {
  const CronSchedule hourly = cron("0 * * * *", "Europe/Berlin");
  const Micros from = utc(1980, 1, 1);
  const auto last = hourly.nth(from, 1'000'000);
  ASSERT_TRUE(last);
  EXPECT_EQ(hourly.count(from, *last), 1'000'000);
}

}  // namespace
}  // namespace treadle
