#include <treadle/define/config_schema.h>
#include <treadle/define/definitions.h>

#include <gtest/gtest.h>

#include <cmath>

namespace treadle {
namespace {

using V = ConfigValue;
using Reason = ConfigError::Reason;

ConfigType trainer() {
  return config::shape({
      config::field("url", config::string_source()),
      config::field("trees", config::integer(), {.default_value = 10}),
      config::field("rate", config::floating(), {.default_value = 1}),
      config::field("tags", config::array(config::string()), {.default_value = V::list()}),
  });
}

EnvironmentLookup environment(std::string name, std::string value) {
  return
      [=](const std::string& asked) { return asked == name ? std::optional(value) : std::nullopt; };
}

std::string only_message(const ConfigType& type, const V& value) {
  const auto errors = validate_config(type, value);
  EXPECT_EQ(errors.size(), 1U);
  return errors.empty() ? "" : errors.front().message;
}

TEST(ProcessConfig, FillsInDefaultsInTheOrderOfTheFields) {
  const ConfigOutcome outcome = process_config(trainer(), V::dict({{"trees", 3}, {"url", "db"}}));
  ASSERT_TRUE(outcome.ok()) << outcome.text("");
  EXPECT_EQ(outcome.value->repr(), "{'url': 'db', 'trees': 3, 'rate': 1.0, 'tags': []}");
}

TEST(ProcessConfig, TellsEveryWrongPathAtOnceWithTheNearestName) {
  const ConfigOutcome outcome = process_config(
      trainer(), V::dict({{"treees", 3}, {"rate", "fast"}, {"tags", V::list({"a", 1})}}));
  ASSERT_FALSE(outcome.ok());
  EXPECT_FALSE(outcome.value);
  EXPECT_EQ(outcome.text("Error in config for op"),
            "Error in config for op\n"
            "    Error 1: Received unexpected config entry \"treees\" at the root. Expected: \"{ "
            "rate?: Float tags?: "
            "[String] trees?: Int url: (String | { env: String }) }\". Did you mean 'trees'?\n"
            "    Error 2: Missing required config entry \"url\" at the root. You must provide this "
            "value in your run "
            "config. Example config for the missing entry: {'url': '...'}\n"
            "    Error 3: Invalid scalar at path root:rate. Value \"fast\" of type \"<class "
            "'str'>\" is not valid for "
            "expected type \"Float\".\n"
            "    Error 4: Invalid scalar at path root:tags[1]. Value \"1\" of type \"<class "
            "'int'>\" is not valid for "
            "expected type \"String\".");
  EXPECT_EQ(outcome.errors[0].reason, Reason::kUndefinedField);
  EXPECT_EQ(outcome.errors[1].names, std::vector<std::string>{"url"});
  EXPECT_EQ(outcome.errors[3].path, "root:tags[1]");
}

TEST(ProcessConfig, LooksUpEnvironmentVariablesOnlyAfterEverythingFits) {
  const V by_env = V::dict({{"url", V::dict({{"env", "DB_URL"}})}});
  EXPECT_EQ(
      *process_config(trainer(), by_env, environment("DB_URL", "db.local")).value->find("url"),
      V("db.local"));
  const ConfigOutcome unset = process_config(trainer(), by_env, environment("OTHER", ""));
  ASSERT_EQ(unset.errors.size(), 1U);
  EXPECT_EQ(unset.errors[0].reason, Reason::kPostProcessing);
  EXPECT_EQ(unset.errors[0].message,
            "Post processing at path root:url of original value {'env': 'DB_URL'} "
            "failed:\nPostProcessingError: You "
            "have attempted to fetch the environment variable \"DB_URL\" which is not set. In "
            "order for this "
            "execution to succeed it must be set in this environment.\n");
  EXPECT_TRUE(validate_config(trainer(), by_env).empty());
}

TEST(ProcessConfig, NumbersInTheEnvironmentAreReadAsPythonReadsThem) {
  const auto number = [](const std::string& text) {
    return process_config(config::int_source(), V::dict({{"env", "N"}}), environment("N", text));
  };
  EXPECT_EQ(number(" +1_000 ").value, V(1000));
  EXPECT_EQ(number("-7").value, V(-7));
  for (const char* wrong : {"", "1.5", "1__0", "_1", "1_", "0x10", "secret"}) {
    const ConfigOutcome outcome = number(wrong);
    ASSERT_EQ(outcome.errors.size(), 1U) << wrong;
    EXPECT_EQ(outcome.errors[0].message.find("secret"), std::string::npos)
        << "a value may be a secret";
  }
  const auto flag = [](const std::string& text) {
    return *process_config(config::bool_source(), V::dict({{"env", "B"}}), environment("B", text))
                .value;
  };
  EXPECT_EQ(flag("yes"), V(true));
  EXPECT_EQ(flag("FALSE"), V(false));
  EXPECT_EQ(flag(""), V(false));
}

TEST(ProcessConfig, EnumsBecomeTheirMembersAndDefaultsAreProcessedToo) {
  const ConfigType color =
      config::enumeration("Color", {{.name = "RED", .value = V(1)}, {.name = "BLUE"}});
  const ConfigType type = config::shape({config::field("color", color, {.default_value = "RED"})});
  EXPECT_EQ(process_config(type, V::dict()).value->repr(), "{'color': 1}");
  EXPECT_EQ(process_config(type, V::dict({{"color", "BLUE"}})).value->repr(), "{'color': 'BLUE'}");
  EXPECT_EQ(only_message(type, V::dict({{"color", "BLEU"}})),
            "Value at path root:color not in enum type Color got BLEU. Did you mean 'BLUE'?");
  EXPECT_EQ(only_message(type, V::dict({{"color", 3}})),
            "Value at path root:color for enum type Color must be a string");
}

TEST(ProcessConfig, SelectorsTakeExactlyOneField) {
  const ConfigType store = config::selector({
      config::field("file", config::shape({config::field("path", config::string(),
                                                         {.default_value = "/tmp"})})),
      config::field("bucket", config::string()),
  });
  EXPECT_EQ(process_config(store, V::dict({{"file", {}}})).value->repr(),
            "{'file': {'path': '/tmp'}}");
  EXPECT_EQ(only_message(store, V::dict()),
            "Must specify a field at the root if more than one field is defined. Defined fields: "
            "['bucket', 'file']");
  EXPECT_EQ(only_message(store, V::dict({{"file", {}}, {"bucket", "b"}})),
            "You can only specify a single field at the root. You specified ['bucket', 'file']. "
            "The available fields "
            "are ['bucket', 'file']");
  EXPECT_EQ(only_message(store, "file"), "Value for selector type at the root must be a dict");
  const ConfigType one = config::selector({config::field("file", config::string())});
  EXPECT_EQ(only_message(one, V::dict()),
            "Must specify the required field at the root. Defined fields: ['file']");
}

TEST(ProcessConfig, PermissiveDictsKeepWhatTheyDoNotKnow) {
  const ConfigType type =
      config::permissive({config::field("known", config::integer(), {.default_value = 1})});
  EXPECT_EQ(process_config(type, V::dict({{"more", V::list({1, "x"})}})).value->repr(),
            "{'known': 1, 'more': [1, 'x']}");
  EXPECT_EQ(validate_config(type, V::dict({{"known", "x"}, {"more", 1}})).size(), 1U);
}

TEST(ProcessConfig, MapsCheckKeysAndValues) {
  const ConfigType type = config::map(config::integer(), config::floating());
  V::Dict good;
  good.push_back({V(1), V(2)});
  EXPECT_EQ(process_config(type, good).value->repr(), "{1: 2.0}");
  const auto errors = validate_config(type, V::dict({{"a", "b"}}));
  ASSERT_EQ(errors.size(), 2U);
  EXPECT_EQ(errors[0].path, "root:'a':key");
  EXPECT_EQ(errors[1].path, "root:'a':value");
}

TEST(ProcessConfig, NullsAreOnlyForWhatMayBeNull) {
  const ConfigType type = config::shape({
      config::field("maybe", config::noneable(config::integer())),
      config::field("must", config::integer()),
  });
  EXPECT_EQ(process_config(type, V::dict({{"must", 1}})).value->repr(),
            "{'maybe': None, 'must': 1}");
  EXPECT_EQ(only_message(type, V::dict({{"must", V()}})),
            "Value at path root:must must not be None. Expected \"Int\"");
}

TEST(ProcessConfig, AFieldMayBeGivenUnderItsAliasButNotUnderBoth) {
  const ConfigType type =
      config::shape({config::field("new", config::integer(), {.alias = "old"})});
  EXPECT_EQ(process_config(type, V::dict({{"old", 1}})).value->repr(), "{'new': 1}");
  EXPECT_EQ(only_message(type, V::dict({{"old", 1}, {"new", 2}})),
            "Received both field 'new' and field 'old' in config. Please use one or the other.");
}

TEST(ProcessConfig, AThousandWrongFieldsAreAllTold) {
  std::vector<ConfigField> fields;
  V given;
  for (int i = 0; i < 1000; ++i) {
    fields.push_back(config::field("field_" + std::to_string(i), config::integer()));
    given.set("wrong_" + std::to_string(i), i);
  }
  const auto errors = validate_config(config::shape(fields), given);
  ASSERT_EQ(errors.size(), 2U);
  EXPECT_EQ(errors[0].names.size(), 1000U);
  EXPECT_EQ(errors[1].names.size(), 1000U);
}

TEST(ConfigFields, AreOptionalWhenNothingBelowThemMustBeSaid) {
  const ConfigField inner = config::field("n", config::integer(), {.default_value = 1});
  const ConfigField outer = config::field("outer", config::shape({inner}));
  EXPECT_FALSE(outer.required);
  EXPECT_EQ(outer.default_value->repr(), "{'n': 1}");
  EXPECT_FALSE(config::field("any_dict", config::permissive()).required);
  EXPECT_TRUE(config::field("s", config::string()).required);
  const ConfigField left_out = config::field("s", config::string(), {.required = false});
  EXPECT_EQ(process_config(config::shape({left_out}), V::dict()).value->repr(), "{}");
}

TEST(ConfigFields, ADefaultThatDoesNotFitIsAMistakeOfTheDefinition) {
  EXPECT_THROW(config::field("n", config::integer(), {.default_value = "three"}), DefinitionError);
}

TEST(ConfigValues, GoThroughJsonAndBack) {
  const V value = V::dict({{"a", V::list({1, 2.5, "x\"y", true, V()})}, {"b", V::dict()}});
  const auto back = V::parse_json(value.json());
  ASSERT_TRUE(back);
  EXPECT_EQ(*back, value);
  EXPECT_EQ(back->repr(), value.repr());
  EXPECT_FALSE(V::parse_json("{"));
  EXPECT_EQ(V::parse_json("18446744073709551615")->repr(), "18446744073709551615");
}

TEST(ConfigValues, AreWrittenAsPythonWritesThem) {
  EXPECT_EQ(V(1e16).repr(), "1e+16");
  EXPECT_EQ(V(0.00001).repr(), "1e-05");
  EXPECT_EQ(V(100.0).repr(), "100.0");
  EXPECT_EQ(V(-0.0).repr(), "-0.0");
  EXPECT_EQ(V("it's").repr(), "\"it's\"");
  EXPECT_EQ(V("a\\b\n'\"").repr(), R"('a\\b\n\'"')");
}

class Text final : public ConfigObject {
 public:
  explicit Text(std::string env_var) : env_var_(std::move(env_var)) {}
  std::string text() const override { return "text"; }
  std::string repr() const override { return "Text()"; }
  std::string type_name() const override { return "<class 'Text'>"; }
  V::Kind counts_as() const override { return V::Kind::kString; }
  std::string env_var() const override { return env_var_; }

 private:
  std::string env_var_;
};

TEST(ConfigValues, AnObjectThatCountsAsAScalarIsOneAndComesBackItself) {
  const V text = std::make_shared<const Text>("");
  const ConfigOutcome outcome = process_config(config::string(), text);
  ASSERT_TRUE(outcome.ok());
  EXPECT_EQ(outcome.value->as_object(), text.as_object());
  EXPECT_EQ(only_message(config::integer(), text),
            "Invalid scalar at the root. Value \"text\" of type \"<class 'Text'>\" is not valid "
            "for expected type \"Int\".");
}

TEST(ConfigValues, AWrapperOfAnEnvironmentVariableIsRefusedWhereOnlyItsNameMayStand) {
  EXPECT_NE(only_message(config::string(), V(std::make_shared<const Text>("DB_URL")))
                .find("replace EnvVar(\"DB_URL\") with {'env': 'DB_URL'}"),
            std::string::npos);
}

}  // namespace
}  // namespace treadle
