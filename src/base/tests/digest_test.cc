#include <treadle/base/digest.h>
#include <treadle/base/random.h>

#include <gtest/gtest.h>

namespace treadle {
namespace {

TEST(Digest, Md5AndSha256MatchTheirPublishedVectors) {
  EXPECT_EQ(to_hex(md5("")), "d41d8cd98f00b204e9800998ecf8427e");
  EXPECT_EQ(to_hex(md5("abc")), "900150983cd24fb0d6963f7d28e17f72");
  EXPECT_EQ(to_hex(sha256("abc")),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST(Digest, HmacMatchesRfc4231) {
  EXPECT_EQ(to_hex(hmac_sha256("Jefe", "what do ya want for nothing?")),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  EXPECT_EQ(to_hex(hmac_sha256(std::string(131, '\xaa'),
                               "Test Using Larger Than Block-Size Key - Hash Key First")),
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

TEST(Digest, AStreamInPiecesHashesAsOneText) {
  ContentHasher hasher;
  hasher.update("a");
  hasher.update("");
  hasher.update("bc");
  const auto first = hasher.finish();
  EXPECT_EQ(first.md5, md5("abc"));
  EXPECT_EQ(first.sha256, sha256("abc"));
  EXPECT_EQ(hasher.finish().md5, md5("")) << "the hasher starts over after finish()";
}

TEST(Digest, Base64RoundTripsEveryLengthAndRejectsGarbage) {
  EXPECT_EQ(to_base64("Ma"), "TWE=");
  for (std::size_t n = 0; n < 70; ++n) {
    const std::string bytes = random_bytes(n);
    EXPECT_EQ(from_base64(to_base64(bytes)), bytes);
    EXPECT_EQ(from_hex(to_hex(bytes)), bytes);
  }
  for (const char* bad : {"TWE", "TW=E", "T===", "TW!=", "=", "T=E="}) {
    EXPECT_EQ(from_base64(bad), std::nullopt) << bad;
  }
  EXPECT_EQ(from_hex("0g"), std::nullopt);
  EXPECT_EQ(from_hex("000"), std::nullopt);
}

TEST(Random, UuidsAreVersion4AndDiffer) {
  const std::string a = random_uuid();
  ASSERT_EQ(a.size(), 36U);
  EXPECT_EQ(a[14], '4');
  EXPECT_NE(std::string("89ab").find(a[19]), std::string::npos);
  EXPECT_NE(a, random_uuid());
}

}  // namespace
}  // namespace treadle
