#include "graph_of.h"
#include <treadle/plan/plan.h>

#include <gtest/gtest.h>

namespace treadle::plan {
namespace {

JobDef job(const std::string& name, const std::string& selection) {
  JobDef job;
  job.name = name;
  job.selection = selection;
  job.place = {"p.py", 9};
  return job;
}

std::vector<std::string> texts(const std::vector<Problem>& problems) {
  std::vector<std::string> out;
  for (const Problem& problem : problems) out.push_back(problem.code + ": " + problem.text());
  return out;
}

using Texts = std::vector<std::string>;

TEST(CheckDefinitions, LooksAtTheSelectionOfEveryJob) {
  Definitions d = define({"raw", "train test <- raw"});
  d.jobs = {
      job("all", ""),         job("star", "*"),        job("good", "+key:train and group:default"),
      job("typo", "key:rwa"), job("syntax", "group:"), job("nothing", "kind:onnx"),
      job("part", "train")};
  EXPECT_EQ(texts(check_definitions(d)),
            (Texts{"invalid_subset: p.py:9: Job 'good': Step 'train_and_test' makes all its assets "
                   "at once, but only 'train' of them is selected. Select 'test' as well, or "
                   "declare the step with can_subset.",
                   "bad_selection: p.py:9: Job 'typo': There is no asset 'rwa'. Did you mean "
                   "'raw'?",
                   "bad_selection: p.py:9: Job 'syntax': selection 'group:': expected a value "
                   "after 'group:' at column 7.",
                   "bad_selection: p.py:9: Job 'nothing': Selection 'kind:onnx' selects no asset.",
                   "invalid_subset: p.py:9: Job 'part': Step 'train_and_test' makes all its assets "
                   "at once, but only 'train' of them is selected. Select 'test' as well, or "
                   "declare the step with can_subset."}));
}

TEST(CheckDefinitions, TellsMistakesOfDefinitionsAndOfJobsTogether) {
  Definitions d = define({"a <- b", "b <- a", "x y"});
  d.jobs = {job("typo", "key:c"), job("part", "x")};
  const std::vector<Problem> problems = check_definitions(d);
  ASSERT_EQ(problems.size(), 2u);
  EXPECT_EQ(problems[0].code, "cycle");
  EXPECT_EQ(problems[1].code, "bad_selection");
}

TEST(CheckDefinitions, AJobIsOverThePartitionsOfOneDefinition) {
  Definitions d = define({"a", "b", "c", "plain"});
  const PartitionsPtr letters = static_partitions({"x", "y"}).value();
  d.steps[0].outputs[0].asset.partitions = letters;
  d.steps[1].outputs[0].asset.partitions = static_partitions({"x", "y"}).value();
  d.steps[2].outputs[0].asset.partitions = static_partitions({"1"}).value();
  d.jobs = {job("same", "a or b or plain"), job("mixed", "b or c"), job("all", "*"),
            job("given", "a")};
  d.jobs[3].partitions = d.steps[2].outputs[0].asset.partitions;
  const std::vector<Problem> problems = check_definitions(d);
  ASSERT_EQ(problems.size(), 3u);
  EXPECT_EQ(problems[0].subject, "mixed");
  EXPECT_NE(problems[0].message.find("'b' has"), std::string::npos);
  EXPECT_NE(problems[0].message.find("'c' has"), std::string::npos);
  EXPECT_EQ(problems[1].subject, "all");
  EXPECT_EQ(problems[2].subject, "given");
}

TEST(CheckDefinitions, ACheckIsOverThePartitionsOfItsAsset) {
  Definitions d = define({"a", "plain"});
  const PartitionsPtr letters = static_partitions({"x", "y"}).value();
  d.steps[0].outputs[0].asset.partitions = letters;
  const auto check = [&](const std::string& asset, const PartitionsPtr& partitions) {
    StepDef step;
    step.name = "check_" + asset;
    step.checks.push_back({.name = "good", .asset = AssetKey(asset)});
    step.checks.back().partitions = partitions;
    d.steps.push_back(std::move(step));
    auto problems = check_definitions(d);
    d.steps.pop_back();
    return problems.empty() ? std::string() : problems[0].subject;
  };
  EXPECT_EQ(check("a", letters), "");
  EXPECT_EQ(check("a", nullptr), "");
  EXPECT_EQ(check("a", static_partitions({"1"}).value()), "a:good");
  EXPECT_EQ(check("plain", letters), "plain:good");
}

TEST(CheckDefinitions, HasNothingToSayAboutNothing) {
  EXPECT_TRUE(check_definitions({}).empty());
  Definitions d;
  d.jobs = {job("all", " ")};
  EXPECT_TRUE(check_definitions(d).empty());
}

TEST(CheckDefinitions, AJobOfChecksAloneSelectsNoAsset) {
  Definitions d;
  d.jobs.emplace_back().name = "checks";
  d.jobs.back().selection = "not *";
  EXPECT_TRUE(check_definitions(d).empty());
}

}  // namespace
}  // namespace treadle::plan
