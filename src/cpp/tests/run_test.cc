// Whole runs through td::materialize in a temporary home: everything real but the home's place.
#include <treadle/base/files.h>
#include <treadle/base/random.h>
#include <treadle/treadle.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <cstdio>
#include <fstream>
#include <numeric>

namespace td = treadle;

namespace {

struct Metrics {
  double accuracy = 0;
  std::vector<std::string> labels;
  bool operator==(const Metrics&) const = default;
};
TREADLE_FIELDS(Metrics, accuracy, labels)

struct OddError : std::logic_error {
  using std::logic_error::logic_error;
};

td::RunReport run(const td::Defs& defs, td::MaterializeOptions options = {}) {
  options.temporary_home = options.home.empty();
  return td::materialize(defs, std::move(options));
}

const td::StepFailure& failure_of(const td::RunReport& report, const std::string& step) {
  static const td::StepFailure none;
  const td::StepReport* found = report.find_step(step);
  EXPECT_NE(found, nullptr) << step;
  if (found == nullptr || !found->failure) {
    ADD_FAILURE() << "step '" << step << "' did not fail";
    return none;
  }
  return *found->failure;
}

bool has_log(const td::RunReport& report, const std::string& text, td::LogLevel level) {
  const auto events = report.events();
  if (!events) return false;
  for (const auto& event : *events) {
    if (event.message == text && event.level == level) return true;
  }
  return false;
}

// The JSON of an asset's materialization in this run.
std::string payload_of(const td::RunReport& report, const td::AssetKey& asset) {
  const auto event = report.materialization(asset);
  return event && *event ? (*event)->payload : "";
}

template <class T>
std::string error_of(const td::Result<T>& result) {
  return result ? "" : result.error().message;
}

TEST(Running, HandsValuesFromFunctionToFunctionAndKeepsThem) {
  td::Defs defs;
  auto words = defs.asset("raw/words", [] { return std::vector<std::string>{"warp", "weft"}; });
  auto count =
      defs.asset("count", [](const std::vector<std::string>& w) { return w.size(); }, words);
  auto metrics = defs.asset(
      "metrics",
      [](std::size_t n, const std::vector<std::string>& w) {
        return Metrics{static_cast<double>(n), w};
      },
      count, words);
  const auto report = run(defs);
  ASSERT_TRUE(report.success()) << report.problem();
  EXPECT_EQ(report.problem(), "");
  EXPECT_EQ(report.value(count).value_or(0), 2u);
  EXPECT_EQ(report.value(metrics).value_or(Metrics()), (Metrics{2, {"warp", "weft"}}));
  EXPECT_EQ(report.steps().size(), 3u);
  EXPECT_EQ(report.steps().front().attempts, 1);
}

TEST(Running, GivesTheContextAndRecordsWhatItSays) {
  td::Defs defs;
  std::string run_id;
  auto number = defs.asset("number", [&run_id](td::Context& context) {
    run_id = context.run_id();
    context.info("hello from " + context.step_key());
    context.warning("careful");
    context.add_metadata("rows", 3);
    return td::Output{7, {{"note", "n"}}};
  });
  const auto report = run(defs);
  ASSERT_TRUE(report.success()) << report.problem();
  EXPECT_EQ(run_id, report.run_id());
  EXPECT_TRUE(has_log(report, "hello from number", td::LogLevel::kInfo));
  EXPECT_TRUE(has_log(report, "careful", td::LogLevel::kWarning));
  const std::string payload = payload_of(report, number);
  EXPECT_NE(payload.find(R"("rows")"), std::string::npos) << payload;
  EXPECT_NE(payload.find(R"("note")"), std::string::npos) << payload;
}

TEST(Running, KeepsFilesThatTheFunctionWroteToItsScratchFolder) {
  td::Defs defs;
  std::string written;
  auto model = defs.asset("model", [&written](td::Context& context) {
    written = context.scratch_path("model.txt");
    std::ofstream(written) << "weights";
    return td::File{written};
  });
  auto size = defs.asset(
      "size",
      [](const td::File& file) {
        std::ifstream in(file.path);
        return std::string(std::istreambuf_iterator<char>(in), {});
      },
      model);
  const auto report = run(defs);
  ASSERT_TRUE(report.success()) << report.problem();
  EXPECT_EQ(report.value(size).value_or(""), "weights");
  EXPECT_FALSE(std::ifstream(written).good()) << "the scratch folder is gone after the step";
  const auto kept = report.value(model);
  ASSERT_TRUE(kept);
  EXPECT_TRUE(kept->path.ends_with("/model.txt"));
}

TEST(Running, ReportsExceptionsWithTheirClassAndCause) {
  td::Defs defs;
  auto bad = defs.asset("bad", []() -> int {
    try {
      throw std::out_of_range("row 7");
    } catch (...) {
      std::throw_with_nested(OddError("cannot read"));
    }
  });
  defs.asset("after", [](int i) { return i; }, bad);
  const auto report = run(defs);
  EXPECT_FALSE(report.success());
  const td::StepFailure& failure = failure_of(report, "bad");
  EXPECT_EQ(failure.message, "cannot read");
  EXPECT_NE(failure.error_class.find("OddError"), std::string::npos) << failure.error_class;
  ASSERT_EQ(failure.cause.size(), 1u);
  EXPECT_EQ(failure.cause[0].error_class, "std::out_of_range");
  EXPECT_EQ(failure.cause[0].message, "row 7");
  EXPECT_EQ(report.find_step("after")->status, td::StepReport::Status::kSkipped);
  EXPECT_NE(report.problem().find("Step 'bad' failed"), std::string::npos) << report.problem();
}

TEST(Running, ReportsWhateverIsThrown) {
  td::Defs defs;
  defs.asset("number", []() -> int { throw 42; });
  defs.asset("text", []() -> int { throw "a literal"; });
  const auto report = run(defs);
  EXPECT_EQ(failure_of(report, "number").error_class, "int");
  EXPECT_EQ(failure_of(report, "text").message, "a literal");
}

TEST(Running, TakesReturnedErrorsAsFailures) {
  td::Defs defs;
  defs.asset("result", []() -> td::Result<int> { return td::fail("no rows"); });
  defs.asset("expected", []() -> tl::expected<int, td::Failure> {
    return tl::make_unexpected(td::Failure("bad data", {{"rows", 0}}, false));
  });
  defs.asset("text",
             []() -> tl::expected<void, std::string> { return tl::make_unexpected("just text"); });
  const auto report = run(defs);
  EXPECT_EQ(failure_of(report, "result").message, "no rows");
  EXPECT_EQ(failure_of(report, "expected").message, "bad data");
  EXPECT_EQ(failure_of(report, "expected").metadata, (td::Metadata{{"rows", 0}}));
  EXPECT_FALSE(failure_of(report, "expected").allow_retries);
  EXPECT_EQ(failure_of(report, "text").message, "just text");
}

TEST(Running, RetriesByPolicyAndOnRequest) {
  td::Defs defs;
  auto policy_calls = std::make_shared<std::atomic<int>>(0);
  auto request_calls = std::make_shared<std::atomic<int>>(0);
  auto never_calls = std::make_shared<std::atomic<int>>(0);
  auto flaky = defs.asset({.key = "flaky", .retry_policy = td::RetryPolicy{.max_retries = 2}},
                          [policy_calls](td::Context& context) {
                            if (++*policy_calls < 3) throw std::runtime_error("not yet");
                            return context.retry_number();
                          });
  auto asked = defs.asset("asked", [request_calls] {
    if (++*request_calls == 1) throw td::RetryRequested("once more");
    return 1;
  });
  defs.asset({.key = "never", .retry_policy = td::RetryPolicy{.max_retries = 5}},
             [never_calls]() -> int {
               ++*never_calls;
               throw td::Failure("hopeless", {}, false);
             });
  const auto report = run(defs);
  EXPECT_EQ(report.value(flaky).value_or(-1), 2);
  EXPECT_EQ(report.value(asked).value_or(-1), 1);
  EXPECT_EQ(*request_calls, 2);
  EXPECT_EQ(*never_calls, 1);
  EXPECT_EQ(report.find_step("flaky")->attempts, 3);
}

TEST(Running, MakesTheOutputsOfAMultiAssetThatAreThere) {
  td::Defs defs;
  auto [a, b] = defs.multi_asset({"a", "b"}, [] {
    return std::tuple(std::optional<int>(), td::Output{std::string("x"), {{"n", 1}}});
  });
  defs.asset("after_a", [](int i) { return i; }, a);
  auto after_b = defs.asset("after_b", [](const std::string& s) { return s + "y"; }, b);
  const auto report = run(defs);
  ASSERT_TRUE(report.success()) << report.problem();
  EXPECT_EQ(report.value(after_b).value_or(""), "xy");
  EXPECT_EQ(report.find_step("after_a")->status, td::StepReport::Status::kSkipped);
  EXPECT_FALSE(report.value(a));
}

TEST(Running, MakesOnlyTheSelectedOutputsOfAMultiAssetThatCanBeSubset) {
  td::Defs defs;
  auto [a, b] = defs.multi_asset(
      {.outputs = {{.key = "a"}, {.key = "b"}}, .can_subset = true}, [](td::Context& context) {
        return std::pair(context.wants("a") ? std::optional(1) : std::nullopt,
                         context.wants("b") ? std::optional(2) : std::nullopt);
      });
  const auto report = run(defs, {.selection = "b"});
  ASSERT_TRUE(report.success()) << report.problem();
  EXPECT_FALSE(report.value(a));
  EXPECT_EQ(report.value(b).value_or(0), 2);
}

TEST(Running, ChecksAndBlocks) {
  td::Defs defs;
  auto number = defs.asset("number", [] { return 4; });
  defs.check("odd", number,
             [](int n) { return td::CheckResult{.passed = n % 2 == 1, .metadata = {{"n", n}}}; },
             {.blocking = true});
  defs.check("small", number, [](int n) { return n < 10; });
  defs.check("fine", number,
             [](td::Context&, int) { return td::CheckResult{.severity = td::Severity::kWarn}; });
  defs.asset("after", [](int n) { return n; }, number);
  const auto report = run(defs);
  EXPECT_FALSE(report.success());
  EXPECT_EQ(report.find_step("after")->status, td::StepReport::Status::kSkipped);
  EXPECT_EQ(report.find_step("number_small")->status, td::StepReport::Status::kSuccess);
  const auto events = report.events();
  ASSERT_TRUE(events);
  EXPECT_EQ(std::count_if(
                events->begin(), events->end(),
                [](const td::Event& e) { return e.type == td::EventType::kAssetCheckEvaluation; }),
            3);
}

struct Connection {
  std::vector<std::string>* journal;
  int queries = 0;
};

TEST(Running, SetsUpResourcesOnceAndTearsThemDown) {
  std::vector<std::string> journal;
  td::Defs defs;
  auto db = defs.resource(
      "db",
      [&journal] {
        journal.push_back("open");
        return Connection{&journal};
      },
      [](Connection& connection) {
        connection.journal->push_back("close after " + std::to_string(connection.queries));
      });
  auto one = defs.asset("one", [](Connection& c) { return ++c.queries; }, db);
  auto two = defs.asset(
      {.key = "two", .resources = {"db"}},
      [](td::Context& context, int before) {
        return ++context.resource<Connection>("db").queries + before;
      },
      one);
  const auto report = run(defs);
  ASSERT_TRUE(report.success()) << report.problem();
  EXPECT_EQ(report.value(two).value_or(0), 3);
  EXPECT_EQ(journal, (std::vector<std::string>{"open", "close after 2"}));
}

TEST(Running, SaysWhichResourceFailedOrIsOfAnotherType) {
  td::Defs failing;
  auto db = failing.resource(
      "db", []() -> std::unique_ptr<Connection> { throw std::runtime_error("no route"); });
  failing.asset("one", [](Connection&) { return 1; }, db);
  const auto report = run(failing);
  EXPECT_FALSE(report.success());
  EXPECT_TRUE(has_log(report, "no route", td::LogLevel::kError) ||
              report.problem().find("no route") != std::string::npos || !report.success());

  td::Defs other;
  other.resource("db", [] { return 1; });
  other.asset({.key = "one", .resources = {"db"}},
              [](td::Context& context) { return context.resource<std::string>("db"); });
  EXPECT_NE(failure_of(run(other), "one").message.find("Resource 'db' is no std::"),
            std::string::npos);
}

// A value without a codec goes through an IO manager of the user's own.
struct Tensor {
  std::vector<float> data;
};

class InMemory final : public td::IOManager {
 public:
  td::StepOutcome handle_output(td::OutputContext& context, const td::Value& value) override {
    kept_[context.output.asset.key] = value;
    return {};
  }
  tl::expected<td::Value, td::StepFailure> load_input(td::InputContext& context) override {
    return kept_[context.asset];
  }

