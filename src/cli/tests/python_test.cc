#include "../python.h"

#include <gtest/gtest.h>

#include <set>

namespace treadle::cli {
namespace {

// A machine with these files and nothing else.
PythonSearch machine(std::set<std::string> files) {
  PythonSearch search;
  search.folder = "/users/ann/project/src";
  search.path = "/usr/local/bin:/usr/bin";
  search.invoked_as = "treadle";
  search.is_there = [files = std::move(files)](const std::string& path) {
    return files.contains(path);
  };
  return search;
}

TEST(FindPython, TheVariableBeatsEverything) {
  auto search = machine({"/opt/py/bin/python", "/venv/bin/python", "/usr/bin/python3"});
  search.virtual_env = "/venv";
  search.treadle_python = "/opt/py/bin/python";
  EXPECT_EQ(find_python(search)->path, "/opt/py/bin/python");
  EXPECT_EQ(find_python(search)->reason, "TREADLE_PYTHON");
}

TEST(FindPython, TheVariableMayNameAProgramInPath) {
  auto search = machine({"/usr/bin/python3.12", "/usr/bin/python3"});
  search.treadle_python = "python3.12";
  EXPECT_EQ(find_python(search)->path, "/usr/bin/python3.12");
}

TEST(FindPython, AVariableThatNamesNothingIsAnErrorAndNotAGuess) {
  auto search = machine({"/usr/bin/python3"});
  search.treadle_python = "/nowhere/python";
  const auto found = find_python(search);
  ASSERT_FALSE(found);
  EXPECT_NE(found.error().message.find("TREADLE_PYTHON is '/nowhere/python'"), std::string::npos);
}

TEST(FindPython, TheActiveEnvironmentBeatsTheInvokedProgramsOwn) {
  auto search = machine({"/venv/bin/python", "/p/.venv/bin/python", "/p/.venv/pyvenv.cfg"});
  search.virtual_env = "/venv";
  search.invoked_as = "/p/.venv/bin/treadle";
  EXPECT_EQ(find_python(search)->path, "/venv/bin/python");
}

TEST(FindPython, AnEnvironmentsOwnProgramUsesItsInterpreter) {
  auto search = machine(
      {"/p/.venv/bin/treadle", "/p/.venv/bin/python", "/p/.venv/pyvenv.cfg", "/usr/bin/python3"});
  search.invoked_as = "/p/.venv/bin/treadle";
  EXPECT_EQ(find_python(search)->path, "/p/.venv/bin/python");
  search.invoked_as = "treadle";
  search.path = "/p/.venv/bin:/usr/bin";
  EXPECT_EQ(find_python(search)->path, "/p/.venv/bin/python") << "found through PATH";
}

TEST(FindPython, ASystemWideProgramDoesNotHideTheProjectsEnvironment) {
  auto search = machine({"/usr/bin/treadle", "/usr/bin/python", "/usr/bin/python3",
                         "/users/ann/project/.venv/bin/python"});
  EXPECT_EQ(find_python(search)->path, "/users/ann/project/.venv/bin/python");
  EXPECT_EQ(find_python(search)->reason, "the project's .venv");
}

TEST(FindPython, TheNearestEnvironmentUpwardsWins) {
  EXPECT_EQ(
      find_python(machine({"/users/ann/.venv/bin/python", "/users/ann/project/.venv/bin/python3"}))
          ->path,
      "/users/ann/project/.venv/bin/python3");
}

TEST(FindPython, LastComesThePath) {
  EXPECT_EQ(find_python(machine({"/usr/bin/python3", "/usr/bin/python"}))->path,
            "/usr/bin/python3");
  EXPECT_EQ(find_python(machine({"/usr/bin/python3"}))->reason, "PATH");
}

TEST(FindPython, NoPythonAtAllSaysWhatToDo) {
  const auto found = find_python(machine({}));
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().code, Errc::kNotFound);
  EXPECT_NE(found.error().message.find("TREADLE_PYTHON="), std::string::npos);
}

}  // namespace
}  // namespace treadle::cli
