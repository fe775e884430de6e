#include "faulty_files.h"
#include "test_home.h"
#include <treadle/artifact/drafts.h>
#include <treadle/artifact/lineage.h>
#include <treadle/artifact/transfer.h>

#include <gtest/gtest.h>

#include <unistd.h>

namespace treadle::artifact {
namespace {

using test::content;
using test::draft_of;
using test::FaultyFiles;
using test::must;
using test::TestFolder;
using test::TestHome;
using Strings = std::vector<std::string>;

Draft rich_draft() {
  Draft draft = draft_of("model", {{"a", "1"},
                                   {"deep/" + std::string(120, 'x') + "/b", "2"},
                                   {"large", content(7, 3 * 1024 * 1024 + 17)},
                                   {"empty", ""}});
  draft.type = "model";
  draft.description = "of May";
  draft.metadata = R"({"accuracy":0.5})";
  draft.aliases = {"production"};
  draft.tags = {"checked"};
  draft.run_id = "run-1";
  draft.code = std::make_shared<const CodeSource>(CodeSource{"r", "c", "b", "f", "d"});
  draft.entries.emplace_back();
  DraftEntry& reference = draft.entries.back();
  reference.path = "elsewhere";
  reference.source = DraftEntry::Source::kReference;
  reference.reference = "s3://bucket/key";
  reference.reference_digest = "etag";
  return draft;
}

void expect_equal(TestHome& from, const Version& a, TestHome& to, const Version& b) {
  EXPECT_EQ(a.digest, b.digest);
  EXPECT_EQ(a.description, b.description);
  EXPECT_EQ(a.metadata, b.metadata);
  EXPECT_EQ(a.aliases, b.aliases);
  EXPECT_EQ(a.tags, b.tags);
  EXPECT_EQ(a.run_id, b.run_id);
  EXPECT_EQ(must(code_of(from.store(), a)), must(code_of(to.store(), b)));
  for (const Entry& entry : must(from.store().entries(a))) {
    if (!entry.reference.empty()) continue;
    EXPECT_EQ(must(from.store().read(a, entry.path)), must(to.store().read(b, entry.path)));
  }
}

TEST(Transfer, KeepsTheNumbersOfVersionsWhenAsked) {
  TestHome from;
  TestHome to;
  std::vector<Version> versions;
  for (int i = 0; i < 5; ++i) {
    versions.push_back(
        must(from.store().log(draft_of("x", {{"f", "content " + std::to_string(i)}}))).version);
  }
  for (const std::size_t i : {1U, 3U}) {
    const Logged there = must(copy(from.store(), versions[i], to.store(), {.keep_number = true}));
    EXPECT_EQ(there.version.index, static_cast<int>(i));
  }
  EXPECT_EQ(must(to.store().read(must(to.store().get({"", "", "x", "v3"})), "f")), "content 3");
  EXPECT_FALSE(must(to.store().find({"", "", "x", "v0"})));
  // What is past is past.
  EXPECT_EQ(must(copy(from.store(), versions[2], to.store(), {.keep_number = true})).version.index,
            4);
}

TEST(Transfer, CopiesAVersionWithAllItSaysIntoAnotherHome) {
  TestHome from;
  TestHome to;
  const Version version = must(from.store().log(rich_draft())).version;
  const Logged copied = must(copy(from.store(), version, to.store()));
  EXPECT_TRUE(copied.created);
  expect_equal(from, version, to, copied.version);
  EXPECT_FALSE(must(copy(from.store(), version, to.store())).created);
}

TEST(Transfer, FolderAndArchiveComeBackEqual) {
  TestHome from;
  const Version version = must(from.store().log(rich_draft())).version;
  TestFolder folder;
  must(export_folder(from.store(), version, folder.at("out")));
  EXPECT_EQ(must(read_file(real_files(), folder.at("out/files/a"))), "1");
  must(export_archive(from.store(), version, folder.at("out.tar")));
  for (const std::string& path : {folder.at("out"), folder.at("out.tar")}) {
    TestHome to;
    expect_equal(from, version, to, must(import(to.store(), path)).version);
  }
  const auto again = export_folder(from.store(), version, folder.at("out"));
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code, Errc::kAlreadyExists);
}

TEST(Transfer, TheArchiveIsOneThatTarReads) {
  TestHome from;
  const Version version = must(from.store().log(rich_draft())).version;
  TestFolder folder;
  must(export_archive(from.store(), version, folder.at("out.tar")));
  must(real_files().make_folders(folder.at("unpacked")));
  const std::string command =
      "tar -xf '" + folder.at("out.tar") + "' -C '" + folder.at("unpacked") + "'";
  ASSERT_EQ(std::system(command.c_str()), 0);
  TestHome to;
  expect_equal(from, version, to, must(import(to.store(), folder.at("unpacked"))).version);
}

TEST(Transfer, AnArchiveCutAnywhereOrChangedAnywhereLeavesNothing) {
  TestHome from;
  Draft draft = draft_of("small", {{"a", "hello"}, {"b", content(1, 700)}});
  const Version version = must(from.store().log(draft)).version;
  TestFolder folder;
  must(export_archive(from.store(), version, folder.at("whole.tar")));
  const std::string whole = must(read_file(real_files(), folder.at("whole.tar")));
  TestHome to;
  for (std::size_t size = 0; size + 1024 < whole.size(); size += 97) {
    must(write_file_atomic(real_files(), folder.at("cut.tar"), whole.substr(0, size), false));
    EXPECT_FALSE(import(to.store(), folder.at("cut.tar"))) << size;
  }
  EXPECT_TRUE(must(to.store().collections()).empty());
  std::string changed = whole;
  changed[changed.rfind("hello")] = 'j';
  must(write_file_atomic(real_files(), folder.at("changed.tar"), changed, false));
  TestHome other;
  const auto refused = import(other.store(), folder.at("changed.tar"));
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message.find("'a'"), std::string::npos);
  EXPECT_TRUE(must(other.store().collections()).empty());
  // What did arrive is not needed again, and the whole archive makes the version.
  must(import(to.store(), folder.at("whole.tar")));
}

