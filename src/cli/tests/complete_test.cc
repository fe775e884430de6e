#include "../complete.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace treadle::cli {
namespace {

class CompleteTest : public testing::Test {
 protected:
  CompleteTest() {
    CommandSpec show;
    show.name = "show";
    show.summary = "Show an asset";
    show.arguments = {{"KEY", "The key", &text_, WordKind::kAsset}};
    show.options = {
        {.names = "-f,--file",
         .value = "FILE",
         .help = "A file",
         .target = &text_,
         .kind = WordKind::kFile},
        {.names = "--color",
         .value = "WHEN",
         .help = "Colour",
         .target = &text_,
         .choices = {"auto", "always"}},
        {.names = "--secret", .value = "", .help = "", .target = &flag_, .hidden = true}};
    CommandSpec asset;
    asset.name = "asset";
    asset.summary = "Look at assets";
    asset.subcommands = {show};
    root_.name = "treadle";
    root_.options = {{.names = "--json", .value = "", .help = "JSON", .target = &flag_}};
    root_.subcommands = {asset};
  }
  std::vector<std::string> words(const std::vector<std::string>& line) {
    const Completion completion = complete(root_, line, [](WordKind kind) {
      return kind == WordKind::kAsset ? std::vector<Candidate>{{"model", ""}, {"raw/iris", ""}}
                                      : std::vector<Candidate>{};
    });
    kind_ = completion.kind;
    std::vector<std::string> out;
    for (const Candidate& candidate : completion.candidates) out.push_back(candidate.word);
    return out;
  }
  CommandSpec root_;
  std::string text_;
  bool flag_ = false;
  WordKind kind_ = WordKind::kText;
};

TEST_F(CompleteTest, OffersCommandsThenKeptNames) {
  EXPECT_EQ(words({""}), (std::vector<std::string>{"asset"}));
  EXPECT_EQ(words({"asset", "s"}), (std::vector<std::string>{"show"}));
  EXPECT_EQ(words({"asset", "show", ""}), (std::vector<std::string>{"model", "raw/iris"}));
  EXPECT_EQ(words({"asset", "show", "mo"}), (std::vector<std::string>{"model"}));
  EXPECT_EQ(words({"asset", "show", "model", ""}), (std::vector<std::string>{}))
      << "it takes one key";
}

TEST_F(CompleteTest, OffersOptionsAndTheirValues) {
  EXPECT_EQ(words({"asset", "show", "--"}),
            (std::vector<std::string>{"--json", "--file", "--color", "--help"}));
  EXPECT_EQ(words({"asset", "show", "--color", "al"}), (std::vector<std::string>{"always"}));
  EXPECT_EQ(words({"asset", "show", "--color=a"}),
            (std::vector<std::string>{"--color=auto", "--color=always"}));
  words({"asset", "show", "-f", ""});
  EXPECT_EQ(kind_, WordKind::kFile);
}

TEST_F(CompleteTest, UnknownCommandsOfferNothing) {
  EXPECT_EQ(words({"nonsense", ""}), (std::vector<std::string>{}));
  EXPECT_EQ(words({}), (std::vector<std::string>{"asset"}));
}

TEST(CompletionScript, NamesTheProgramEverywhere) {
  for (const char* shell : {"bash", "zsh", "fish"}) {
    const std::string script = completion_script(shell, "my-iris");
    EXPECT_NE(script.find("my-iris"), std::string::npos);
    EXPECT_NE(script.find("_my_iris_complete"), std::string::npos)
        << "function names have no dashes";
    EXPECT_EQ(script.find("treadle"), std::string::npos);
  }
}

}  // namespace
}  // namespace treadle::cli
