// How fast the store is, durable as it is by default: a folder of many small files put fresh, put again,
// with one file changed, downloaded; one large file; and many tiny versions one after another.
//   store_bench [FOLDER [FILES [BYTES_EACH]]]     the folder is made and removed; default below the current one
#include <treadle/artifact/store.h>
#include <treadle/base/random.h>

#include <fmt/core.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <string>
#include <sys/resource.h>
#include <vector>

namespace {

using namespace treadle;

template <class T>
T must(Result<T> result) {
  if (!result) {
    fmt::print(stderr, "{}\n", result.error().message);
    std::exit(1);
  }
  if constexpr (!std::is_void_v<T>) return *std::move(result);
}

struct Home {
  explicit Home(const std::string& folder)
      : database((must(real_files().make_folders(folder)),
                  must(db::open_sqlite(join_path(folder, "treadle.db"))))),
        store(must(artifact::Store::open(*database, folder))) {}
  std::unique_ptr<db::Database> database;
  std::unique_ptr<artifact::Store> store;
};

// Milliseconds `body` took.
template <class F>
double time_of(F body) {
  const auto begin = std::chrono::steady_clock::now();
  body();
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin)
      .count();
}

void report(const char* what, std::vector<double> times) {
  std::sort(times.begin(), times.end());
  fmt::print("{:<44} median {:9.2f} ms   best {:9.2f} ms\n", what, times[times.size() / 2],
             times.front());
}

void write_file(const std::string& path, std::string_view bytes) {
  must(write_file_atomic(real_files(), path, bytes, false));
}

std::string random_content(std::size_t size) {
  std::string out = random_bytes(std::min<std::size_t>(size, 1 << 20));
  while (out.size() < size) out += out.substr(0, size - out.size());
  return out;
}

void make_files(const std::string& folder, int count, std::size_t size) {
  for (int i = 0; i < count; ++i) {
    const std::string part = fmt::format("{}/{:03d}", folder, i / 100);
    if (i % 100 == 0) must(real_files().make_folders(part));
    write_file(fmt::format("{}/{:05d}.bin", part, i), random_bytes(size));
  }
}

artifact::Draft folder_draft(const std::string& folder) {
  artifact::Draft draft;
  draft.collection = "files";
  draft.type = "dataset";
  draft.folder = folder;
  return draft;
}

void bench_folder(const std::string& root, int count, std::size_t size) {
  const std::string data = join_path(root, "data");
  make_files(data, count, size);
  const artifact::Draft draft = folder_draft(data);
  std::vector<double> fresh;
  std::vector<double> again;
  std::vector<double> changed;
  std::vector<double> download;
  std::vector<double> entries;
  for (int i = 0; i < 5; ++i) {
    const std::string folder = join_path(root, fmt::format("home-{}", i));
    fresh.push_back(time_of([&] { must(Home(folder).store->log(draft)); }));
    for (int k = 0; k < 3; ++k) {
      again.push_back(time_of([&] { must(Home(folder).store->log(draft)); }));
    }
    write_file(data + "/000/00000.bin", random_bytes(size));
    Home home(folder);
    artifact::Version version;
    changed.push_back(time_of([&] { version = must(home.store->log(draft)).version; }));
    entries.push_back(time_of([&] { must(Home(folder).store->entries(version)); }));
    const std::string out = join_path(root, fmt::format("out-{}", i));
    download.push_back(time_of([&] { must(home.store->download(version, out)); }));
    must(remove_tree(out));
    must(remove_tree(folder));
  }
  const std::string what = fmt::format("{} files of {} B", count, size);
  report(("put " + what).c_str(), fresh);
  report("  unchanged again", again);
  report("  one file changed", changed);
  report("  list the entries", entries);
  report("  download", download);
}

void bench_tiny_versions(const std::string& root) {
  Home home(join_path(root, "home-tiny"));
  constexpr int kVersions = 2000;
  std::vector<double> times;
  for (int i = 0; i < kVersions; ++i) {
    artifact::Draft draft;
    draft.collection = fmt::format("asset_{}", i % 100);
    draft.type = "asset";
    draft.run_id = "run";
    draft.entries.emplace_back();
    draft.entries.back().path = "output.json";
    draft.entries.back().bytes = std::to_string(i);
    times.push_back(time_of([&] { must(home.store->log(draft)); }));
  }
  report("log a version of a few bytes", times);
  times.clear();
  for (int i = 0; i < 1000; ++i) {
    times.push_back(time_of([&] {
      const auto version = must(home.store->get({"", "", fmt::format("asset_{}", i % 100), ""}));
      must(home.store->read(version, "output.json"));
    }));
  }
  report("find and read it", times);
}

void bench_large_file(const std::string& root, std::size_t megabytes) {
  const std::string path = join_path(root, "large.bin");
  write_file(path, random_content(megabytes << 20));
  Home home(join_path(root, "home-large"));
  artifact::Draft draft;
  draft.collection = "large";
  draft.type = "model";
  draft.entries.emplace_back();
  draft.entries.back().path = "large.bin";
  draft.entries.back().source = artifact::DraftEntry::Source::kFile;
  draft.entries.back().file = path;
  report(fmt::format("put one file of {} MiB", megabytes).c_str(),
         {time_of([&] { must(home.store->log(draft)); })});
  report("  unchanged again", {time_of([&] { must(home.store->log(draft)); })});
  const auto version = must(home.store->get({"", "", "large", ""}));
  report("  download",
         {time_of([&] { must(home.store->download(version, join_path(root, "out"))); })});
}

}  // namespace

int main(int argc, char** argv) {
  const std::string root = join_path(argc > 1 ? argv[1] : ".", "store-bench-" + random_uuid());
  const int count = argc > 2 ? std::atoi(argv[2]) : 10'000;
  const std::size_t size = argc > 3 ? static_cast<std::size_t>(std::atoll(argv[3])) : 4096;
  must(real_files().make_folders(root));
  bench_folder(root, count, size);
  bench_tiny_versions(root);
  bench_large_file(root, 256);
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  fmt::print("most memory {} MiB (of which 256 are this program's own large file)\n",
             usage.ru_maxrss / 1024);
  must(remove_tree(root));
}
