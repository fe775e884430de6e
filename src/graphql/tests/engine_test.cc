#include <treadle/graphql/engine.h>

#include <gtest/gtest.h>

namespace treadle::graphql {
namespace {

struct Run {
  std::string name;
  int steps = 0;
};

Schema schema() {
  Schema out;
  out.define(R"(
    "A thing with a name."
    interface Named { name: String! }
    enum State { RUNNING FINISHED }
    input Pick { name: String!, count: Int = 3, tags: [String!], state: State }
    type Run implements Named { id: ID! name: String! steps: Int broken: String! config: JSONString keys: JSON }
    type Project implements Named { name: String! runs(first: Int = 2, order: String): [Run!]! maybe: [Run] }
    union Owner = Run | Project
    type Query { project(name: String!): Project named(run: Boolean!): Named owner: Owner
                 echo(pick: Pick, list: [[Int!]], any: JSON, big: Int64): String bad: Run }
    type Mutation { stop(id: ID!): Boolean })");
  out.resolve("Query", "project", [](const Call& call) -> Result<Output> {
    if (call.args.text("name") == "none") return nullptr;
    return node("Project", call.args.text("name"));
  });
  out.resolve("Query", "named", [](const Call& call) -> Result<Output> {
    if (call.args.flag("run")) return node("Run", Run{"r", 1});
    return node("Project", std::string("p"));
  });
  out.resolve("Query", "owner",
              [](const Call&) -> Result<Output> { return node("Project", std::string("p")); });
  out.resolve("Query", "bad", [](const Call&) -> Result<Output> { return node("Run", Run{}); });
  out.resolve("Query", "echo", [](const Call& call) -> Result<Output> {
    std::string text;
    for (const char* name : {"pick", "list", "any", "big"}) {
      if (const Value* value = call.args.find(name)) text += json_text(*value);
    }
    return text;
  });
  out.resolve("Mutation", "stop", [](const Call&) -> Result<Output> {
    return fail(Errc::kPermissionDenied, "You may not.");
  });
  out.resolve<std::string>("Project",
                           {{"name", [](const std::string& name, const Call&) { return name; }},
                            {"maybe",
                             [](const std::string&, const Call&) -> Result<Output> {
                               return Outputs{node("Run", Run{"a", 1}), nullptr};
                             }},
                            {"runs", [](const std::string&, const Call& call) -> Result<Output> {
                               Outputs runs;
                               for (int i = 0; i < call.args.integer("first"); ++i) {
                                 runs.push_back(node("Run", Run{"r" + std::to_string(i), i}));
                               }
                               return runs;
                             }}});
  out.resolve<Run>("Run", {{"id", [](const Run& r, const Call&) { return r.steps; }},
                           {"name", [](const Run& r, const Call&) { return r.name; }},
                           {"steps", [](const Run& r, const Call&) { return r.steps; }},
                           {"broken",
                            [](const Run&, const Call&) -> Result<Output> {
                              return fail(Errc::kNotFound, "It is gone.");
                            }},
                           {"config", [](const Run&, const Call&) { return R"({"a":NaN})"; }},
                           {"keys", [](const Run&, const Call&) { return Raw{R"({"x":[1]})"}; }}});
  return out;
}

std::string run(std::string_view query, std::string_view variables = "{}",
                const Limits& limits = {}) {
  Engine engine(schema(), limits);
  Context context;
  return engine.run({query, "", *value_from_json(variables)}, context).json;
}

TEST(Engine, FieldsComeInTheOrderTheyAreAskedFor) {
  EXPECT_EQ(run("{ project(name: \"x\") { __typename runs { steps n: name id } } }"),
            R"({"data":{"project":{"__typename":"Project","runs":[{"steps":0,"n":"r0","id":"0"},)"
            R"({"steps":1,"n":"r1","id":"1"}]}}})");
}

TEST(Engine, JsonGoesOutRawAndJsonStringsAsStrings) {
  EXPECT_EQ(run("{ bad { config keys } }"),
            R"({"data":{"bad":{"config":"{\"a\":NaN}","keys":{"x":[1]}}}})");
}

TEST(Engine, NullIsAnAnswerAndNotAnError) {
  EXPECT_EQ(run("{ project(name: \"none\") { name } }"), R"({"data":{"project":null}})");
  EXPECT_EQ(run("{ project(name: \"x\") { maybe { name } } }"),
            R"({"data":{"project":{"maybe":[{"name":"a"},null]}}})");
}

TEST(Engine, AFailedNonNullFieldMakesItsParentNull) {
  EXPECT_EQ(
      run("{ bad { name broken } project(name:\"x\") { name } }"),
      R"({"data":{"bad":null,"project":{"name":"x"}},"errors":[{"message":"It is gone.","path":["bad","broken"]}]})");
}

TEST(Engine, VariablesHaveDefaultsAndThoseNotDeclaredAreIgnored) {
  const char* query =
      "query Q($p: String = \"d\", $n: Int) { project(name: $p) { name runs(first: $n) { name } } "
      "}";
  EXPECT_EQ(run(query, R"({"other": 1})"),
            R"({"data":{"project":{"name":"d","runs":[{"name":"r0"},{"name":"r1"}]}}})");
  EXPECT_EQ(run(query, R"({"p": "x", "n": 1})"),
            R"({"data":{"project":{"name":"x","runs":[{"name":"r0"}]}}})");
}

