// The C++ half of test_languages.py: `write HOME` keeps assets for Python to read, `read HOME`
// reads Python's and says which are not what they should be.
#include <treadle/treadle.hpp>

#include <cmath>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>

namespace td = treadle;

struct Point {
  double x = 0;
  std::optional<std::string> label;
};
TREADLE_FIELDS(Point, x, label)

namespace {

std::string content(const std::string& path) {
  std::ifstream in(path);
  return std::string(std::istreambuf_iterator<char>(in), {});
}

void write(td::Defs& defs) {
  defs.asset("cpp/text", [] { return "gr\xc3\xbc\xc3\x9f dich"; });
  defs.asset("cpp/raw", [] { return td::Bytes{std::string("\0\xff\n", 3)}; });
  defs.asset("cpp/number", [] { return 0.1; });
  defs.asset("cpp/integer", [] { return std::uint64_t{18446744073709551615u}; });
  defs.asset("cpp/odd", [] { return std::vector<double>{NAN, INFINITY, -INFINITY, -0.0, 5e-324}; });
  defs.asset("cpp/points", [] { return std::vector<Point>{{1.5, "a"}, {2, std::nullopt}}; });
  defs.asset("cpp/file", [](td::Context& context) {
    td::File file{context.scratch_path("weights.txt")};
    std::ofstream(file.path) << "weights";
    return file;
  });
  defs.asset("cpp/folder", [](td::Context& context) {
    td::Folder folder{context.scratch_path("made")};
    std::filesystem::create_directories(folder.path + "/deep");
    std::ofstream(folder.path + "/a.txt") << "1";
    std::ofstream(folder.path + "/deep/b.txt") << "2";
    return folder;
  });
}

// One step for each asset of Python's, so that each mistake is told.
template <class T, class Expect>
void expect(td::Defs& defs, const char* key, Expect is_right) {
  auto source = defs.source<T>(std::string("py/") + key);
  defs.asset(
      std::string("seen/") + key,
      [is_right](const T& value) -> td::Result<void> {
        if (!is_right(value)) return td::fail("It is not the value that Python kept.");
        return {};
      },
      source);
}

void read(td::Defs& defs) {
  expect<std::string>(defs, "text",
                      [](const std::string& s) { return s == "gr\xc3\xbc\xc3\x9f dich"; });
  expect<td::Bytes>(defs, "bytes",
                    [](const td::Bytes& b) { return b.data == std::string("\0\xff\n", 3); });
  expect<std::vector<Point>>(defs, "points", [](const std::vector<Point>& p) {
    return p.size() == 2 && p[0].x == 1.5 && p[0].label == "a" && p[1].x == 2 && !p[1].label;
  });
  expect<td::Json>(defs, "json", [](const td::Json& j) {
    return std::isnan(*j["nan"].as_double()) && j["list"][1].as_int() == -3 && j["none"] &&
           j["none"].is_null();
  });
  expect<td::File>(defs, "file", [](const td::File& f) {
    return f.path.ends_with("/weights.txt") && content(f.path) == "weights";
  });
  expect<td::Folder>(defs, "folder", [](const td::Folder& f) {
    return content(f.path + "/a.txt") == "1" && content(f.path + "/deep/b.txt") == "2";
  });
  expect<std::vector<int>>(defs, "pickle", [](const std::vector<int>&) { return true; });
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  td::Defs defs;
  std::string(argv[1]) == "write" ? write(defs) : read(defs);
  const auto run = td::materialize(defs, {.home = argv[2]});
  for (const auto& step : run.steps()) {
    if (step.failure) std::printf("%s: %s\n", step.step_key.c_str(), step.failure->message.c_str());
  }
  if (run.steps().empty()) std::printf("%s\n", run.problem().c_str());
  return run.success() ? 0 : 1;
}
