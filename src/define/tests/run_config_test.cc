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

std::string wrong_with(const std::vector<StepDef>& steps, const std::string& json,
                       const std::map<std::string, std::shared_ptr<Resource>>& resources = {}) {
  const Result<void> checked = check_run_config(steps, resources, json, "job j");
  return checked ? "" : checked.error().message;
}

std::shared_ptr<const ConfigMapping> mapping(
    std::vector<ConfigField> fields, std::function<Result<ConfigValue>(const ConfigValue&)> map) {
  return std::make_shared<const ConfigMapping>(
      ConfigMapping{config::shape(std::move(fields)), std::move(map)});
}

TEST(RunConfig, AGraphWithAMappingIsConfiguredAsOne) {
  StepDef inner = step("outer.inner", {config::field("n", config::integer())});
  inner.config_mappings = {
      {"outer", mapping({config::field("twice", config::integer())}, [](const ConfigValue& given) {
         const std::int64_t n = *given.find("twice")->as_int();
         return ConfigValue::dict(
             {{"inner", ConfigValue::dict({{"config", ConfigValue::dict({{"n", n * 2}})}})}});
       })}};
  const auto given = ConfigValue::parse_json(R"({"ops":{"outer":{"config":{"twice":3}}}})").value();
  EXPECT_EQ(config_of_step(inner, given).value->find("n")->as_int(), 6);
  const std::string wrong = wrong_with({inner}, R"({"ops":{"outer":{"ops":{}}}})");
  EXPECT_NE(wrong.find("\"config\" at path root:ops:outer"), std::string::npos) << wrong;
}

TEST(RunConfig, WhatAMappingMakesIsCheckedBeforeAnythingRuns) {
  StepDef inner = step("outer.inner", {config::field("n", config::integer())});
  inner.config_mappings = {{"outer", mapping({}, [](const ConfigValue&) -> Result<ConfigValue> {
                              return ConfigValue::dict(
                                  {{"inner", ConfigValue::dict({{"config", "none"}})}});
                            })}};
  EXPECT_NE(wrong_with({inner}, "").find("root:ops:outer:ops:inner:config"), std::string::npos);
  inner.config_mappings[0].second = mapping({}, [](const ConfigValue&) -> Result<ConfigValue> {
    return fail(Errc::kInvalidArgument, "no such season");
  });
  EXPECT_NE(wrong_with({inner}, "").find("no such season"), std::string::npos);
}

TEST(RunConfig, AConfiguredOpTakesWhatItsMappingTakes) {
  StepDef train = step("train", {config::field("rate", config::floating())});
  train.configured = mapping({config::field("fast", config::boolean())}, [](const ConfigValue& c) {
    return ConfigValue::dict({{"rate", *c.find("fast")->as_bool() ? 1.0 : 0.1}});
  });
  const auto given =
      ConfigValue::parse_json(R"({"ops":{"train":{"config":{"fast":true}}}})").value();
  EXPECT_EQ(config_of_step(train, given).value->find("rate")->as_double(), 1.0);
  EXPECT_NE(wrong_with({train}, R"({"ops":{"train":{"config":{"rate":1}}}})").find("\"rate\""),
            std::string::npos);
}

TEST(RunConfig, AnInputThatNothingIsWiredToTakesItsValueFromTheRun) {
  StepDef add = step("add");
  add.inputs.emplace_back().name = "a";
  add.inputs[0].config = std::make_shared<const ConfigType>(config::integer());
  const auto given = ConfigValue::parse_json(R"({"ops":{"add":{"inputs":{"a":3}}}})").value();
  EXPECT_EQ(config_of_input(add, add.inputs[0], given)->value->as_int(), 3);
  EXPECT_NE(wrong_with({add}, "").find("{'inputs': {'a': 0}}"), std::string::npos)
      << wrong_with({add}, "");
  add.inputs[0].from = {{.step = "one"}};
  EXPECT_EQ(wrong_with({add}, ""), "");
  EXPECT_FALSE(config_of_input(add, add.inputs[0], given));
}

class Configurable final : public Resource {
 public:
  tl::expected<Value, StepFailure> set_up(const SetupContext&) override { return Value(); }
  std::shared_ptr<const ConfigType> config_type() const override {
    return std::make_shared<const ConfigType>(
        config::shape({config::field("url", config::string())}));
  }
};

TEST(RunConfig, OnlyResourcesThatAreNeededAreConfigured) {
  const std::map<std::string, std::shared_ptr<Resource>> resources = {
      {"db", std::make_shared<Configurable>()}};
  StepDef reads = step("reads");
  EXPECT_EQ(wrong_with({reads}, "", resources), "");
  reads.required_resources = {"db"};
  EXPECT_NE(wrong_with({reads}, "", resources).find("\"resources\""), std::string::npos);
  EXPECT_NE(wrong_with({reads}, R"({"resources":{"db":{"config":{"url":1}}}})", resources)
                .find("root:resources:db:config:url"),
            std::string::npos);
}

TEST(RunConfig, VariablesThatAreNotSetAreToldBeforeAnythingRuns) {
  StepDef reads = step("reads", {config::field("url", config::string_source())});
  const std::string wrong =
      wrong_with({reads}, R"({"ops":{"reads":{"config":{"url":{"env":"TREADLE_NOT_SET"}}}}})");
  EXPECT_NE(wrong.find("TREADLE_NOT_SET"), std::string::npos) << wrong;
}

}  // namespace
}  // namespace treadle
