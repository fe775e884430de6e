#include "test_step.h"
#include <treadle/base/process.h>
#include <treadle/define/several_files.h>
#include <treadle/io/versioned_files.h>

#include <set>
#include <thread>

namespace treadle::io {
namespace {

class PlainFiles : public StoreTest {
 protected:
  PlainFiles() {
    folder_ = join_path(home_, "models");
    manager_ = make_plain_files_io_manager({.folder = folder_, .signing_key = "key"});
  }
  std::string text_at(const std::string& path) {
    return read_file(real_files(), join_path(folder_, path)).value_or("(nothing)");
  }
  std::string folder_;
};

TEST_F(PlainFiles, EachVersionIsAPathWithWhatMadeItBeside) {
  keep("raw/iris", "hello", text_codec());
  keep("raw/iris", "hullo", text_codec());
  EXPECT_EQ(text_at("raw/iris/v0/output.txt"), "hello");
  EXPECT_EQ(text_at("raw/iris/v1/output.txt"), "hullo");
  EXPECT_EQ(text_at("raw/iris/latest/output.txt"), "hullo");
  EXPECT_NE(text_at("raw/iris/v1/version.json").find(R"("run_id":"run-1")"), std::string::npos);
  const std::string index = text_at("raw/iris/INDEX.md");
  EXPECT_LT(index.find("[v1](v1)"), index.find("[v0](v0)"));
  EXPECT_EQ(load("raw/iris", text_codec()), "hullo");
}

TEST_F(PlainFiles, TheSameValueMakesNoNewVersion) {
  keep("a", "same", text_codec());
  keep("a", "same", text_codec());
  EXPECT_EQ(text_at("a/v1/output.txt"), "(nothing)");
  keep("a", "other", text_codec());
  keep("a", "same", text_codec());
  EXPECT_EQ(text_at("a/v2/output.txt"), "same");
}

TEST_F(PlainFiles, AFolderIsKeptAsAFolder) {
  write("in/x", "1");
  write("in/deep/y", "2");
  keep("a", join_path(home_, "in"), codec("folder"));
  EXPECT_EQ(text_at("a/v0/value/deep/y"), "2");
  EXPECT_EQ(load("a", codec("folder")), join_path(folder_, "a/v0/value"));
}

// A document and the file that it names, as a table with pictures is written.
class SeveralCodec final : public Codec {
 public:
  explicit SeveralCodec(std::string folder) : folder_(std::move(folder)) {}
  Result<Encoded> encode(const Value& value) const override {
    Encoded out{.format = std::string(kSeveralFiles), .file_name = "Table.table.json"};
    out.path = join_path(folder_, "value-" + random_uuid());
    TREADLE_CHECK(real_files().make_folders(join_path(out.path, "media")));
    TREADLE_CHECK(write_file_atomic(real_files(), join_path(out.path, out.file_name),
                                    "{media/a.png}", false));
    TREADLE_CHECK(write_file_atomic(real_files(), join_path(out.path, "media/a.png"),
                                    *value.get<std::string>(), false));
    return out;
  }
  Result<Value> decode(Stored& stored) const override {
    auto* files = dynamic_cast<StoredFiles*>(&stored);
    if (files == nullptr || stored.format() != "file") return fail(Errc::kUnsupported, "no files");
    TREADLE_TRY(const std::string document, stored.bytes());
    TREADLE_TRY(const std::string picture, files->other("media/a.png"));
    return Value::of(stored.file_name() + document + picture);
  }

