#include <treadle/base/compress.h>

#include <gtest/gtest.h>

namespace treadle {
namespace {

TEST(Compress, GivesBackWhatWentIn) {
  std::string noise;
  unsigned state = 1;
  for (int i = 0; i < 100'000; ++i)
    noise += static_cast<char>((state = state * 1664525 + 1013904223) >> 24);
  for (const std::string& text :
       {std::string(), std::string("x"), std::string(100'000, 'a'), noise}) {
    const std::string packed = compress(text);
    EXPECT_LE(packed.size(), text.size() + 1);
    EXPECT_EQ(decompress(packed).value(), text);
  }
  EXPECT_LT(compress(std::string(100'000, 'a')).size(), 100U);
}

TEST(Compress, DamageIsAnErrorAndSoIsTooMuch) {
  std::string packed = compress(std::string(10'000, 'a'));
  EXPECT_EQ(decompress(packed, 9'999).error().code, Errc::kCorrupt);
  EXPECT_EQ(decompress(packed.substr(0, packed.size() - 3)).error().code, Errc::kCorrupt);
  packed[0] = 7;
  EXPECT_EQ(decompress(packed).error().code, Errc::kCorrupt);
  EXPECT_EQ(decompress("").error().code, Errc::kCorrupt);
}

}  // namespace
}  // namespace treadle
