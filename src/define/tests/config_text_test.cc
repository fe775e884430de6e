#include <treadle/define/config_schema.h>

#include <gtest/gtest.h>

namespace treadle {
namespace {

using V = ConfigValue;

ConfigType model() {
  return config::shape({
      config::field("trees", config::integer(), {.description = "How many.\nMore is slower."}),
      config::field("kind", config::enumeration("Kind", {{.name = "gini"}, {.name = "entropy"}}),
                    {.default_value = "gini"}),
      config::field("note", config::string(), {.required = false}),
      config::field("limit", config::noneable(config::integer()), {.required = true}),
      config::field("token", config::string(), {.default_value = "hush", .secret = true}),
      config::field("data", config::shape({config::field("path", config::string())})),
  });
}

TEST(ConfigText, IsOneLine) {
  EXPECT_EQ(config::map(config::string(), config::array(model()->fields[0].type), "name").text(),
            "{ [name: String]: [Int] }");
  EXPECT_EQ(config::shape({}).text(), "{ }");
  EXPECT_EQ(
      model().text(),
      "{ data: { path: String } kind?: Kind limit: Int? note?: String token?: String trees: Int }");
}

TEST(SampleYaml, SaysWhatMustBeSaidAndCommentsTheRest) {
  EXPECT_EQ(sample_yaml(model()),
            "trees: 0  # Int: How many.\n"
            "kind: gini  # Kind, optional\n"
            "# note: \"...\"  # String, optional\n"
            "limit: null  # Int?\n"
            "token: \"...\"  # String, optional\n"
            "data:\n"
            "  path: \"...\"  # String\n");
}

TEST(SampleYaml, ShowsOneFieldOfASelectorAndCommentsTheOthers) {
  const ConfigType type = config::selector({
      config::field("local", config::shape({config::field("path", config::string())})),
      config::field("bucket", config::string()),
  });
  EXPECT_EQ(sample_yaml(type),
            "local:\n"
            "  path: \"...\"  # String\n"
            "# bucket: \"...\"  # String\n");
}

TEST(SampleYaml, QuotesWhatYamlWouldReadAsSomethingElse) {
  const auto sample = [](const char* text) {
    return sample_yaml(
        config::shape({config::field("x", config::string(), {.default_value = text})}));
  };
  EXPECT_EQ(sample("no"), "x: \"no\"  # String, optional\n");
  EXPECT_EQ(sample("a: b"), "x: \"a: b\"  # String, optional\n");
  EXPECT_EQ(sample("plain-text"), "x: plain-text  # String, optional\n");
}

TEST(SchemaJson, SaysEverythingButSecrets) {
  const auto json = V::parse_json(schema_json(model()));
  ASSERT_TRUE(json);
  EXPECT_EQ(json->find("kind")->text(), "shape");
  const V::List& fields = *json->find("fields")->as_list();
  ASSERT_EQ(fields.size(), 6U);
  EXPECT_EQ(fields[1].find({"type", "members"})->as_list()->size(), 2U);
  EXPECT_EQ(*fields[1].find("default"), V("gini"));
  EXPECT_EQ(schema_json(model()).find("hush"), std::string::npos);
}

}  // namespace
}  // namespace treadle
