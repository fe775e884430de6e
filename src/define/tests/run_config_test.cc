#include <treadle/define/run_config.h>

#include <gtest/gtest.h>

namespace treadle {
namespace {

StepDef step(const std::string& name, std::vector<ConfigField> fields = {}) {
  StepDef made;
  made.name = name;
  if (!fields.empty()) {
    made.config = std::make_shared<const ConfigType>(config::shape(std::move(fields)));
  }
  return made;
}

std::string problems(const std::vector<StepDef>& steps, std::string_view json) {
  ConfigOutcome outcome;
  outcome.errors = validate_config(run_config_schema(steps), ConfigValue::parse_json(json).value());
  return outcome.ok() ? "" : outcome.text("wrong");
}

TEST(RunConfig, StepsInsideGraphsAreConfiguredByTheirPath) {
  const std::vector<StepDef> steps = {
      step("train", {config::field("rate", config::floating())}),
      step("outer.inner", {config::field("n", config::integer(), {.default_value = 1})})};
  EXPECT_EQ(problems(steps, R"({"ops":{"train":{"config":{"rate":1}},
                                       "outer":{"ops":{"inner":{"config":{"n":2}}}}}})"),
            "");
  const std::string wrong =
      problems(steps, R"({"ops":{"trian":{},"outer":{"ops":{"inner":{"config":{"n":"x"}}}}}})");
  for (const char* told :
       {"trian", "Missing required config entry \"train\"", "root:ops:outer:ops:inner:config:n"}) {
    EXPECT_NE(wrong.find(told), std::string::npos) << told << " in " << wrong;
  }
}

TEST(RunConfig, WhatNothingIsKnownOfMayBeConfiguredAnyhow) {
  EXPECT_EQ(problems({step("a")}, R"({"ops":{"a":{"config":{"x":1}}},"resources":{"r":{}}})"), "");
  EXPECT_EQ(problems({step("a")}, "{}"), "");
}

}  // namespace
}  // namespace treadle
