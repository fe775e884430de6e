#include <treadle/app/settings.h>
#include <treadle/base/files.h>

#include <gtest/gtest.h>

#include <cstdlib>
#include <string>

namespace treadle::app {
namespace {

class SettingsTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "treadle-settings-XXXXXX";
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
  }
  void TearDown() override { EXPECT_TRUE(remove_tree(folder_)); }
  void write(const std::string& name, const std::string& text) {
    const std::string path = join_path(folder_, name);
    ASSERT_TRUE(real_files().make_folders(parent_path(path)));
    ASSERT_TRUE(write_file_atomic(real_files(), path, text, false));
  }
  std::string error(const std::string& text) {
    write("treadle.toml", text);
    const auto settings = read_settings(folder_);
    return settings ? std::string() : settings.error().message;
  }
  std::string folder_;
};

TEST_F(SettingsTest, PyprojectOfAParentFolderIsFound) {
  write("pyproject.toml",
        "[project]\nname = 'x'\n[tool.treadle]\nmodule = 'shop.pipeline'\nhome = 'state'\n"
        "max_concurrent = 4\nas_dagster = true\ndefault_pool_limit = 0\n");
  ASSERT_TRUE(real_files().make_folders(join_path(folder_, "a/b")));
  const auto settings = read_settings(join_path(folder_, "a/b"));
  ASSERT_TRUE(settings) << settings.error().message;
  EXPECT_EQ(settings->module, "shop.pipeline");
  EXPECT_EQ(settings->home, join_path(folder_, "state"));
  EXPECT_EQ(settings->max_concurrent, 4);
  EXPECT_EQ(settings->default_pool_limit, 0);
  EXPECT_TRUE(settings->as_dagster);
  EXPECT_EQ(settings->origin, join_path(folder_, "pyproject.toml"));
}

TEST_F(SettingsTest, PyprojectWithoutOurTableIsPassedOver) {
  write("pyproject.toml", "[tool.treadle]\nmodule = 'outer'\n");
  write("inner/pyproject.toml", "# treadle is not configured here\n[project]\nname = 'inner'\n");
  write("broken/pyproject.toml", "[[[ not ours, not TOML");
  EXPECT_EQ(read_settings(join_path(folder_, "inner")).value().module, "outer");
  EXPECT_EQ(read_settings(join_path(folder_, "broken")).value().module, "outer");
}

TEST_F(SettingsTest, WhereDagsterIsToldThatTheCodeIsHoldsWhenTreadleIsToldNothing) {
  write("a/pyproject.toml", "[tool.dagster]\nmodule_name = 'shop.defs'\n");
  write("b/pyproject.toml", "[tool.dg.project]\nroot_module = 'shop'\n");
  write("c/pyproject.toml",
        "[tool.dg.project]\nroot_module = 'shop'\n[tool.treadle]\nmodule = 'own'\n");
  write("d/pyproject.toml",
        "[[tool.dagster.modules]]\ntype = 'module'\nname = 'one'\n[[tool.dagster.modules]]\n"
        "type = 'module'\nname = 'two'\n");
  EXPECT_EQ(read_settings(join_path(folder_, "a")).value().module, "shop.defs");
  EXPECT_EQ(read_settings(join_path(folder_, "b")).value().module, "shop.definitions");
  EXPECT_EQ(read_settings(join_path(folder_, "b")).value().working_directory, "");
  EXPECT_EQ(read_settings(join_path(folder_, "c")).value().module, "own");
  EXPECT_EQ(read_settings(join_path(folder_, "d")).value().module, "");
  ASSERT_TRUE(real_files().make_folders(join_path(folder_, "b/src/shop")));
  EXPECT_EQ(read_settings(join_path(folder_, "b")).value().working_directory,
            join_path(folder_, "b/src"));
}

TEST_F(SettingsTest, TreadleTomlBeatsPyprojectBesideIt) {
  write("pyproject.toml", "[tool.treadle]\nmodule = 'm'\n");
  write("treadle.toml", "program = 'build/iris'\n");
  const auto settings = read_settings(folder_).value();
  EXPECT_EQ(settings.program, join_path(folder_, "build/iris"));
  EXPECT_EQ(settings.module, "");
}

TEST_F(SettingsTest, MistakesNameTheFileTheKeyAndTheCure) {
  EXPECT_NE(error("modul = 'x'\n").find("knows no setting 'modul'. Did you mean 'module'?"),
            std::string::npos);
  EXPECT_NE(error("executor = 'proces'\n").find("'executor' must be one of in_process, process"),
            std::string::npos);
  EXPECT_NE(error("default_pool_limit = 1001\n").find("whole number from 0 to 1000"),
            std::string::npos);
  EXPECT_NE(error("max_concurrent = 'many'\n").find("must be a whole number"), std::string::npos);
  EXPECT_NE(error("as_dagster = 'yes'\n").find("must be true or false"), std::string::npos);
  EXPECT_NE(error("module = 3\n").find("'module' must be a text"), std::string::npos);
  EXPECT_NE(error("module = 'a'\nfile = 'b.py'\n").find("give only one of"), std::string::npos);
  EXPECT_NE(error("a = 1\nmodule = \n").find("treadle.toml:2: this is not TOML"),
            std::string::npos);
}

}  // namespace
}  // namespace treadle::app
