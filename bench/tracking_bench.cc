// How fast a run's metrics are taken in and read back: `tracking_bench [folder]`. Prints one JSON
// object per line: figure, value, unit.
#include <treadle/artifact/store.h>
#include <treadle/base/files.h>
#include <treadle/base/random.h>
#include <treadle/tracking/store.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

using namespace treadle;

namespace {

template <class T>
T must(Result<T> result) {
  if (result) return *std::move(result);
  std::fprintf(stderr, "%s\n", result.error().message.c_str());
  std::exit(1);
}

double seconds_of(const auto& work) {
  const auto begin = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

void tell(const char* figure, double value, const char* unit) {
  std::printf("{\"figure\":\"%s\",\"value\":%.4g,\"unit\":\"%s\"}\n", figure, value, unit);
}

std::vector<std::string> rows(int first, int count, int keys) {
  std::vector<std::string> lines;
  unsigned state = 12345U + static_cast<unsigned>(first);
  for (int i = first; i < first + count; ++i) {
    std::string line = "{\"_step\":" + std::to_string(i);
    for (int k = 0; k < keys; ++k) {
      state = state * 1664525U + 1013904223U;
      line += ",\"layer" + std::to_string(k) +
              "/loss\":" + std::to_string(static_cast<double>(state) / 4294967296.0);
    }
    lines.push_back(line + "}");
  }
  return lines;
}

// Rows of `keys` values, `per_request` at a time, each request committed.
void ingest(tracking::Store& store, const char* name, int count, int keys, int per_request) {
  const auto run = must(store.start({"", "ingest", name}, {})).run;
  std::vector<std::vector<std::string>> requests;
  for (int i = 0; i < count; i += per_request) requests.push_back(rows(i, per_request, keys));
  std::int64_t offset = 0;
  const double seconds = seconds_of([&] {
    for (const auto& lines : requests) {
      tracking::StreamUpdate update;
      update.history = tracking::Lines{offset, {lines.begin(), lines.end()}};
      must(store.stream(run.key, update));
      offset += per_request;
    }
    if (auto done = store.finish(run.key, 0); !done) std::exit(1);
  });
  tell((std::string("ingest, ") + name).c_str(), count * (keys + 1.0) / seconds, "values/s");
}

void many_runs(tracking::Store& store) {
  constexpr int kRuns = 10'000;
  const double made = seconds_of([&] {
    for (int i = 0; i < kRuns; ++i) {
      tracking::RunChanges changes;
      changes.config = "{\"lr\":" + std::to_string(i * 0.001) +
                       ",\"depth\":" + std::to_string(i % 50) + ",\"model\":{\"name\":\"m" +
                       std::to_string(i % 7) + "\"}}";
      changes.summary = "{\"loss\":" + std::to_string(1.0 / (i + 1)) + ",\"_step\":100}";
      changes.tags = std::vector<std::string>{i % 2 == 0 ? "even" : "odd"};
      must(store.upsert({"", "many", "run" + std::to_string(i)}, changes));
    }
  });
  tell("10,000 runs made", made * 1e3, "ms");
  const auto time = [&](const char* figure, const tracking::RunQuery& query) {
    double best = 1e9;
    for (int i = 0; i < 5; ++i) {
      best = std::min(best, seconds_of([&] { must(store.runs(query)); }));
    }
    tell(figure, best * 1e3, "ms");
  };
  tracking::RunQuery query;
  query.project = "many";
  time("list the first 50 of 10,000 runs", query);
  query.order = "-summary_metrics.loss";
  time("order 10,000 runs by a summary value", query);
  query.filter =
      R"({"$and":[{"config.lr":{"$gt":0.5}},{"config.model.name":"m3"},{"tags":"odd"}]})";
  time("filter 10,000 runs by config and tags, order by summary", query);
}

}  // namespace

int main(int argc, char** argv) {
  const std::string folder =
      argc > 1 ? argv[1] : "/tmp/treadle-tracking-bench-" + random_uuid().substr(0, 8);
  if (auto made = real_files().make_folders(folder); !made) return 1;
  {
    const auto database = must(db::open_sqlite(folder + "/treadle.db"));
    const auto artifacts = must(artifact::Store::open(*database, folder));
    const auto store = must(tracking::Store::open(*database, *artifacts));
    ingest(*store, "100 values a row, 1,000 rows a request", 20'000, 100, 1'000);
    ingest(*store, "100 values a row, 10 rows a request", 5'000, 100, 10);
    ingest(*store, "3 values a row, 1,000 rows a request", 500'000, 3, 1'000);
    const auto run = must(store->get({"", "ingest", "3 values a row, 1,000 rows a request"}));
    tracking::SampleQuery sample;
    sample.keys = {"_step", "layer0/loss"};
    tell("500 points of 500,000 steps",
         1e3 *
             seconds_of([&] { must(store->sampled(run.key, tracking::Stream::kHistory, sample)); }),
         "ms");
    std::int64_t count = 0;
    const double all = seconds_of([&] {
      (void)store->scan(run.key, tracking::Stream::kHistory, {},
                        [&](std::int64_t, std::string_view) {
                          ++count;
                          return true;
                        });
    });
    tell("scan of 500,000 rows", static_cast<double>(count) * 4 / all, "values/s");
    many_runs(*store);
  }
  if (argc <= 1) (void)remove_tree(folder);
  return 0;
}
