// The same expressions over the same graph as in Dagster 1.13: the expected results are what its
// AssetSelection.from_string(...).resolve(...) gave.
#include "graph_of.h"
#include <treadle/plan/selection.h>

#include <gtest/gtest.h>

namespace treadle::plan {
namespace {

Definitions iris() {
  Definitions d = define({"!lookup", "raw/iris", "raw/users <- lookup",
                          "training_set test_set <- raw/iris", "model <- training_set raw/users",
                          "evaluation <- model test_set", "dashboard <- evaluation", "loner"});
  AssetInfo& lookup = d.sources[0].asset;
  lookup.group = "ingest";
  lookup.tags = {{"pii", "yes"}};
  lookup.owners = {"team:data"};
  const auto info = [&](std::size_t step, std::size_t output = 0) -> AssetInfo& {
    return d.steps[step].outputs[output].asset;
  };
  info(0).group = info(1).group = "ingest";
  info(0).kinds = {"csv"};
  info(0).owners = {"team:data"};
  info(1).tags = {{"pii", "yes"}};
  info(2).group = info(2, 1).group = info(3).group = "training";
  info(2).tags = {{"domain", "ml"}};
  info(3).kinds = {"onnx", "python"};
  info(3).owners = {"ana@example.com"};
  info(3).tags = {{"prod", ""}};
  info(4).group = info(5).group = "reports";
  info(4).kinds = {"python"};
  return d;
}

struct Row {
  const char* selection;
  const char* selected;
};

constexpr Row kDagster[] = {
    {"*", "raw/iris raw/users training_set test_set model evaluation dashboard loner"},
    {"key:model", "model"},
    {"key:\"model\"", "model"},
    {"key:raw/iris", "raw/iris"},
    {"key:\"raw/iris\"", "raw/iris"},
    {"key:raw/*", "raw/iris raw/users"},
    {"key:*set", "training_set test_set"},
    {"key:*a*", "raw/iris raw/users training_set evaluation dashboard"},
    {"key:r*/i*s", "raw/iris"},
    {"key:lookup", "lookup"},
    {"group:ingest", "raw/iris raw/users"},
    {"group:training", "training_set test_set model"},
    {"group:\"rep*\"", "evaluation dashboard"},
    {"group:nothing", ""},
    {"kind:python", "model evaluation"},
    {"kind:\"onnx\"", "model"},
    {"kind:<null>", "raw/users training_set test_set dashboard loner"},
    {"tag:pii=yes", "raw/users"},
    {"tag:\"pii\"=\"yes\"", "raw/users"},
    {"tag:pii", ""},
    {"tag:prod", "model"},
    {"tag:domain=ml", "training_set"},
    {"owner:\"team:data\"", "lookup raw/iris"},
    {"owner:\"ana@example.com\"", "model"},
    {"is:external", "lookup"},
    {"is:materializable",
     "raw/iris raw/users training_set test_set model evaluation dashboard loner"},
    {"+key:model", "raw/iris raw/users training_set model"},
    {"key:model+", "model evaluation dashboard"},
    {"+key:model+", "raw/iris raw/users training_set model evaluation dashboard"},
    {"1+key:model", "raw/users training_set model"},
    {"1+key:evaluation", "test_set model evaluation"},
    {"2+key:evaluation", "raw/iris raw/users training_set test_set model evaluation"},
    {"key:training_set+1", "training_set model"},
    {"key:training_set+2", "training_set model evaluation"},
    {"1+key:model+1", "raw/users training_set model evaluation"},
    {"0+key:model", "model"},
    {"2+key:evaluation+1", "raw/iris raw/users training_set test_set model evaluation dashboard"},
    {"key:lookup+", "lookup raw/users model evaluation dashboard"},
    {"+key:lookup", ""},
    {"+key:lookup+", "lookup raw/users model evaluation dashboard"},
    {"key:lookup+1", "lookup raw/users"},
    {"not key:model", "raw/iris raw/users training_set test_set evaluation dashboard loner"},
    {"not group:training", "raw/iris raw/users evaluation dashboard loner"},
    {"not (group:training or group:ingest)", "evaluation dashboard loner"},
    {"group:training and kind:python", "model"},
    {"group:training or group:reports", "training_set test_set model evaluation dashboard"},
    {"group:ingest or group:training and kind:python", "raw/iris raw/users model"},
    {"(group:ingest or group:training) and kind:python", "model"},
    {"not group:ingest and kind:python", "model evaluation"},
    {"not not key:model", "model"},
    {"group:training and not key:model", "training_set test_set"},
    {"+key:model and not key:model", "raw/iris raw/users training_set"},
    {"sinks(*)", "dashboard loner"},
    {"roots(*)", "raw/iris raw/users loner"},
    {"sinks(group:training)", "test_set model"},
    {"roots(group:training)", "training_set test_set"},
    {"roots(group:reports)", "evaluation"},
    {"sinks(key:raw/iris or key:model)", "model"},
    {"roots(key:raw/iris or key:model)", "raw/iris"},
    {"sinks(+key:model)", "model"},
    {"roots(+key:evaluation)", "raw/iris raw/users"},
    {"sinks(group:reports)+", "dashboard"},
    {"+roots(group:training)", "raw/iris training_set test_set"},
    {"+(group:reports and kind:python)",
     "raw/iris raw/users training_set test_set model evaluation"},
    {"(key:test_set or key:model)+1", "test_set model evaluation"},
    {"key:model AND kind:onnx", "model"},
    {"key:model OR key:loner", "model loner"},
    {"NOT key:model", "raw/iris raw/users training_set test_set evaluation dashboard loner"},
    {"model", "model"},
    {"training_set", "training_set"},
    {"+model", "raw/users training_set model"},
    {"++model", "raw/iris raw/users training_set model"},
    {"+++model", "raw/iris raw/users training_set model"},
    {"*model", "raw/iris raw/users training_set model"},
    {"model+", "model evaluation"},
    {"model++", "model evaluation dashboard"},
    {"model*", "model evaluation dashboard"},
    {"*model*", "raw/iris raw/users training_set model evaluation dashboard"},
    {"+model+", "raw/users training_set model evaluation"},
    {"+evaluation*", "test_set model evaluation dashboard"},
    {"++evaluation+", "raw/iris raw/users training_set test_set model evaluation dashboard"},
};

// What Dagster has no syntax for: bare keys within expressions, lists, wildcards of all attributes.
constexpr Row kOurs[] = {
    {"", "raw/iris raw/users training_set test_set model evaluation dashboard loner"},
    {"key:*", "lookup raw/iris raw/users training_set test_set model evaluation dashboard loner"},
    {"raw/iris", "raw/iris"},
    {"raw/*", "raw/iris raw/users"},
    {"model, loner", "model loner"},
    {"loner,model,", "model loner"},
    {"model loner", "model loner"},
    {"model +evaluation", "test_set model evaluation"},
    {"+model and not raw/*", "training_set model"},
    {"2+evaluation+1", "raw/iris raw/users training_set test_set model evaluation dashboard"},
    {"1+model", "raw/users training_set model"},
    {"model+2", "model evaluation dashboard"},
    {"sinks(model, loner, raw/users)", "model loner"},
    {"tag:pii=*", "raw/users"},
    {"tag:p*", "model"},
    {"tag:*=*", "raw/users training_set model"},
    {"tag:\"dagster/kind/csv\"", "raw/iris"},
    {"tag:<null>", "raw/iris test_set evaluation dashboard loner"},
    {"kind:*x", "model"},
    {"owner:team:*", "lookup raw/iris"},
    {"owner:team:data", "lookup raw/iris"},
    {"owner:<null> and group:training", "training_set test_set"},
    {"group:<null>", ""},
    {"key:* and not key:model",
     "lookup raw/iris raw/users training_set test_set evaluation dashboard loner"},
    {"Not model Or model And lookup",
     "raw/iris raw/users training_set test_set evaluation dashboard loner"},
    {"  (  model  )  ", "model"},
};

TEST(Selection, MeansWhatItMeansInDagster) {
  const Definitions d = iris();
  const AssetGraph g(d);
  for (const Row& row : kDagster) {
    const auto selection = parse_selection(row.selection);
    ASSERT_TRUE(selection) << selection.error().message;
    const auto selected = select(*selection, g);
    ASSERT_TRUE(selected) << row.selection << ": " << selected.error().message;
    EXPECT_EQ(keys_of(g, *selected), row.selected) << row.selection;
  }
}

TEST(Selection, KnowsWhatDagsterHasNoSyntaxFor) {
  const Definitions d = iris();
  const AssetGraph g(d);
  for (const Row& row : kOurs) {
    const auto selection = parse_selection(row.selection);
    ASSERT_TRUE(selection) << selection.error().message;
    const auto selected = select(*selection, g);
    ASSERT_TRUE(selected) << row.selection << ": " << selected.error().message;
    EXPECT_EQ(keys_of(g, *selected), row.selected) << row.selection;
  }
}

TEST(Selection, TextReadsBackAsTheSameSelection) {
  for (const auto& table : {std::span<const Row>(kDagster), std::span<const Row>(kOurs)}) {
    for (const Row& row : table) {
      const auto selection = parse_selection(row.selection);
      ASSERT_TRUE(selection);
      const auto again = parse_selection(selection->text());
      ASSERT_TRUE(again) << again.error().message;
      EXPECT_TRUE(*again == *selection) << row.selection << " became " << selection->text();
      EXPECT_EQ(again->text(), selection->text());
    }
  }
}

std::string error_of(std::string_view expression) {
  const Definitions d = iris();
  const AssetGraph g(d);
  const auto selected = select(parse_selection(expression).value(), g, false);
  return selected ? "" : selected.error().message;
}

TEST(Selection, NamesAKeyThatIsNotThereAndTheNearest) {
  EXPECT_EQ(error_of("key:modle or loner"), "There is no asset 'modle'. Did you mean 'model'?");
  EXPECT_EQ(error_of("not xyz, abc"), "There is no asset 'xyz'. There is no asset 'abc'.");
  EXPECT_EQ(error_of("key:\"\x1b[2J\""), "There is no asset '?[2J'.");
  EXPECT_EQ(error_of("key:nothing*"), "Selection 'key:nothing*' selects no asset.");
}

TEST(Selection, AnEmptyResultSaysWhatThereIs) {
  EXPECT_EQ(error_of("group:trainning"),
            "Selection 'group:trainning' selects no asset. Did you mean 'training'? There is: "
            "'default', 'ingest', 'reports', 'training'.");
  EXPECT_EQ(error_of("kind:pyhton and group:training"),
            "Selection 'kind:pyhton and group:training' selects no asset. Did you mean 'python'? "
            "There is: 'csv', 'onnx', 'python'.");
  EXPECT_EQ(error_of("tag:domain"),
            "Selection 'tag:domain' selects no asset. There is: 'domain=ml', 'pii=yes', 'prod'.");
  EXPECT_EQ(error_of("model and loner"), "Selection 'key:model and key:loner' selects no asset.");
  EXPECT_EQ(error_of("model"), "");
}

}  // namespace
}  // namespace treadle::plan
