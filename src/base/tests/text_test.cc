#include <treadle/base/clock.h>
#include <treadle/base/result.h>
#include <treadle/base/suggest.h>

#include <gtest/gtest.h>

#include <cerrno>

namespace treadle {
namespace {

TEST(Clock, TimesAreWrittenInUtcWithMicroseconds) {
  EXPECT_EQ(format_utc(0), "1970-01-01T00:00:00.000000Z");
  EXPECT_EQ(format_utc(1'769'860'800'123'456), "2026-01-31T12:00:00.123456Z");
  EXPECT_EQ(format_utc(-1), "1969-12-31T23:59:59.999999Z");
}

TEST(Clock, DurationsAndSizesReadLikeAPersonWouldSayThem) {
  EXPECT_EQ(format_duration(12), "12 µs");
  EXPECT_EQ(format_duration(12'340), "12.3 ms");
  EXPECT_EQ(format_duration(4'120'000), "4.12 s");
  EXPECT_EQ(format_duration(123'000'000), "2 min 3 s");
  EXPECT_EQ(format_duration(3'661'000'000), "1 h 1 min");
  EXPECT_EQ(format_size(999), "999 B");
  EXPECT_EQ(format_size(3'400'000), "3.4 MB");
}

TEST(Suggest, FindsTheTypoAndStaysSilentOtherwise) {
  const std::vector<std::string> names = {"raw_iris", "training_set", "model"};
  EXPECT_EQ(nearest_name("raw_irsi", names), "raw_iris");
  EXPECT_EQ(nearest_name("Model", names), "model");
  EXPECT_EQ(nearest_name("completely_else", names), "");
  EXPECT_EQ(did_you_mean("modl", names), " Did you mean 'model'?");
  EXPECT_EQ(did_you_mean("", names), "");
}

TEST(Result, ErrnoBecomesTheCodeACallerCanBranchOn) {
  EXPECT_EQ(errno_error("x", ENOSPC).code, Errc::kDiskFull);
  EXPECT_EQ(errno_error("x", EROFS).code, Errc::kReadOnly);
  EXPECT_EQ(errno_error("cannot open '/x'", ENOENT).message,
            "cannot open '/x': No such file or directory");
}

Result<int> half(int n) {
  if (n % 2 != 0) return fail(Errc::kInvalidArgument, "odd");
  return n / 2;
}
Result<int> quarter(int n) {
  TREADLE_TRY(const int h, half(n));
  return half(h);
}

TEST(Result, TryPassesTheErrorOn) {
  EXPECT_EQ(quarter(8).value(), 2);
  EXPECT_EQ(quarter(6).error().message, "odd");
  EXPECT_EQ(quarter(7).error().message, "odd");
}

}  // namespace
}  // namespace treadle