 private:
  const std::string folder_;
};

TEST_F(PlainFiles, AValueOfSeveralFilesIsKeptWithAllOfThem) {
  const auto codec = std::make_shared<SeveralCodec>(join_path(home_, "temporary"));
  keep("a", "pixels", codec);
  EXPECT_EQ(text_at("a/v0/value/Table.table.json"), "{media/a.png}");
  EXPECT_EQ(text_at("a/v0/value/media/a.png"), "pixels");
  EXPECT_NE(text_at("a/INDEX.md").find("`value/Table.table.json`"), std::string::npos);
  EXPECT_EQ(load("a", codec), "Table.table.json{media/a.png}pixels");
  EXPECT_TRUE(real_files().list(join_path(home_, "temporary"))->empty());
  keep("a", "pixels", codec);
  EXPECT_EQ(text_at("a/v1/version.json"), "(nothing)");
  ASSERT_TRUE(
      write_file_atomic(real_files(), join_path(folder_, "a/v0/value/media/a.png"), "x", false));
  EXPECT_NE(load("a", codec).find("somebody changed it"), std::string::npos);
}

TEST_F(PlainFiles, WhatWasChangedSinceIsRefused) {
  keep("a", "hello", text_codec());
  ASSERT_TRUE(
      write_file_atomic(real_files(), join_path(folder_, "a/v0/output.txt"), "evil", false));
  EXPECT_NE(load("a", text_codec()).find("somebody changed it"), std::string::npos);
}

TEST_F(PlainFiles, APickleOpensOnlyWithTheKeyThatSignedIt) {
  keep("a", "pickled", pickle_codec());
  EXPECT_EQ(load("a", pickle_codec()), "pickled");
  manager_ = make_plain_files_io_manager({.folder = folder_, .signing_key = "another"});
  EXPECT_NE(load("a", pickle_codec()).find("does not fit"), std::string::npos);
}

TEST_F(PlainFiles, TwoWritersAtOnceMakeTwoVersions) {
  constexpr int kWriters = 6;
  std::vector<std::thread> writers;
  for (int w = 0; w < kWriters; ++w) {
    writers.emplace_back([&, w] { keep("a", "value " + std::to_string(w), text_codec()); });
  }
  for (std::thread& writer : writers) writer.join();
  std::set<std::string> values;
  for (int n = 0; n < kWriters; ++n)
    values.insert(text_at("a/v" + std::to_string(n) + "/output.txt"));
  EXPECT_EQ(values.size(), static_cast<std::size_t>(kWriters));
  EXPECT_FALSE(values.contains("(nothing)"));
}

class GitFiles : public StoreTest {
 protected:
  void SetUp() override {
    if (!run_program({.words = {"git", "--version"}})) GTEST_SKIP() << "no git";
    repository_ = join_path(home_, "repository");
    ASSERT_TRUE(real_files().make_folders(repository_));
    git({"init", "-q", "-b", "main"});
    git({"config", "user.name", "A"});
    git({"config", "user.email", "a@example.org"});
    use_manager();
  }
  void use_manager() {
    manager_ = make_git_io_manager({.repository = repository_,
                                    .cache_folder = join_path(home_, "cache"),
                                    .signing_key = "key"});
  }
  std::string git(std::vector<std::string> words) {
    words.insert(words.begin(), {"git", "-C", repository_});
    const auto done = run_program({.words = words});
    EXPECT_TRUE(done && done->exit_code == 0) << (done ? done->err : done.error().message);
    return done ? done->out : "";
  }
  std::string repository_;
};

TEST_F(GitFiles, AValueOfSeveralFilesIsCommittedWithAllOfThem) {
  const auto codec = std::make_shared<SeveralCodec>(join_path(home_, "temporary"));
  keep("a", "pixels", codec);
  EXPECT_EQ(load("a", codec), "Table.table.json{media/a.png}pixels");
}

TEST_F(GitFiles, EachVersionIsACommitAndATagAndTheWorkTreeStaysAsItIs) {
  write("repository/mine.txt", "not committed");
  keep("raw/iris", "hello", text_codec());
  keep("raw/iris", "hullo", text_codec());
  keep("model", "m", text_codec());
  EXPECT_EQ(git({"tag", "--list"}), "models/model/v0\nmodels/raw/iris/v0\nmodels/raw/iris/v1\n");
  EXPECT_EQ(git({"show", "models/raw/iris/v0:models/raw/iris/output.txt"}), "hello");
  EXPECT_EQ(git({"rev-list", "--count", "treadle-models"}), "3\n");
  // Beside these, uncommitted.diff where the tests run in a repository with changes.
  EXPECT_EQ(git({"ls-tree", "-r", "--name-only", "treadle-models", "--", "models/model/output.txt",
                 "models/model/version.json", "models/raw/iris/output.txt",
                 "models/raw/iris/version.json"}),
            "models/model/output.txt\nmodels/model/version.json\nmodels/raw/iris/output.txt\n"
            "models/raw/iris/version.json\n");
  EXPECT_EQ(git({"status", "--porcelain"}), "?? mine.txt\n");
  EXPECT_EQ(load("raw/iris", text_codec()), "hullo");
}

TEST_F(GitFiles, TheSameValueMakesNoNewCommit) {
  keep("a", "same", text_codec());
  keep("a", "same", text_codec());
  EXPECT_EQ(git({"tag", "--list"}), "models/a/v0\n");
}

TEST_F(GitFiles, FiltersOfThePathAreAppliedBothWays) {
  git({"config", "filter.large.clean", "sed 's/^/stored:/'"});
  git({"config", "filter.large.smudge", "sed 's/^stored://'"});
  write("repository/.gitattributes", "models/** filter=large\n");
  keep("a", "hello", text_codec());
  EXPECT_EQ(git({"cat-file", "blob", "models/a/v0:models/a/output.txt"}), "stored:hello");
  EXPECT_EQ(load("a", text_codec()), "hello");
}

TEST_F(GitFiles, TheBranchThatIsCheckedOutIsRefused) {
  manager_ = make_git_io_manager({.repository = repository_, .branch = "main"});
  OutputDef output;
  output.codec = text_codec();
  output.asset.key = AssetKey("a");
  FakeStep step("run-1");
  OutputContext context{step, output, {}, {}, {}, {}};
  const auto refused = manager_->handle_output(context, Value::of(std::string("x")));
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message.find("is checked out"), std::string::npos)
      << refused.error().message;
}

TEST_F(GitFiles, TwoWritersAtOnceMakeTwoVersionsInOrder) {
  constexpr int kWriters = 3;
  std::vector<std::thread> writers;
  for (int w = 0; w < kWriters; ++w) {
    writers.emplace_back([&, w] { keep("a", "value " + std::to_string(w), text_codec()); });
  }
  for (std::thread& writer : writers) writer.join();
  EXPECT_EQ(git({"tag", "--list"}), "models/a/v0\nmodels/a/v1\nmodels/a/v2\n");
  EXPECT_EQ(git({"rev-list", "--count", "treadle-models"}), "3\n");
}

}  // namespace
}  // namespace treadle::io
