#include <treadle/base/time_zone.h>

#include <gtest/gtest.h>

namespace treadle {
namespace {

using Kind = TimeZone::Resolved::Kind;

const TimeZone& zone(std::string_view name) {
  auto found = TimeZone::find(name);
  if (!found) throw std::runtime_error(found.error().message);
  return **found;
}

Micros zone_utc(int year, int month, int day, int hour = 0, int minute = 0) {
  return local_seconds({year, month, day, hour, minute, 0}) * kMicrosPerSecond;
}

TEST(CivilTime, EveryDayOfFourCenturiesGoesThereAndBack) {
  std::int64_t day = days_from_civil(1800, 1, 1);
  for (int year = 1800; year < 2200; ++year)
    for (int month = 1; month <= 12; ++month)
      for (int d = 1; d <= days_in_month(year, month); ++d, ++day) {
        ASSERT_EQ(days_from_civil(year, month, d), day);
        ASSERT_EQ(civil_time(day * kSecondsPerDay + 86'399),
                  (CivilTime{year, month, d, 23, 59, 59}));
      }
  EXPECT_EQ(weekday(0), 4) << "1970 began on a Thursday";
  EXPECT_EQ(weekday(-1), 3);
}

TEST(TimeZone, ATimeInAGapIsFoundWithTheOffsetsOfBothSides) {
  const auto r = zone("Europe/Berlin").resolve(local_seconds({2026, 3, 29, 2, 30, 0}));
  EXPECT_EQ(r.kind, Kind::kGap);
  EXPECT_EQ(r.first * kMicrosPerSecond, zone_utc(2026, 3, 29, 1, 30));
  EXPECT_EQ(r.second * kMicrosPerSecond, zone_utc(2026, 3, 29, 0, 30));
  EXPECT_EQ(r.change * kMicrosPerSecond, zone_utc(2026, 3, 29, 1));
}

TEST(TimeZone, ATimeThatComesTwiceIsFoundTwice) {
  const auto r = zone("Europe/Berlin").resolve(local_seconds({2026, 10, 25, 2, 30, 0}));
  EXPECT_EQ(r.kind, Kind::kOverlap);
  EXPECT_EQ(r.first * kMicrosPerSecond, zone_utc(2026, 10, 25, 0, 30));
  EXPECT_EQ(r.second * kMicrosPerSecond, zone_utc(2026, 10, 25, 1, 30));
}

TEST(TimeZone, HalfHoursQuartersAndSkippedDaysAreZonesToo) {
  EXPECT_EQ(zone("Asia/Kathmandu").offset_at(zone_utc(2026, 1, 1)), 5 * 3600 + 45 * 60);
  EXPECT_EQ(zone("Australia/Lord_Howe").period_at(zone_utc(2026, 1, 1) / kMicrosPerSecond).saving,
            1800);
  EXPECT_EQ(zone("Pacific/Apia").resolve(local_seconds({2011, 12, 30, 12, 0, 0})).kind, Kind::kGap);
  EXPECT_EQ(zone("Asia/Tehran").offset_at(zone_utc(2026, 7, 1)), 3 * 3600 + 1800);
}

TEST(TimeZone, RulesGoOnWhenTheTableEnds) {
  const TimeZone& berlin = zone("Europe/Berlin");
  EXPECT_EQ(berlin.offset_at(zone_utc(2099, 7, 1)), 7200);
  EXPECT_EQ(berlin.offset_at(zone_utc(2099, 12, 1)), 3600);
  EXPECT_EQ(zone("Australia/Lord_Howe").offset_at(zone_utc(2080, 1, 1)), 11 * 3600);
}

TEST(TimeZone, EveryMomentOfALifetimeIsFoundAgainFromItsWallClock) {
  for (const char* name :
       {"America/New_York", "Australia/Lord_Howe", "Pacific/Apia", "Africa/Casablanca",
        "Antarctica/Troll", "America/Sao_Paulo", "Asia/Tehran", "Europe/Dublin"}) {
    const TimeZone& z = zone(name);
    for (std::int64_t t = zone_utc(1960, 1, 1) / kMicrosPerSecond;
         t < zone_utc(2060, 1, 1) / kMicrosPerSecond; t += 9'377) {
      const auto r = z.resolve(z.local(t));
      ASSERT_NE(r.kind, Kind::kGap) << name << ' ' << t;
      ASSERT_TRUE(r.first == t || r.second == t) << name << ' ' << t;
    }
  }
}

TEST(TimeZone, AnUnknownNameIsRefusedWithTheNearest) {
  const auto result = TimeZone::find("Europe/Berln");
  ASSERT_FALSE(result);
  EXPECT_NE(result.error().message.find("Europe/Berlin"), std::string::npos)
      << result.error().message;
  for (const char* bad :
       {"", "/etc/passwd", "../../etc/passwd", "Europe", "Europe/", "europe berlin"})
    EXPECT_FALSE(TimeZone::find(bad)) << bad;
}

TEST(TimeZone, AMomentIsWrittenWithItsOffset) {
  EXPECT_EQ(format_in_zone(zone_utc(2026, 3, 29, 1), zone("Europe/Berlin")),
            "2026-03-29T03:00:00+02:00");
  EXPECT_EQ(format_in_zone(zone_utc(2026, 1, 1), zone("America/St_Johns")),
            "2025-12-31T20:30:00-03:30");
  EXPECT_EQ(format_in_zone(1, TimeZone::utc()), "1970-01-01T00:00:00.000001+00:00");
}

}  // namespace
}  // namespace treadle