 private:
  std::map<td::AssetKey, td::Value> kept_;
};

}  // namespace

template <>
inline constexpr bool treadle::kept_by_own_io_manager<Tensor> = true;

namespace {

TEST(Running, UsesIOManagersByKey) {
  td::Defs defs;
  defs.io_manager("memory", std::make_shared<InMemory>());
  auto tensor =
      defs.asset({.key = "tensor", .io_manager = "memory"}, [] { return Tensor{{1, 2}}; });
  auto size = defs.asset("size", [](const Tensor& t) { return t.data.size(); }, tensor);
  const auto report = run(defs, {.max_concurrent = 1});
  ASSERT_TRUE(report.success()) << report.problem();
  EXPECT_EQ(report.value(size).value_or(0), 2u);
}

TEST(Running, ReadsAFileSourceWhereItLies) {
  const std::string path = td::absolute_path(testing::TempDir() + "treadle-run-test.csv");
  std::ofstream(path) << "a,b";
  td::Defs defs;
  auto csv = defs.file_source("csv", path);
  auto text = defs.asset(
      "text",
      [](const td::File& file) {
        std::ifstream in(file.path);
        return std::string(std::istreambuf_iterator<char>(in), {});
      },
      csv);
  const auto report = run(defs);
  ASSERT_TRUE(report.success()) << report.problem();
  EXPECT_EQ(report.value(text).value_or(""), "a,b");
  std::remove(path.c_str());
  const auto gone = run(defs);
  EXPECT_NE(failure_of(gone, "text").message.find(path), std::string::npos)
      << failure_of(gone, "text").message;
}

TEST(Running, ReadsInOneRunWhatAnotherRunOfTheHomeKept) {
  const std::string home = testing::TempDir() + "treadle-run-test-" + td::random_uuid();
  td::Defs writer;
  writer.asset("shared/number", [] { return 41; });
  ASSERT_TRUE(run(writer, {.home = home}).success());
  td::Defs reader;
  auto next =
      reader.asset("next", [](int n) { return n + 1; }, reader.source<int>("shared/number"));
  const auto report = run(reader, {.home = home});
  ASSERT_TRUE(report.success()) << report.problem();
  EXPECT_EQ(report.value(next).value_or(0), 42);
  EXPECT_EQ(td::load_value(next, home).value_or(0), 42);
  EXPECT_NE(error_of(td::load_value(td::by_name<int>("nowhere"), home)).find("nowhere"),
            std::string::npos);

  td::Defs mistaken;
  mistaken.asset(
      "words", [](const std::vector<std::string>& w) { return w.size(); },
      mistaken.source<std::vector<std::string>>("shared/number"));
  const auto failed = run(mistaken, {.home = home});
  EXPECT_NE(failure_of(failed, "words").message.find("expected a list, found an integer"),
            std::string::npos)
      << failure_of(failed, "words").message;
  EXPECT_TRUE(td::remove_tree(home));
}

TEST(Running, ThrowsAllMistakesOfTheDefinitionsBeforeAnythingRuns) {
  bool ran = false;
  td::Defs defs;
  defs.asset("same", [&ran] {
    ran = true;
    return 1;
  });
  defs.asset("same", [] { return 2; });
  defs.asset({.key = "lost", .io_manager = "nobody"}, [] { return 3; });
  try {
    run(defs);
    FAIL() << "no exception";
  } catch (const td::DefinitionError& error) {
    EXPECT_EQ(error.problems().size(), 2u) << error.what();
    EXPECT_NE(std::string(error.what()).find("run_test.cc:"), std::string::npos) << error.what();
  }
  EXPECT_FALSE(ran);
}

TEST(Running, SaysWhyARunCouldNotBeStarted) {
  td::Defs defs;
  auto one = defs.asset("one", [] { return 1; });
  const auto bad_selection = run(defs, {.selection = "key:"});
  EXPECT_FALSE(bad_selection.success());
  EXPECT_NE(bad_selection.problem(), "");
  EXPECT_FALSE(bad_selection.events());
  const auto no_home = run(defs, {.home = "/proc/nowhere"});
  EXPECT_FALSE(no_home.success());
  EXPECT_NE(no_home.problem().find("/proc/nowhere"), std::string::npos) << no_home.problem();
  EXPECT_FALSE(no_home.value(one));
}

TEST(Running, TellsAnObserverWhatHappens) {
  td::Defs defs;
  defs.asset("one", [] { return 1; });
  std::vector<td::EventType> seen;
  ASSERT_TRUE(
      run(defs, {.observer = [&seen](const td::Event& event) { seen.push_back(event.type); }})
          .success());
  EXPECT_TRUE(std::find(seen.begin(), seen.end(), td::EventType::kRunStart) != seen.end());
  EXPECT_EQ(seen.back(), td::EventType::kRunSuccess);
}

TEST(Running, EndsStepsThatNoticeTheCancellation) {
  td::Defs defs;
  defs.asset("one", [](td::Context& context) {
    EXPECT_FALSE(context.cancelled());
    context.stop_if_cancelled();
    throw td::Cancelled();
    return 1;
  });
  EXPECT_TRUE(failure_of(run(defs), "one").interrupted);
}

TEST(Running, LetsACrashInAForkedStepFailThatStepAlone) {
  td::Defs defs;
  auto one = defs.asset("one", [] { return 1; });
  defs.asset("crash", [](int) -> int { return std::raise(SIGKILL); }, one);
  auto fine = defs.asset("fine", [](int i) { return i + 1; }, one);
  const auto report = run(defs, {.own_processes = true});
  EXPECT_FALSE(report.success());
  EXPECT_NE(failure_of(report, "crash").message.find("SIGKILL"), std::string::npos)
      << failure_of(report, "crash").message;
  EXPECT_EQ(report.value(fine).value_or(0), 2);
}

// A small pipeline whose parts can change between runs of one home.
class Staleness : public testing::Test {
 protected:
  Staleness() { write("1 2 3"); }
  ~Staleness() override { EXPECT_TRUE(td::remove_tree(folder_)); }

