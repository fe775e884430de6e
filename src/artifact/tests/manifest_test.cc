#include <treadle/artifact/manifest.h>

#include <gtest/gtest.h>

namespace treadle::artifact {
namespace {

constexpr std::string_view kDocument = R"({"version":1,"storagePolicy":"wandb-storage-policy-v1",
 "storagePolicyConfig":{"storageLayout":"V2"},"contents":{
 "b.txt":{"digest":"XUFAKrxLKna5cZ2REBfFkg==","size":5,"birthArtifactID":"QXJ0","skip_cache":false},
 "a/x":{"digest":"etag","ref":"s3://b/x","extra":{"etag":"\"e\"","n":[1,2.5,null]}}}})";

TEST(Manifest, WandbsDocumentIsRead) {
  const auto manifest = parse_manifest(kDocument);
  ASSERT_TRUE(manifest) << manifest.error().message;
  ASSERT_EQ(manifest->entries.size(), 2U);
  EXPECT_EQ(manifest->entries[0].path, "a/x");
  EXPECT_EQ(manifest->entries[0].reference, "s3://b/x");
  EXPECT_EQ(manifest->entries[0].size, -1);
  EXPECT_EQ(manifest->entries[1].size, 5);
  EXPECT_EQ(manifest->entries[1].sha256, "");
}

TEST(Manifest, ReadsBackWhatItWrites) {
  const auto manifest = parse_manifest(kDocument);
  const std::string text = manifest_text(*manifest);
  const auto again = parse_manifest(text);
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(manifest_text(*again), text);
  EXPECT_EQ(manifest_digest(*again), manifest_digest(*manifest));
}

// md5 of "wandb-artifact-manifest-v1\na/x:etag\nb.txt:XUFAKrxLKna5cZ2REBfFkg==\n", by another program.
TEST(Manifest, DigestIsWandbs) {
  EXPECT_EQ(manifest_digest(*parse_manifest(kDocument)), "a106c3f94e530480bedd35494db85087");
  EXPECT_EQ(manifest_digest({}), "64e7c61456b10382e2f3b571ac24b659");
}

TEST(Manifest, ContentDigestTellsApartWhatSharesAnMd5) {
  Manifest one = *parse_manifest(kDocument);
  Manifest other = one;
  one.entries[1].sha256 = std::string(64, 'a');
  other.entries[1].sha256 = std::string(64, 'b');
  EXPECT_EQ(manifest_digest(one), manifest_digest(other));
  EXPECT_NE(content_digest(one), content_digest(other));
}

TEST(Manifest, HostileDocumentsAreRefusedWithTheRule) {
  const std::string digest = R"("digest":"XUFAKrxLKna5cZ2REBfFkg==")";
  const auto with = [&](const std::string& contents) {
    return R"({"version":1,"contents":{)" + contents + "}}";
  };
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"", "not JSON"},
      {"[]", "not an object"},
      {R"({"version":2,"contents":{}})", "version"},
      {R"({"version":1})", "contents"},
      {std::string(100'000, '['), "not JSON"},
      {with(R"("../x":{)" + digest + R"(,"size":1})"), "'..'"},
      {with(R"("/x":{)" + digest + R"(,"size":1})"), "relative"},
      {with(R"("a\u0000b":{)" + digest + R"(,"size":1})"), "NUL"},
      {with(R"("a":{)" + digest + R"(,"size":-1})"), "size"},
      {with(R"("a":{)" + digest + R"(,"size":1e99})"), "size"},
      {with(R"("a":{)" + digest + R"(,"size":18446744073709551615})"), "size"},
      {with(R"("a":{)" + digest + "}"), "size"},
      {with(R"("a":{"digest":"short","size":1})"), "MD5"},
      {with(R"("a":{"digest":7,"size":1})"), "not a string"},
      {with(R"("a":{"size":1})"), "no digest"},
      {with(R"("a":{"ref":"x","digest":"e\nb:c","size":1})"), "line break"},
      {with(R"("a":{)" + digest + R"(,"size":1,"sha256":"XY"})"), "sha256"},
      {with(R"("a":{)" + digest + R"(,"size":1,"extra":[]})"), "extra"},
      {with(R"("a":{)" + digest + R"(,"size":1},"a/b":{)" + digest + R"(,"size":1})"), "folder"},
      {with(R"("a":3)"), "not an object"},
  };
  for (const auto& [text, rule] : cases) {
    const auto refused = parse_manifest(text);
    ASSERT_FALSE(refused) << text.substr(0, 200);
    EXPECT_EQ(refused.error().code, Errc::kCorrupt);
    EXPECT_NE(refused.error().message.find(rule), std::string::npos) << refused.error().message;
  }
}

}  // namespace
}  // namespace treadle::artifact
