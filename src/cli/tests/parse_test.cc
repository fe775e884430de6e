#include "../parse.h"

#include "../help.h"

#include <gtest/gtest.h>

namespace treadle::cli {
namespace {

struct Values {
  bool json = false;
  std::string home, selection, executor;
  std::vector<std::string> tags, paths;
  int limit = 7;
  bool stale = false, quick = false;
};

CommandSpec make_root(Values& v) {
  CommandSpec materialize;
  materialize.name = "materialize";
  materialize.summary = "Make assets";
  materialize.arguments = {{"SELECTION", "Which", &v.selection, WordKind::kAsset, false}};
  materialize.options = {
      {.names = "--stale", .value = "", .help = "Only stale", .target = &v.stale},
      {.names = "-q,--quick", .value = "", .help = "Quick", .target = &v.quick},
      {.names = "-n,--limit", .value = "N", .help = "At most", .target = &v.limit},
      {.names = "--tags", .value = "T", .help = "Tags", .target = &v.tags},
      {.names = "--executor",
       .value = "E",
       .help = "Where",
       .target = &v.executor,
       .choices = {"in_process", "process"}}};
  materialize.run = [](Session&) { return 0; };
  CommandSpec put;
  put.name = "put";
  put.arguments = {{"NAME", "A name", &v.selection}, {"PATH", "What to keep", &v.paths}};
  put.run = materialize.run;
  CommandSpec group;
  group.name = "artifact";
  group.subcommands = {put};
  CommandSpec root;
  root.name = "treadle";
  root.options = {{.names = "--json", .value = "", .help = "JSON", .target = &v.json},
                  {.names = "--home", .value = "DIR", .help = "Home", .target = &v.home}};
  root.subcommands = {materialize, group};
  return root;
}

std::string error_of(const std::vector<std::string>& words) {
  Values v;
  const CommandSpec root = make_root(v);
  return parse(root, words).error.value_or("");
}

TEST(Parse, FillsOptionsInAnyOrderAndForm) {
  Values v;
  const CommandSpec root = make_root(v);
  const Parsed parsed = parse(root, {"--home=/h", "materialize", "--stale", "+model", "-qn3",
                                     "--tags", "a=1", "--json", "--tags=b=2"});
  ASSERT_FALSE(parsed.error) << *parsed.error;
  EXPECT_EQ(parsed.command_line(), "treadle materialize");
  EXPECT_EQ(v.home, "/h");
  EXPECT_EQ(v.selection, "+model");
  EXPECT_TRUE(v.stale && v.quick && v.json);
  EXPECT_EQ(v.limit, 3);
  EXPECT_EQ(v.tags, (std::vector<std::string>{"a=1", "b=2"}));
}

TEST(Parse, DoubleDashEndsOptions) {
  Values v;
  const CommandSpec root = make_root(v);
  EXPECT_FALSE(parse(root, {"artifact", "put", "x", "--", "--odd", "-n"}).error);
  EXPECT_EQ(v.paths, (std::vector<std::string>{"--odd", "-n"}));
}

TEST(Parse, NamesOfCommandsMayBeArguments) {
  Values v;
  const CommandSpec root = make_root(v);
  const Parsed parsed = parse(root, {"materialize", "artifact"});
  EXPECT_FALSE(parsed.error);
  EXPECT_EQ(v.selection, "artifact");
}

TEST(Parse, MistypedWordsGetASuggestion) {
  EXPECT_EQ(error_of({"materialise"}),
            "'materialise' is not a command of 'treadle'. Did you mean 'materialize'?");
  EXPECT_EQ(error_of({"materialize", "--stael"}),
            "'treadle materialize' has no option --stael. Did you mean '--stale'?");
  EXPECT_EQ(
      error_of({"materialize", "--executor", "proces"}),
      "Option --executor takes one of in_process, process, not 'proces'. Did you mean 'process'?");
  EXPECT_EQ(error_of({"put"}),
            "'put' is not a command of 'treadle'. Did you mean 'treadle artifact put'?");
}

TEST(Parse, SaysWhatIsMissingOrTooMuch) {
  EXPECT_EQ(error_of({"artifact"}), "'treadle artifact' needs a command: put.");
  EXPECT_EQ(error_of({"artifact", "put"}), "'treadle artifact put' needs NAME: A name.");
  EXPECT_EQ(error_of({"artifact", "put", "x"}), "'treadle artifact put' needs PATH: What to keep.");
  EXPECT_EQ(error_of({"materialize", "a", "or", "b"}),
            "'treadle materialize' takes 1 argument; 'or' is one word too many. Quote a text with "
            "spaces.");
  EXPECT_EQ(error_of({"materialize", "--limit"}), "Option --limit needs a value: --limit N.");
  EXPECT_EQ(error_of({"materialize", "--stale=yes"}), "Option --stale takes no value.");
  for (const char* bad : {"three", "3x", "-1", "", "99999999999"})
    EXPECT_EQ(error_of({"materialize", "--limit", bad}),
              "Option --limit takes a whole number from 0, not '" + std::string(bad) + "'.");
}

TEST(Parse, MistypedTextCannotWriteToTheTerminal) {
  EXPECT_EQ(error_of({"\x1b[2J"}).find('\x1b'), std::string::npos);
  EXPECT_EQ(error_of({"materialize", "--\x1b[2J"}).find('\x1b'), std::string::npos);
}

TEST(Parse, HelpWinsOverWhatIsWrong) {
  Values v;
  const CommandSpec root = make_root(v);
  for (const std::vector<std::string>& words :
       {std::vector<std::string>{"artifact", "put", "--help"},
        {"artifact", "put", "-h", "a"},
        {"help", "artifact", "put"}}) {
    const Parsed parsed = parse(root, words);
    EXPECT_TRUE(parsed.help);
    EXPECT_FALSE(parsed.error);
    EXPECT_EQ(parsed.command_line(), "treadle artifact put");
  }
}

TEST(Help, NamesEveryOptionArgumentAndCommand) {
  Values v;
  const CommandSpec root = make_root(v);
  const std::string help = render_help(parse(root, {"materialize", "--help"}).path, {});
  for (const char* part :
       {"Usage: treadle materialize [OPTIONS] [SELECTION]", "--stale", "-q, --quick",
        "--executor E", "(in_process, process)", "--home DIR", "-h, --help"})
    EXPECT_NE(help.find(part), std::string::npos) << part << "\n" << help;
  EXPECT_EQ(render_usage(parse(root, {"artifact", "put", "-h"}).path),
            "Usage: treadle artifact put NAME PATH...");
}

}  // namespace
}  // namespace treadle::cli
