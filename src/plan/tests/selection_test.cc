#include "graph_of.h"
#include <treadle/plan/selection.h>

#include <gtest/gtest.h>

namespace treadle::plan {
namespace {

std::string normalised(std::string_view text) {
  const auto selection = parse_selection(text);
  return selection ? selection->text() : "!! " + selection.error().message;
}

std::string mistake(std::string_view text) {
  const auto selection = parse_selection(text);
  if (selection) return "reads as " + selection->text();
  const std::string prefix = "selection '" + std::string(text) + "': ";
  const std::string& message = selection.error().message;
  return message.starts_with(prefix) ? message.substr(prefix.size()) : message;
}

TEST(SelectionText, IsNormalised) {
  EXPECT_EQ(normalised(" "), "*");
  EXPECT_EQ(normalised("raw/iris"), "key:raw/iris");
  EXPECT_EQ(normalised("raw-data.v2"), "key:\"raw-data.v2\"");
  EXPECT_EQ(normalised("NOT ( a OR b ) AND c"), "not (key:a or key:b) and key:c");
  EXPECT_EQ(normalised("((a and b)) and (c and d)"), "key:a and key:b and key:c and key:d");
  EXPECT_EQ(normalised("a or (b or c), d"), "key:a or key:b or key:c or key:d");
  EXPECT_EQ(normalised("2+key:a+1"), "2+key:a+1");
  EXPECT_EQ(normalised("+(key:a+)"), "+(key:a+)");
  EXPECT_EQ(normalised("++a*"), "2+key:a+");
  EXPECT_EQ(normalised("(not a)+"), "(not key:a)+");
  EXPECT_EQ(normalised("(*)+"), "(*)+");
  EXPECT_EQ(normalised("roots((a or b))"), "roots(key:a or key:b)");
  EXPECT_EQ(normalised("group:\"my*\""), "group:\"my*\"");
  EXPECT_EQ(normalised("tag:a=b"), "tag:a=b");
  EXPECT_EQ(normalised("tag:\"a\"=\"\""), "tag:a");
  EXPECT_EQ(normalised("owner:team:data"), "owner:\"team:data\"");
  EXPECT_EQ(normalised("key:and*"), "key:and*");
  EXPECT_EQ(normalised("\"and\""), "key:\"and\"");
  EXPECT_EQ(normalised(R"("a \"b\" \\ \*")"), R"(key:"a \"b\" \\ \*")");
}

TEST(SelectionText, NumbersAreKeysUnlessAPlusAndASelectionFollow) {
  EXPECT_EQ(normalised("2024"), "key:\"2024\"");
  EXPECT_EQ(normalised("2024+"), "key:\"2024\"+1");
  EXPECT_EQ(normalised("+2024"), "1+key:\"2024\"");
  EXPECT_EQ(normalised("2+2024"), "2+key:\"2024\"");
  EXPECT_EQ(normalised("99999999999999999999+a"), "1000000000+key:a");
}

TEST(SelectionText, APlusBelongsToWhatItTouches) {
  EXPECT_EQ(normalised("a +b"), "key:a or 1+key:b");
  EXPECT_EQ(normalised("a+ b"), "key:a+1 or key:b");
  EXPECT_EQ(normalised("key:a +"), "key:a+");
  EXPECT_EQ(mistake("a + b"),
            "a '+' stands alone between two selections at column 3. Write 'or' for both of them, "
            "or put the '+' next to the one it belongs to.");
}

TEST(SelectionErrors, PointAtTheColumnAndSayTheCure) {
  EXPECT_EQ(normalised("kind:"),
            "!! selection 'kind:': expected a value after 'kind:' at column 6.");
  EXPECT_EQ(mistake("key:a and"),
            "expected a selection at column 10. Write a key, an attribute "
            "like group:name, or *.");
  EXPECT_EQ(mistake("and b"),
            "nothing stands before 'and' at column 1. Write a selection on both "
            "sides of it.");
  EXPECT_EQ(mistake("(a or b"), "this '(' is not closed at column 1. Add a ')'.");
  EXPECT_EQ(mistake("c and sinks(a"), "'sinks(' is not closed at column 12. Add a ')'.");
  EXPECT_EQ(mistake("a)"), "this ')' closes nothing at column 2. Remove it.");
  EXPECT_EQ(mistake("()"),
            "unexpected ')' at column 2. Write 'and', 'or' or ',' between two "
            "selections.");
  EXPECT_EQ(mistake("a & b"), "unexpected '&' at column 3. Write 'and'.");
  EXPECT_EQ(mistake("key:'a'"), "unexpected single quote at column 5. Use double quotes.");
  EXPECT_EQ(mistake("key:\"a"),
            "a quote is opened and not closed at column 5. Add a '\"' at the "
            "end of the name.");
  EXPECT_EQ(mistake("\xc3\xa9t\xc3\xa9 & b"), "unexpected '&' at column 5. Write 'and'.");
  EXPECT_EQ(mistake("gruop:a"),
            "unknown attribute 'gruop:' at column 1. Did you mean 'group'? There "
            "are key:, group:, kind:, tag:, owner: and is:.");
  EXPECT_EQ(mistake("leaves(a)"),
            "unknown function 'leaves' at column 1. There are sinks(...), roots(...), "
            "with_external(...), upstream_external(...) and neighbors(...).");
  EXPECT_EQ(mistake("++key:a"),
            "more than one '+' at column 1. Write the number of levels: "
            "2+key:name+2.");
  EXPECT_EQ(mistake("a not b"),
            "unexpected 'not' at column 3. Write 'and not' to take something "
            "away.");
  EXPECT_EQ(mistake("a and b c"),
            "a list without commas is mixed with and, or, not at column 9. "
            "Put 'and', 'or' or ',' between, or use parentheses.");
  EXPECT_EQ(mistake("key:and"),
            "expected a value after 'key:', not 'and' at column 5. Put it in "
            "double quotes if that is the name.");
  EXPECT_EQ(mistake("is:big"), "expected 'external' or 'materializable' after 'is:' at column 4.");
  EXPECT_EQ(mistake("group:a=b"),
            "unexpected '=' at column 8. Only a tag has a value: "
            "tag:name=value.");
  EXPECT_EQ(mistake("key:a:b"),
            "unexpected ':' at column 6. Put a name that contains ':' in "
            "double quotes: key:\"a:b\".");
  EXPECT_EQ(mistake("\"\""), "the key is empty at column 1. Write its name.");
  EXPECT_EQ(mistake(",a"),
            "unexpected ',' at column 1. Write 'and', 'or' or ',' between two "
            "selections.");
}

TEST(SelectionErrors, SayWhatTreadleDoesNotHave) {
  const auto selection = parse_selection("group:a and code_location:x");
  ASSERT_FALSE(selection);
  EXPECT_EQ(selection.error().code, Errc::kUnsupported);
  EXPECT_EQ(selection.error().message,
            "selection 'group:a and code_location:x': 'code_location:' is not supported at column "
            "13. Use key:, group:, kind:, tag:, owner: or is:.");
}

TEST(SelectionErrors, SurviveHostileInput) {
  EXPECT_NE(mistake(std::string(100'000, '(')).find("more than 500 parentheses"),
            std::string::npos);
  EXPECT_NE(mistake(std::string(100'000, '+')).find("expected a selection"), std::string::npos);
  std::string nots;
  for (int i = 0; i < 100'001; ++i) nots += "not ";
  EXPECT_EQ(normalised(nots + "a"), "not key:a");
  EXPECT_FALSE(parse_selection(std::string(17 << 20, 'a')));
  EXPECT_EQ(normalised(std::string_view("\0\x1b[2J\xff", 6)),
            "!! selection '??[2J?': unexpected '?' at column 1. Put names with such characters in "
            "double quotes.");
}

TEST(SelectionValue, ComposesAsItsTextDoes) {
  const Selection a = Selection::keys({"a"});
  const Selection bc = Selection::keys({"raw/b", "c"});
  EXPECT_EQ(Selection().text(), "*");
  EXPECT_EQ((a | bc).text(), "key:a or key:raw/b or key:c");
  EXPECT_EQ((a & bc).text(), "key:a and (key:raw/b or key:c)");
  EXPECT_EQ((a - bc).text(), "key:a and not (key:raw/b or key:c)");
  EXPECT_EQ(bc.upstream(2).text(), "2+(key:raw/b or key:c)");
  EXPECT_EQ(a.downstream().text(), "key:a+");
  EXPECT_EQ(a.downstream(1, false).text(), "key:a+1 and not key:a");
  EXPECT_EQ((a.sinks() | bc.roots()).text(), "sinks(key:a) or roots(key:raw/b or key:c)");
  EXPECT_TRUE((a | bc) == *parse_selection("a, raw/b, c"));
  EXPECT_FALSE(a == bc);
}

TEST(SelectionValue, KeysAreTakenLiterally) {
  const Selection odd = Selection::keys({"a*b", "say \"hi\"", "back\\slash", "or", "*"});
  EXPECT_EQ(odd.text(),
            R"(key:"a\*b" or key:"say \"hi\"" or key:"back\\slash" or key:"or" or key:"\*")");
  EXPECT_TRUE(*parse_selection(odd.text()) == odd);
}

TEST(SelectionValue, OfNoKeysSelectsNothing) {
  const Selection none = Selection::keys({});
  EXPECT_EQ(none.text(), "not *");
  EXPECT_TRUE(*parse_selection(none.text()) == none) << none.text();
}

std::string selected(const Definitions& definitions, std::string_view text) {
  const AssetGraph graph(definitions);
  const auto found = select(parse_selection(text).value(), graph);
  return found ? keys_of(graph, *found) : "!! " + found.error().message;
}

TEST(SelectionFunctions, WithExternalMeansSourceAssetsAsWell) {
  Definitions d = define({"!out/raw", "in/model <- out/raw"});
  d.sources[0].asset.group = d.steps[0].outputs[0].asset.group = "g";
  EXPECT_EQ(selected(d, "*"), "in/model");
  EXPECT_EQ(selected(d, "with_external(*)"), "out/raw in/model");
  EXPECT_EQ(selected(d, "group:g"), "in/model");
  EXPECT_EQ(selected(d, "with_external(group:g)"), "out/raw in/model");
  EXPECT_EQ(selected(d, "with_external(group:g) and is:materializable"), "in/model");
  EXPECT_EQ(selected(d, "with_external(group:g) and group:g"), "in/model");
}

TEST(SelectionFunctions, UpstreamExternalAreTheSourcesHoweverFarAway) {
  const Definitions d = define({"!far", "!near <- far", "a <- near", "b <- a", "!other"});
  EXPECT_EQ(selected(d, "upstream_external(key:b)"), "far near");
  EXPECT_EQ(selected(d, "+key:b"), "a b");
}

TEST(SelectionFunctions, NeighborsCompleteWhatCannotBeDivided) {
  Definitions d = define({"a b", "c d"});
  d.steps[1].can_subset = true;
  EXPECT_EQ(selected(d, "neighbors(key:a)"), "a b");
  EXPECT_EQ(selected(d, "neighbors(key:c)"), "c");
}

TEST(SelectionAttributes, AKeyPrefixMeansWholeParts) {
  const Definitions d = define({"raw", "raw/x", "raw/x/y", "rawer", "!raw/source"});
  EXPECT_EQ(selected(d, "key_prefix:raw"), "raw raw/x raw/x/y");
  EXPECT_EQ(selected(d, "key_prefix:\"raw/x\""), "raw/x raw/x/y");
  EXPECT_EQ(normalised("key_prefix:raw"), "key_prefix:raw");
}

TEST(Select, AllowsUnknownKeysWhenTold) {
  const Definitions d = define({"a"});
  const AssetGraph graph(d);
  const Selection selection = parse_selection("key:a or key:gone").value();
  EXPECT_FALSE(select(selection, graph));
  EXPECT_EQ(keys_of(graph, select(selection, graph, true, true).value()), "a");
}

}  // namespace
}  // namespace treadle::plan
