// For tests of functions that take a td::Context&: one without a run, which keeps what it is told.
//   td::TestContext context({.resources = {{"db", td::given(FakeDatabase())}}, .partition_key = "2026-01-05"});
//   EXPECT_EQ(load(context, rows), 3);
//   EXPECT_EQ(context.logs().at(0).message, "3 rows");
#pragma once

#include <treadle/cpp/context.h>
#include <treadle/cpp/hook.h>
#include <treadle/cpp/partitions.h>
#include <treadle/define/io_manager.h>

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace treadle {

struct TestContextOptions {
  std::string run_id = "test";
  std::string job_name = "test_job";
  std::string step_key = "test_step";
  std::vector<AssetKey> outputs = {};    // the assets that the function makes
  std::vector<std::string> checks = {};  // that it may report, of the first of them
  int retry_number = 0;
  std::string mapping_key = {};
  std::map<std::string, std::shared_ptr<Resource>> resources =
      {};  // set up here, torn down with the context
  std::string partition_key = {};
  Partitions partitions =
      {};  // needed for windows of time and keys by dimension; none: just the key
};

// Throws td::Failure when a resource cannot be set up, or there is no such partition. Not thread-safe.
class TestContext {
 public:
  explicit TestContext(TestContextOptions options = {});
  ~TestContext();
  TestContext(const TestContext&) = delete;

  Context& context() const;
  operator Context&() const {
    return context();
  }  // NOLINT(google-explicit-constructor): where a function takes one

  struct Line {
    LogLevel level;
    std::string message;
  };
  const std::vector<Line>& logs() const;
  const std::vector<Event>& events() const;  // of Context::report
  const std::vector<std::pair<std::string, CheckResult>>& checks() const;
  Metadata metadata(std::size_t output = 0) const;  // of Context::add_metadata

 private:
  struct State;
  std::unique_ptr<State> state_;
};

struct TestHookOptions {
  std::string op_name = "test_op";
  std::string job_name = "test_job";
  std::string failure = {};  // what the step failed with; "" = it succeeded
  std::map<std::string, std::shared_ptr<Resource>> resources = {};
  std::vector<HookOutput> outputs = {};
};
// Calls a hook as if a step had ended so, and gives what it logged. An exception of the hook is the error.
Result<std::vector<TestContext::Line>> call_hook(const Hook& hook, TestHookOptions options = {});

}  // namespace treadle
