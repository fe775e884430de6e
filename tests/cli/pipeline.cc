// A small C++ pipeline for the black-box tests of the command line. What it does is steered by
// environment variables, so that one program can succeed, fail, crash, wait and change its mind.
#include <treadle/treadle.hpp>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <iterator>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace td = treadle;

namespace {

std::string setting(const char* name, const char* otherwise = "") {
  const char* value = std::getenv(name);
  return value ? value : otherwise;
}

using Rows = std::vector<std::int64_t>;

Rows read_rows(const td::File& file) {
  std::ifstream in(file.path);
  return Rows(std::istream_iterator<std::int64_t>(in), {});
}

}  // namespace

int main(int argc, char** argv) {
  td::Defs defs;
  const auto input = defs.file_source("raw/input", setting("PIPELINE_INPUT", "input.txt"));
  const auto rows = defs.asset(
      {.key = "rows",
       .group = "data",
       .description = "The numbers of the input",
       .kinds = {"text"},
       .code_version = "1"},
      [](td::Context& context, const td::File& file) {
        Rows all = read_rows(file);
        context.info("read " + std::to_string(all.size()) + " rows");
        std::cout << "printed by user code" << std::endl;
        return td::Output<Rows>{all, {{"row_count", std::int64_t(all.size())}}};
      },
      input);
  const auto total = defs.asset(
      {.key = "total",
       .group = "model",
       .owners = {"team:weavers"},
       .code_version = setting("PIPELINE_CODE", "1")},
      [](td::Context& context, const Rows& all) {
        const std::string mode = setting("PIPELINE_MODE");
        if (mode == "throw") throw std::runtime_error("no total today\x1b[31m");
        if (mode == "crash") std::raise(SIGSEGV);
        if (mode == "nan") context.add_metadata("loss", std::numeric_limits<double>::quiet_NaN());
        if (mode == "hostile")
          context.add_metadata("evil\x1b[2J",
                               td::MetadataValue::md("\x1b]0;owned\x07|a|\n|-|\n|b|"));
        while (mode == "deaf") std::this_thread::sleep_for(std::chrono::milliseconds(5));
        while (mode == "wait") {
          context.stop_if_cancelled();
          std::this_thread::sleep_for(std::chrono::milliseconds(5));
        }
        std::int64_t sum = 0;
        for (const std::int64_t row : all) sum += row;
        return sum;
      },
      rows);
  defs.asset(
      {.key = "report", .group = "model", .code_version = "1"},
      [](std::int64_t sum) { return "the total is " + std::to_string(sum) + "\n"; }, total);
  defs.check("positive", total, [](std::int64_t sum) {
    return td::CheckResult{
        .passed = sum > 0,
        .metadata = {{"sum", sum}, {"ratio", std::numeric_limits<double>::infinity()}},
        .description = "a total above zero",
        .severity =
            setting("PIPELINE_SEVERITY") == "warn" ? td::Severity::kWarn : td::Severity::kError};
  });
  defs.job("numbers", "key:rows+", {.description = "Everything made from the numbers"});
  if (setting("PIPELINE_MODE") == "invalid") {
    defs.asset("rows", [] { return 1; });
    defs.asset({.key = "lost", .resources = {"warehouse"}}, [] { return 2; });
  }
  return td::main(argc, argv, defs);
}