TEST(Transfer, HostileArchivesAreRefused) {
  TestHome from;
  const Version version = must(from.store().log(draft_of("x", {{"a", "hello"}}))).version;
  TestFolder folder;
  must(export_folder(from.store(), version, folder.at("out")));
  const std::string out = folder.at("out");
  const auto tar = [&](const std::string& words) {
    const std::string command =
        "cd '" + out + "' && rm -f ../evil.tar && tar -cPf ../evil.tar " + words;
    ASSERT_EQ(std::system(command.c_str()), 0) << command;
  };
  must(write_file_atomic(real_files(), folder.at("secret"), "hello", false));
  TestHome to;
  for (const std::string& words :
       {std::string("artifact.json --transform='s,^files/a,files/../../a,' files/a"),
        std::string("artifact.json --transform='s,^files/a,/tmp/a,' files/a"),
        std::string("artifact.json files/a --transform='s,x,x,' ../secret"),
        std::string("artifact.json files/a files/a --hard-dereference"),
        std::string("files/a artifact.json"), std::string("files/a")}) {
    tar(words);
    const auto refused = import(to.store(), folder.at("evil.tar"));
    ASSERT_FALSE(refused) << words;
    EXPECT_EQ(refused.error().code, refused.error().code == Errc::kInvalidArgument
                                        ? Errc::kInvalidArgument
                                        : Errc::kCorrupt)
        << refused.error().message;
  }
  must(real_files().remove(out + "/files/a"));
  ASSERT_EQ(symlink(folder.at("secret").c_str(), (out + "/files/a").c_str()), 0);
  tar("artifact.json files/a");
  EXPECT_FALSE(import(to.store(), folder.at("evil.tar")));
  const auto linked = import(to.store(), out);
  ASSERT_FALSE(linked);
  EXPECT_NE(linked.error().message.find("symbolic link"), std::string::npos);
  EXPECT_TRUE(must(to.store().collections()).empty());
}

TEST(Transfer, ACopyThatFailsAnywhereLeavesNothingVisibleAndGoesOn) {
  TestHome from;
  const Version version = must(from.store().log(rich_draft())).version;
  for (int n = 1;; ++n) {
    FaultyFiles faulty;
    TestHome to(faulty);
    faulty.fail_at(n, Errc::kIo);
    const auto copied = copy(from.store(), version, to.store());
    const bool fired = faulty.fired();
    faulty.fail_at(0, Errc::kIo);
    if (!copied) {
      EXPECT_TRUE(must(to.store().collections()).empty()) << n;
    }
    const Logged done = must(copy(from.store(), version, to.store()));
    expect_equal(from, version, to, done.version);
    if (!fired) break;
    ASSERT_LT(n, 200);
  }
}

}  // namespace
}  // namespace treadle::artifact
