#include "test_step.h"
#include <treadle/io/file_source.h>

#include <cstdlib>
#include <functional>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

namespace treadle::io {
namespace {

class FilesAndFolders : public StoreTest {};

std::string content(const std::string& path) {
  return read_file(real_files(), path).value_or("(unreadable)");
}

TEST_F(FilesAndFolders, KeepTheirNamesAndContentAfterTheOriginalIsGone) {
  const std::string path = write("made/model.txt", "weights");
  keep("model", path, codec("file", "model.txt"));
  ASSERT_EQ(::unlink(path.c_str()), 0);
  const std::string read = load("model", codec("file"));
  EXPECT_EQ(base_name(read), "model.txt");
  EXPECT_EQ(content(read), "weights");
}

TEST_F(FilesAndFolders, KeepWhatIsBelowAFolder) {
  write("in/a.txt", "1");
  write("in/deep/er/b.txt", "2");
  keep("folder", join_path(home_, "in"), codec("folder"));
  const std::string folder = load("folder", codec("folder"));
  EXPECT_EQ(content(join_path(folder, "a.txt")), "1");
  EXPECT_EQ(content(join_path(folder, "deep/er/b.txt")), "2");
}

TEST_F(FilesAndFolders, AreDownloadedOnceAndReadOnly) {
  keep("model", write("model.txt", "weights"), codec("file", "model.txt"));
  const std::string path = load("model", codec("file"));
  const auto first = real_files().stat(path);
  EXPECT_EQ(load("model", codec("file")), path);
  EXPECT_EQ(real_files().stat(path)->inode, first->inode);
  EXPECT_EQ(first->mode & 0222, 0u);
}

TEST_F(FilesAndFolders, ChangedInTheCacheAreFetchedAgain) {
  keep("model", write("model.txt", "weights"), codec("file", "model.txt"));
  const std::string path = load("model", codec("file"));
  ASSERT_EQ(::chmod(path.c_str(), 0644), 0);
  ASSERT_TRUE(write_file_atomic(real_files(), path, "WEIGHTS", false));
  EXPECT_EQ(content(load("model", codec("file"))), "weights");
  ASSERT_TRUE(real_files().remove(path));
  EXPECT_EQ(content(load("model", codec("file"))), "weights");
}

TEST_F(FilesAndFolders, AreSharedByProcessesThatFetchThemAtOnce) {
  keep("model", write("model.txt", std::string(200'000, 'w')), codec("file", "model.txt"));
  database_->close_for_fork();
  std::vector<pid_t> children;
  for (int i = 0; i < 6; ++i) {
    const pid_t child = ::fork();
    if (child == 0) {
      const std::string read = content(load("model", codec("file")));
      ::_exit(read == std::string(200'000, 'w') ? 0 : 1);
    }
    children.push_back(child);
  }
  for (const pid_t child : children) {
    int status = -1;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_EQ(status, 0);
  }
  // One copy, and nothing half made beside it.
  EXPECT_EQ(real_files().list(join_path(options_.cache_folder, "artifacts"))->size(), 1u);
}

// Loads in a process of its own, which then no longer holds it.
void load_in_a_child(const std::function<void()>& load, db::Database& database) {
  database.close_for_fork();
  const pid_t child = ::fork();
  if (child == 0) {
    load();
    ::_exit(0);
  }
  int status = -1;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
}

TEST_F(FilesAndFolders, NeverMakeTheCacheLargerThanItsSizeNorVanishUnderAReader) {
  ASSERT_EQ(::setenv("TREADLE_CACHE_SIZE", "500000", 1), 0);
  for (const char* name : {"a", "b", "c", "d"}) {
    keep(name, write(std::string("in/") + name, std::string(200'000, *name)), codec("file", name));
  }
  const std::string held = load("a", codec("file"));
  for (const char* name : {"b", "c", "d"}) {
    load_in_a_child([&] { load(name, codec("file")); }, *database_);
    EXPECT_LE(real_files().list(join_path(options_.cache_folder, "artifacts"))->size(), 2u);
  }
  EXPECT_EQ(content(held), std::string(200'000, 'a'));
  EXPECT_EQ(::unsetenv("TREADLE_CACHE_SIZE"), 0);
}

class FileSources : public StoreTest {
 protected:
  std::string load_from(const std::string& path) {
    manager_ = make_file_source_io_manager(path);
    return load("csv", codec("file"));
  }
};

TEST_F(FileSources, AreReadWhereTheyLieWithTheirContentAsVersion) {
  const std::string path = write("data.csv", "a,b");
  EXPECT_EQ(load_from(path), path);
  const std::string version = loaded_version_;
  write("data.csv", "a,c");
  EXPECT_EQ(load_from(path), path);
  EXPECT_NE(loaded_version_, version);
  write("data.csv", "a,b");
  load_from(path);
  EXPECT_EQ(loaded_version_, version);
}

TEST_F(FileSources, ThatAreNotThereAreNamed) {
  const std::string path = join_path(home_, "absent.csv");
  const std::string error = load_from(path);
  EXPECT_NE(error.find("cannot load asset 'csv'"), std::string::npos) << error;
  EXPECT_NE(error.find(path), std::string::npos) << error;
}

TEST_F(FileSources, StoreNothing) {
  manager_ = make_file_source_io_manager(join_path(home_, "x"));
  OutputDef output;
  output.asset.key = "x";
  OutputContext context{step_, output, {}, {}, {}, {}};
  EXPECT_FALSE(manager_->handle_output(context, Value::of(std::string("v"))));
}

}  // namespace
}  // namespace treadle::io
