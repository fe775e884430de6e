#include "test_home.h"
#include <treadle/artifact/code_source.h>
#include <treadle/artifact/diff.h>
#include <treadle/artifact/lineage.h>
#include <treadle/artifact/run_links.h>
#include <treadle/base/process.h>

#include <gtest/gtest.h>

#include <algorithm>

namespace treadle::artifact {
namespace {

using test::draft_of;
using test::must;
using test::TestFolder;
using test::TestHome;
using Strings = std::vector<std::string>;

Version made_by(TestHome& home, const std::string& name, const std::string& run,
                const std::vector<Version>& inputs = {}) {
  for (const Version& input : inputs) must(home.store().use(input, run));
  Draft draft = draft_of(name, {{"a", name + run}});
  draft.run_id = run;
  return must(home.store().log(draft)).version;
}

Strings names_of(const Lineage& lineage) {
  Strings out;
  for (const Version& version : lineage.versions) out.push_back(version.name());
  std::sort(out.begin(), out.end());
  return out;
}

//  raw --train--> model --score--> report
//   \--split--> test ----^
struct Pipeline {
  TestHome home;
  Version raw = made_by(home, "raw", "ingest");
  Version test = made_by(home, "test", "split", {raw});
  Version model = made_by(home, "model", "train", {raw});
  Version report = made_by(home, "report", "score", {model, test});
};

TEST(Lineage, GoesBothWaysToAnyDepthAndNamesEverythingOnce) {
  Pipeline p;
  const Lineage all = must(lineage(p.home.store(), p.model));
  EXPECT_EQ(names_of(all), (Strings{"model:v0", "raw:v0", "report:v0"}));
  const Lineage from_raw = must(lineage(p.home.store(), p.raw));
  EXPECT_EQ(names_of(from_raw), (Strings{"model:v0", "raw:v0", "report:v0", "test:v0"}));
  EXPECT_EQ(from_raw.runs.size(), 4U);
  EXPECT_EQ(from_raw.edges.size(), 8U);  // 4 made, raw used twice, model and test once
}

TEST(Lineage, StopsAtTheDepthAskedFor) {
  Pipeline p;
  LineageOptions options;
  options.up = 1;
  options.down = 0;
  EXPECT_EQ(names_of(must(lineage(p.home.store(), p.report, options))),
            (Strings{"model:v0", "report:v0", "test:v0"}));
  options.up = -1;
  EXPECT_EQ(names_of(must(lineage(p.home.store(), p.report, options))),
            (Strings{"model:v0", "raw:v0", "report:v0", "test:v0"}));
  options.most = 2;
  EXPECT_TRUE(must(lineage(p.home.store(), p.report, options)).cut);
}

TEST(Lineage, ARunThatUsesWhatItMadeIsNoEndlessLoop) {
  TestHome home;
  const Version a = made_by(home, "a", "run");
  must(home.store().use(a, "run"));
  const Lineage all = must(lineage(home.store(), a));
  EXPECT_EQ(all.versions.size(), 1U);
  EXPECT_EQ(all.edges.size(), 2U);
}

TEST(Lineage, TheOriginHasRunInputsAndCode) {
  Pipeline p;
  Draft draft = draft_of("late", {{"a", "1"}});
  draft.run_id = "score";
  draft.code = std::make_shared<const CodeSource>(
      CodeSource{"https://example.org/a.git", "abc123", "main", "src", "diff --git ..."});
  const Version late = must(p.home.store().log(draft)).version;
  const Origin origin = must(origin_of(p.home.store(), late));
  EXPECT_EQ(origin.run_id, "score");
  ASSERT_EQ(origin.inputs.size(), 2U);
  ASSERT_EQ(origin.outputs.size(), 1U);
  EXPECT_EQ(origin.outputs[0].name(), "report:v0");
  ASSERT_TRUE(origin.code);
  EXPECT_EQ(*origin.code, *draft.code);
  EXPECT_FALSE(must(code_of(p.home.store(), p.raw)));
}

TEST(Lineage, WhatARunMadeAndThenUsedIsNoInputOfItself) {
  TestHome home;
  const Version raw = made_by(home, "raw", "ingest");
  const Version table = made_by(home, "table", "run", {raw});
  const Version model = made_by(home, "model", "run", {table});
  must(home.store().use(model, "run"));
  EXPECT_EQ(must(origin_of(home.store(), table)).inputs.size(), 1U);
  EXPECT_EQ(must(origin_of(home.store(), model)).inputs.size(), 2U);
}

TEST(Lineage, TheDiffOfTheCodeOutlivesGarbageCollection) {
  test::HandClock clock;
  TestHome home(real_files(), clock);
  Draft draft = draft_of("model", {{"a", "1"}});
  draft.code =
      std::make_shared<const CodeSource>(CodeSource{"r", "c", "", "", test::content(1, 50'000)});
  const Version version = must(home.store().log(draft)).version;
  clock.advance(48LL * 3600 * 1'000'000);
  must(home.store().gc({.grace = 0}));
  EXPECT_EQ(must(code_of(home.store(), version))->diff, test::content(1, 50'000));
  must(home.store().delete_version(version));
  EXPECT_GE(must(home.store().gc({.grace = 0})).blobs, 3);
}

void git(const std::string& folder, std::vector<std::string> words) {
  words.insert(words.begin(), {"git", "-c", "user.name=A", "-c", "user.email=a@example.org"});
  const ProcessResult done = must(run_program({.words = words, .folder = folder}));
  ASSERT_EQ(done.exit_code, 0) << done.err;
}

TEST(CodeSource, SaysCommitBranchFolderAndWhatIsNotCommitted) {
  if (const auto there = run_program({.words = {"git", "--version"}}); !there) {
    GTEST_SKIP() << "no git";
  }
  TestFolder folder;
  folder.write("src/train.py", "print(1)\n");
  git(folder.path(), {"init", "-q", "-b", "main"});
  git(folder.path(), {"add", "."});
  git(folder.path(), {"commit", "-q", "-m", "first"});
  git(folder.path(), {"remote", "add", "origin", "https://user:secret@example.org/a.git"});
  const auto clean = capture_code(folder.at("src"));
  ASSERT_TRUE(clean);
  EXPECT_EQ(clean->repository, "https://example.org/a.git");
  EXPECT_EQ(clean->commit.size(), 40U);
  EXPECT_EQ(clean->branch, "main");
  EXPECT_EQ(clean->folder, "src");
  EXPECT_EQ(clean->diff, "");
  folder.write("src/train.py", "print(2)\n");
  folder.write("src/new.py", "x = 1\n");
  const auto dirty = capture_code(folder.at("src"));
  EXPECT_NE(dirty->diff.find("+print(2)"), std::string::npos);
  EXPECT_NE(dirty->diff.find("+x = 1"), std::string::npos);
  EXPECT_TRUE(is_complete(*dirty));
  // The repository's own index was left alone.
  const ProcessResult status =
      must(run_program({.words = {"git", "status", "--porcelain"}, .folder = folder.path()}));
  EXPECT_EQ(status.out, " M src/train.py\n?? src/new.py\n");
}

TEST(CodeSource, IsNothingOutsideOfARepository) {
  TestFolder folder("/tmp");
  EXPECT_EQ(capture_code(folder.path()), nullptr);
}

TEST(Diff, NamesWhatWasAddedRemovedChangedAndMoved) {
  TestHome home;
  Draft first = draft_of("iris", {{"a", "1"}, {"b", "2"}, {"c", "3"}, {"same", "s"}});
  first.metadata = R"({"rows": 1, "nested": {"x": 1, "y": 2}})";
  Draft second = draft_of("iris", {{"a", "changed"}, {"moved", "2"}, {"new", "n"}, {"same", "s"}});
  second.metadata = R"({"rows": 1, "nested": {"x": 5}, "z": null})";
  const Version v0 = must(home.store().log(first)).version;
  const Version v1 = must(home.store().log(second)).version;
  const VersionDiff found = must(diff(home.store(), v0, v1));
  Strings lines;
  for (const EntryChange& change : found.entries) {
    lines.push_back(std::string(1, "+-~>"[static_cast<int>(change.kind)]) + change.path +
                    (change.from.empty() ? "" : "<" + change.from));
  }
  EXPECT_EQ(lines, (Strings{"~a", "-c", ">moved<b", "+new"}));
  EXPECT_EQ(found.same, 1);
  Strings metadata;
  for (const MetadataChange& change : found.metadata) {
    metadata.push_back(change.key + ":" + change.before + ">" + change.after);
  }
  EXPECT_EQ(metadata, (Strings{"nested.x:1>5", "nested.y:2>", "z:>null"}));
  EXPECT_TRUE(must(diff(home.store(), v0, v0)).same_content());
}

TEST(RunLinks, TellRunsOfOneIdInTwoProjectsApart) {
  TestHome home;
  const Version iris = must(home.store().log(draft_of("iris", {{"a", "1"}}))).version;
  const Version churn = must(home.store().log(draft_of("churn", {{"a", "2"}}))).version;
  RunLinks links(home.store());
  const RunPlace one{"ada", "one", "r1"};
  const RunPlace two{"ada", "two", "r1"};
  must(links.add(iris, one, RunLink::kUsed));
  must(links.add(iris, one, RunLink::kUsed));
  must(links.add(churn, two, RunLink::kUsed));
  must(links.add(iris, two, RunLink::kLogged));
  EXPECT_EQ(must(links.runs(iris, RunLink::kUsed)), std::vector<RunPlace>{one});
  EXPECT_EQ(must(links.runs(iris, RunLink::kLogged)), std::vector<RunPlace>{two});
  ASSERT_EQ(must(links.versions(two, RunLink::kUsed)).size(), 1U);
  EXPECT_EQ(must(links.versions(two, RunLink::kUsed))[0].id, churn.id);
  EXPECT_TRUE(must(links.versions({"bob", "two", "r1"}, RunLink::kUsed)).empty());
}

}  // namespace
}  // namespace treadle::artifact
