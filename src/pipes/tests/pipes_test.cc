#include "../parameters.h"
#include <treadle/base/digest.h>
#include <treadle/base/random.h>
#include <treadle/pipes.h>

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <zlib.h>

namespace treadle::pipes {
namespace {

std::string encode(const std::string& text) {
  uLongf size = compressBound(text.size());
  std::string compressed(size, '\0');
  compress(reinterpret_cast<Bytef*>(compressed.data()), &size,
           reinterpret_cast<const Bytef*>(text.data()), text.size());
  compressed.resize(size);
  return to_base64(compressed);
}

class PipesTest : public testing::Test {
 protected:
  void SetUp() override { messages = testing::TempDir() + "messages-" + to_hex(random_bytes(6)); }
  void TearDown() override { std::filesystem::remove(messages); }
  // Opens a session whose context is `context`, as arguments.
  Pipes opened(const std::string& context) {
    const std::string from = "--dagster-pipes-context=" + encode(R"({"data":)" + context + "}");
    const std::string to = encode(R"({"path":")" + messages + R"("})");
    const char* argv[] = {"program", from.c_str(), "--dagster-pipes-messages", to.c_str()};
    return open(4, argv);
  }
  std::string written() const {
    std::ifstream stream(messages);
    std::stringstream text;
    text << stream.rdbuf();
    return text.str();
  }
  std::string messages;
};

std::string line(const std::string& method, const std::string& params) {
  return R"({"__dagster_pipes_version":"0.1","method":")" + method + R"(","params":)" + params +
         "}\n";
}

TEST_F(PipesTest, KnowsItsRun) {
  const Pipes pipes = opened(
      R"({"run_id":"r","job_name":"j","retry_number":2,"asset_keys":["a/b"],"partition_key":"p",
          "partition_time_window":{"start":"s","end":"e"},"extras":{"t":"text","n":[1]}})");
  EXPECT_TRUE(pipes.connected());
  EXPECT_EQ(pipes.run_id(), "r");
  EXPECT_EQ(pipes.job_name(), "j");
  EXPECT_EQ(pipes.retry_number(), 2);
  EXPECT_EQ(pipes.assets(), std::vector<std::string>{"a/b"});
  EXPECT_EQ(pipes.partition_key(), "p");
  EXPECT_EQ(pipes.partition_time_window()->end, "e");
  EXPECT_EQ(pipes.extra("t"), "text");
  EXPECT_EQ(pipes.extra("n"), "[1]");
  EXPECT_EQ(pipes.extra("missing", "else"), "else");
}

TEST_F(PipesTest, ReportsInOrderAndClosesAtItsEnd) {
  {
    Pipes pipes = opened(R"({"run_id":"r","asset_keys":["a"]})");
    pipes.log("hello", Level::kWarning);
    pipes.report_materialization({.metadata = {{"n", 1}}});
    pipes.report_check({.name = "c", .passed = false});
  }
  EXPECT_EQ(
      written(),
      line("opened", R"({"extras":{}})") + line("log", R"({"message":"hello","level":"WARNING"})") +
          line(
              "report_asset_materialization",
              R"({"asset_key":"a","data_version":null,"metadata":{"n":{"raw_value":1,"type":"int"}}})") +
          line(
              "report_asset_check",
              R"({"asset_key":"a","check_name":"c","passed":false,"severity":"ERROR","metadata":{}})") +
          line("closed", "{}"));
}

TEST_F(PipesTest, AProgramLeftByAnExceptionSaysSo) {
  try {
    const Pipes pipes = opened(R"({"asset_keys":["a"]})");
    throw std::runtime_error("boom");
  } catch (const std::runtime_error&) {
  }
  EXPECT_NE(written().find(R"("method":"closed","params":{"exception")"), std::string::npos);
}

void break_the_loom() {
  throw std::runtime_error("the loom broke");
}

TEST_F(PipesTest, AnExceptionThatNobodyCatchesIsTold) {
  const auto program = [this]() noexcept {
    const Pipes pipes = opened(R"({"asset_keys":["a"]})");
    break_the_loom();
  };
  EXPECT_DEATH(program(), "the loom broke");
  EXPECT_NE(written().find(R"("message":"the loom broke","name":"std::runtime_error")"),
            std::string::npos)
      << written();
}

TEST_F(PipesTest, RefusesAssetsThatTheStepDoesNotMake) {
  Pipes one = opened(R"({"asset_keys":["a"]})");
  EXPECT_THROW(one.report_materialization({.asset = "b"}), PipesError);
  one.report_materialization({});
  EXPECT_THROW(one.report_materialization({}), PipesError);
  Pipes several = opened(R"({"asset_keys":["a","b"]})");
  EXPECT_THROW(several.report_check({.name = "c"}), PipesError);
}

TEST_F(PipesTest, RunsWithoutAnOrchestrator) {
  Pipes pipes = open();
  EXPECT_FALSE(pipes.connected());
  pipes.log("nobody hears this");
  pipes.report_materialization({});
}

TEST_F(PipesTest, SaysWhatIsWrongWithItsParameters) {
  const std::string whole = encode("{}");
  const char* half[] = {"program", "--dagster-pipes-context", whole.c_str()};
  EXPECT_THROW(open(3, half), PipesError);
  const char* nowhere[] = {"program", "--dagster-pipes-context", whole.c_str(),
                           "--dagster-pipes-messages", whole.c_str()};
  EXPECT_THROW(open(5, nowhere), PipesError);
  EXPECT_THROW(decode_parameter("not base64!", "X"), PipesError);
  EXPECT_THROW(decode_parameter(to_base64("not compressed"), "X"), PipesError);
}

TEST(PipesValue, RefusesWhatIsNoMetadata) {
  EXPECT_THROW(Value::json("{"), PipesError);
  EXPECT_THROW(Value(1.0 / 0.0), PipesError);
  EXPECT_EQ(Value::path("/x").encoded(), R"({"raw_value":"/x","type":"path"})");
}

}  // namespace
}  // namespace treadle::pipes