TEST(Engine, ASingleValueStandsForAList) {
  EXPECT_EQ(run("query($t: [String!]) { echo(pick: {name: \"a\", tags: $t}) }", R"({"t": "x"})"),
            R"({"data":{"echo":"{\"name\":\"a\",\"count\":3,\"tags\":[\"x\"]}"}})");
  EXPECT_EQ(run("{ echo(list: 1) }"), R"({"data":{"echo":"[[1]]"}})");
}

TEST(Engine, EnumsMayComeAsStringsInVariables) {
  EXPECT_EQ(run("query($s: State) { echo(pick: {name: \"a\", state: $s}) }", R"({"s":"RUNNING"})"),
            R"({"data":{"echo":"{\"name\":\"a\",\"count\":3,\"state\":\"RUNNING\"}"}})");
  EXPECT_NE(run("{ echo(pick: {name: \"a\", state: STOPPED}) }").find("cannot be \\\"STOPPED\\\""),
            std::string::npos);
}

TEST(Engine, LargeAndIntegralNumbersFit) {
  EXPECT_EQ(run("query($b: Int64) { echo(big: $b) }", R"({"b": 3.0})"), R"({"data":{"echo":"3"}})");
  EXPECT_EQ(run("query($b: Int64) { echo(big: $b) }", R"({"b": 9007199254740993})"),
            R"({"data":{"echo":"9007199254740993"}})");
}

TEST(Engine, IncludeAndSkipTakeVariablesAndLiterals) {
  EXPECT_EQ(run("query($y: Boolean = false) { bad { name @include(if: true) steps @include(if: $y) "
                "id @skip(if: true) } }"),
            R"({"data":{"bad":{"name":""}}})");
}

TEST(Engine, FragmentsAreTakenByType) {
  EXPECT_EQ(
      run("{ named(run: true) { ...F ... on Run { steps } } owner { ... on Project { name } } } "
          "fragment F on Named { name } fragment Unused on Run { id }"),
      R"({"data":{"named":{"name":"r","steps":1},"owner":{"name":"p"}}})");
}

TEST(Engine, SelectionsOfOneKeyAreMerged) {
  EXPECT_EQ(run("{ bad { name } bad { steps } }"), R"({"data":{"bad":{"name":"","steps":0}}})");
}

TEST(Validation, UnknownFieldsAreWordedAsClientsMatchThem) {
  EXPECT_EQ(run("{ bad { features } }"),
            R"({"errors":[{"message":"Cannot query field \"features\" on type \"Run\"."}]})");
}

TEST(Validation, WhatCannotRunIsRefusedWithoutRunningAnything) {
  for (const char* query :
       {"{", "", "{ project { name } }", "{ project(name: 1) { name } }", "{ bad }",
        "{ bad { name { x } } }", "{ bad { ...Nothing } }", "{ bad(x: 1) { name } }",
        "query($x: Nothing) { bad { name } }", "{ project(name: $x) { name } }",
        "{ bad { name: id name } }", "subscription { bad { name } }", "{ bad @other { name } }",
        "{ bad { ...A } } fragment A on Run { ...B } fragment B on Run { ...A }",
        "{ bad { ... on Project { name } } }",
        "query A { bad { name } } query B { bad { name } }"}) {
    const std::string out = run(query);
    EXPECT_TRUE(out.starts_with("{\"errors\":")) << query << " gave " << out;
  }
}

TEST(Limits, DeepWideAndExplodingDocumentsAreRefused) {
  EXPECT_NE(run(std::string(100'000, '{')).find("Syntax Error"), std::string::npos);
  EXPECT_NE(run("{ echo(any: " + std::string(50'000, '[') + ") }").find("nested too deeply"),
            std::string::npos);
  std::string wide = "{";
  for (int i = 0; i < 30'000; ++i) wide += " a" + std::to_string(i) + ":bad{name}";
  EXPECT_TRUE(run(wide + "}").starts_with("{\"errors\":"));
  std::string bomb = "{ bad { ...F0 } }";
  for (int i = 0; i < 40; ++i) {
    const std::string next = "...F" + std::to_string(i + 1);
    bomb += " fragment F" + std::to_string(i) + " on Run { ... on Run { " + next +
            " } ... on Run { " + next + " } }";
  }
  EXPECT_TRUE(run(bomb + " fragment F40 on Run { name }").starts_with("{\"errors\":"));
}

TEST(Limits, AnAnswerThatGrowsTooLargeEndsWithAnError) {
  EXPECT_NE(
      run("{ project(name: \"x\") { runs(first: 1000000) { name } } }", "{}", {.resolved = 1000})
          .find("too large"),
      std::string::npos);
}

TEST(Documents, StringsBlocksCommentsAndCommasAreRead) {
  EXPECT_EQ(run("{ # a comment\n echo(any: [\"\\u00e9\\n\\\"\", \"\"\"\n  a\n   b\n\"\"\",, 1.5, "
                "-2, {k: null,}],) }"),
            R"({"data":{"echo":"[\"é\\n\\\"\",\"a\\n b\",1.5,-2,{\"k\":null}]"}})");
}

}  // namespace
}  // namespace treadle::graphql