  void write(const std::string& numbers) {
    EXPECT_TRUE(td::real_files().make_folders(folder_));
    std::ofstream(folder_ + "/numbers.txt") << numbers;
  }
  // The steps that ran, in order.
  std::vector<std::string> run_stale() {
    td::Defs defs;
    auto file = defs.file_source("file", folder_ + "/numbers.txt");
    auto numbers = defs.asset(
        {.key = "numbers", .code_version = "1"},
        [](const td::File& f) {
          std::ifstream in(f.path);
          std::vector<int> list;
          for (int i; in >> i;) list.push_back(i);
          return list;
        },
        file);
    auto count = defs.asset(
        {.key = "count", .code_version = "1"}, [](const std::vector<int>& n) { return n.size(); },
        numbers);
    auto sum = defs.asset(
        {.key = "sum", .code_version = sum_version_},
        [](const std::vector<int>& n) { return std::accumulate(n.begin(), n.end(), 0); }, numbers);
    defs.asset(
        {.key = "mean", .code_version = "1"},
        [](std::size_t n, int s) { return static_cast<double>(s) / static_cast<double>(n); }, count,
        sum);
    const auto report =
        td::materialize(defs, {.only_stale = true, .home = folder_ + "/home", .max_concurrent = 1});
    EXPECT_TRUE(report.success()) << report.problem();
    std::vector<std::string> ran;
    for (const auto& step : report.steps()) ran.push_back(step.step_key);
    return ran;
  }

  const std::string folder_ = testing::TempDir() + "treadle-stale-test-" + td::random_uuid();
  std::string sum_version_ = "1";
};

using Steps = std::vector<std::string>;

TEST_F(Staleness, RunsEverythingOnceAndThenNothing) {
  EXPECT_EQ(run_stale(), (Steps{"numbers", "count", "sum", "mean"}));
  EXPECT_EQ(run_stale(), Steps{});
}

TEST_F(Staleness, RunsWhatFollowsFromAChangedFunction) {
  run_stale();
  sum_version_ = "2";
  EXPECT_EQ(run_stale(), (Steps{"sum", "mean"}));
  EXPECT_EQ(run_stale(), Steps{});
}

TEST_F(Staleness, RunsWhatFollowsFromAChangedFile) {
  run_stale();
  write("1 2 3 4");
  EXPECT_EQ(run_stale(), (Steps{"numbers", "count", "sum", "mean"}));
  write("1 2 3 4");
  EXPECT_EQ(run_stale(), Steps{}) << "written again, but the same";
}

}  // namespace
