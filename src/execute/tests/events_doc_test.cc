// docs/formats/events.md names every field that a run writes into a payload.
#include "pipeline.h"
#include <treadle/base/files.h>

#include <boost/json.hpp>
#include <gtest/gtest.h>

#include <map>
#include <set>
#include <sstream>

namespace treadle::execute {
namespace {

using testing::failure;
using testing::Pipeline;
using Fields = std::map<std::string, std::set<std::string>>;  // by type of event

// The words in backquotes of a table cell.
std::set<std::string> quoted(const std::string& cell) {
  std::set<std::string> words;
  for (std::size_t at = 0; (at = cell.find('`', at)) != std::string::npos;) {
    const std::size_t end = cell.find('`', at + 1);
    words.insert(cell.substr(at + 1, end - at - 1));
    at = end + 1;
  }
  return words;
}

Fields documented() {
  const auto text = read_file(real_files(), TREADLE_SOURCE_DIR "/docs/formats/events.md");
  EXPECT_TRUE(text) << text.error().message;
  Fields fields;
  std::istringstream lines(*text);
  for (std::string line; std::getline(lines, line);) {
    const std::size_t middle = line.find(" | ");
    if (!line.starts_with("| `") || middle == std::string::npos) continue;
    for (const std::string& type : quoted(line.substr(0, middle))) {
      if (event_type_from(type)) fields[type].merge(quoted(line.substr(middle)));
    }
  }
  return fields;
}

class EventsDocument : public testing::RunTest {
 protected:
  // Something of everything: values, metadata, tags, checks, failures, retries, crashes, skips, resources.
  void SetUp() override {
    struct Broken final : Resource {
      tl::expected<Value, StepFailure> set_up(const SetupContext&) override {
        return tl::unexpected(failure("no such host"));
      }
    };
    pipeline.definitions().resources["broken"] = std::make_shared<Broken>();
    StepDef& a = pipeline.step("a", {}, [](StepContext& context) -> StepOutcome {
      if (context.retry_number() == 0) return tl::unexpected(failure("once"));
      OutputReport report;
      report.value = Value::of(1);
      report.metadata = {{"rows", 1}};
      report.tags = {{"team", "x"}};
      TREADLE_CHECK(context.handle_output(std::move(report)));
      return context.report_check(
          {.check = 0, .passed = true, .description = "d", .metadata = {{"m", 1}}});
    });
    a.retry_policy = RetryPolicy{.max_retries = 1, .delay = 0.001};
    a.checks.push_back({.name = "c", .asset = "a", .blocking = true});
    pipeline.ints("b", {"a"}, [](const auto& in) { return in[0]; });
    pipeline.step("fails", {}, [](StepContext&) -> StepOutcome {
      StepFailure f = failure("x");
      f.metadata = {{"m", 1}};
      return tl::unexpected(std::move(f));
    });
  }
  void collect(const RunOptions& options) {
    const RunResult result = run(options);
    for (const Event& event : home.events(result.run_id)) {
      std::set<std::string>& keys = written[std::string(to_string(event.type))];
      if (event.payload.empty()) continue;
      const boost::json::value payload = boost::json::parse(event.payload);
      for (const auto& field : payload.as_object()) keys.insert(field.key());
    }
  }
  Fields written;
};

TEST_F(EventsDocument, NamesEveryFieldThatIsWritten) {
  collect({});
  pipeline.step("dies", {}, [](StepContext&) -> StepOutcome { ::_exit(3); });
  pipeline.nothing("needs", {}).required_resources = {"broken"};
  RunOptions processes;
  processes.executor = Executor::kProcess;
  processes.logs_folder = folder.path() + "/logs";
  processes.forward_output = false;
  collect(processes);
  collect({});  // in this process the broken resource fails the run

  const Fields document = documented();
  EXPECT_GE(written.size(), 18u);
  for (const auto& [type, keys] : written) {
    ASSERT_TRUE(document.contains(type)) << type;
    for (const std::string& key : keys) {
      EXPECT_TRUE(document.at(type).contains(key)) << type << " has '" << key << "'";
    }
  }
}

}  // namespace
}  // namespace treadle::execute
