#include "test_home.h"
#include <treadle/artifact/store.h>

#include <gtest/gtest.h>

namespace treadle::artifact {
namespace {

using test::TestHome;

Draft draft_of(std::string collection, std::map<std::string, std::string> files) {
  Draft draft;
  draft.collection = std::move(collection);
  draft.type = "dataset";
  for (auto& [path, bytes] : files) {
    DraftEntry entry;
    entry.path = path;
    entry.bytes = bytes;
    draft.entries.push_back(std::move(entry));
  }
  return draft;
}

TEST(Store, TheEmptyArtifactHasWandbsDigest) {
  TestHome home;
  const auto logged = home.store().log(draft_of("empty", {}));
  ASSERT_TRUE(logged) << logged.error().message;
  EXPECT_EQ(logged->version.digest, "64e7c61456b10382e2f3b571ac24b659");
}

TEST(Store, LoggedBytesAreReadBack) {
  TestHome home;
  const auto logged = home.store().log(draft_of("iris", {{"a.txt", "hello"}, {"d/b", "world"}}));
  ASSERT_TRUE(logged) << logged.error().message;
  EXPECT_TRUE(logged->created);
  EXPECT_EQ(logged->version.name(), "iris:v0");
  EXPECT_EQ(logged->version.aliases, std::vector<std::string>{"latest"});
  const auto found = home.store().get({"", "", "iris", ""});
  ASSERT_TRUE(found) << found.error().message;
  EXPECT_EQ(home.store().read(*found, "d/b").value(), "world");
  const auto entries = home.store().entries(*found);
  ASSERT_EQ(entries->size(), 2U);
  EXPECT_EQ(entries->front().md5, "XUFAKrxLKna5cZ2REBfFkg==");
}

}  // namespace
}  // namespace treadle::artifact
