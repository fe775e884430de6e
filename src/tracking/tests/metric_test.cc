#include <treadle/tracking/metric.h>

#include <gtest/gtest.h>

namespace treadle::tracking {
namespace {

TEST(Metrics, AreKeptInTheConfigAsTheSdkKeepsThem) {
  std::string config = R"({"lr":0.1,"_wandb":{"t":{"4":"3.11"}}})";
  config = with_metric_definition(config, {.name = "epoch"}).value();
  config = with_metric_definition(config, {.name = "val/*",
                                           .step_metric = "epoch",
                                           .hidden = true,
                                           .summary = {"min", "mean"},
                                           .goal = "minimize"})
               .value();
  EXPECT_EQ(config, R"({"lr":0.1,"_wandb":{"t":{"4":"3.11"},"m":[{"1":"epoch","6":[1,3]},)"
                    R"({"2":"val/*","5":1,"6":[1,2,3],"7":[1,3],"8":1}]}})");
  const auto metrics = metric_definitions(config);
  ASSERT_EQ(metrics.size(), 2U);
  EXPECT_EQ(metrics[1].name, "val/*");
  EXPECT_EQ(metrics[1].step_metric, "epoch");
  EXPECT_TRUE(metrics[1].hidden);
  EXPECT_EQ(metrics[1].summary, (std::vector<std::string>{"min", "mean"}));
  EXPECT_EQ(metrics[1].goal, "minimize");
  // Defined again: instead of the one before.
  EXPECT_EQ(metric_definitions(with_metric_definition(config, {.name = "epoch"}).value()).size(),
            2U);
  EXPECT_FALSE(with_metric_definition("{}", {.name = "a*b"}));
  EXPECT_FALSE(with_metric_definition("{}", {.name = "a", .summary = {"median"}}));
}

TEST(Summaries, AreTheLastValuesUnlessAMetricSaysOtherwise) {
  Summarizer summary = Summarizer::make(R"({"note":"kept"})").value();
  summary.define({.name = "loss", .summary = {"min", "last"}});
  summary.define({.name = "acc", .summary = {"max", "mean", "first"}});
  summary.define({.name = "val/*", .summary = {"best"}, .goal = "maximize"});
  summary.define({.name = "debug", .summary = {"none"}});
  ASSERT_TRUE(summary.add(R"({"_step":0,"loss":2,"acc":0.5,"val/f1":0.1,"debug":1,"x":{"y":1}})"));
  ASSERT_TRUE(summary.add(R"({"_step":1,"loss":1,"acc":1.0,"val/f1":0.9,"x":{"z":2}})"));
  ASSERT_TRUE(
      summary.add(R"({"_step":2,"loss":NaN,"val/f1":0.4,"img":{"_type":"image-file","size":1}})"));
  EXPECT_EQ(summary.summary(),
            R"({"note":"kept","_step":2,"loss":{"last":NaN,"min":1},"acc":{"first":0.5,"max":1.0,)"
            R"("mean":0.75},"val/f1":{"best":0.9},"x":{"y":1,"z":2},"img":{"_type":"image-file",)"
            R"("size":1}})");
  // Resumed: goes on from what it was.
  Summarizer again = Summarizer::make(summary.summary()).value();
  again.define({.name = "loss", .summary = {"min"}});
  ASSERT_TRUE(again.add(R"({"loss":5})"));
  ASSERT_TRUE(again.set(R"({"note":"by hand"})"));
  EXPECT_NE(again.summary().find(R"("min":1)"), std::string::npos);
  EXPECT_NE(again.summary().find("by hand"), std::string::npos);
  ASSERT_TRUE(again.remove("note"));
  EXPECT_FALSE(again.remove("note"));
}

}  // namespace
}  // namespace treadle::tracking
