#include "../dagster_words.h"

#include <gtest/gtest.h>

#include <sstream>

namespace treadle::cli {
namespace {

std::string say(const std::string& line) {
  std::istringstream in(line);
  std::vector<std::string> words;
  for (std::string word; in >> word;) words.push_back(word);
  const Spelling said = read_dagster_words(words);
  if (!said.advice.empty()) return "advice: " + said.advice;
  std::string out;
  for (const std::string& word : said.words) out += (out.empty() ? "" : " ") + word;
  return out;
}

TEST(DagsterWords, CommandsAreSaidInTreadlesWords) {
  EXPECT_EQ(say("asset materialize --select a -f x.py"), "materialize --select a -f x.py");
  EXPECT_EQ(say("asset list -m shop"), "list -m shop");
  EXPECT_EQ(say("job execute -f x.py -j train"), "materialize --one-job -f x.py -j train");
  EXPECT_EQ(say("job list"), "list --jobs");
  EXPECT_EQ(say("job scaffold_config -j train"), "config -j train");
  EXPECT_EQ(say("schedule list"), "automation list");
  EXPECT_EQ(say("sensor preview new_files"), "automation tick --dry-run new_files");
  EXPECT_EQ(say("definitions validate -m shop"), "check -m shop");
  EXPECT_EQ(say("launch --assets a,b"), "materialize --select a,b");
}

TEST(DagsterWords, OptionsAreSaidInTreadlesWords) {
  EXPECT_EQ(say("asset materialize --python-file x.py --config-json={}"),
            "materialize --file x.py --config {}");
  EXPECT_EQ(say("materialize --module-name shop --partition-range a...c"),
            "materialize --module shop --partitions a...c");
  EXPECT_EQ(say("job execute -o *load,clean+"), "materialize --one-job --op *load --op clean+");
  EXPECT_EQ(say("job backfill -j daily --all x --noprompt"),
            "materialize --one-job -j daily --partitions all");
  EXPECT_EQ(say("job backfill -j daily --from 2026-01-01 --to=2026-01-03"),
            "materialize --one-job -j daily --partitions 2026-01-01...2026-01-03");
}

TEST(DagsterWords, WhatIsNotHereIsAnsweredByWhatToDoInstead) {
  EXPECT_NE(say("dev -f x.py").find("treadle materialize"), std::string::npos);
  EXPECT_NE(say("schedule start daily").find("automation tick"), std::string::npos);
  EXPECT_NE(say("run wipe").find("--home"), std::string::npos);
  EXPECT_NE(say("instance info").find("DAGSTER_HOME"), std::string::npos);
  EXPECT_NE(say("job").find("materialize --job"), std::string::npos);
}

TEST(DagsterWords, OwnWordsAreLeftAsTheyAre) {
  for (const char* line :
       {"", "materialize", "asset show model", "run list", "artifact put -o x --all", "check",
        "runs list --from x", "materialize -f x.py -- --assets"})
    EXPECT_EQ(say(line), line);
}

}  // namespace
}  // namespace treadle::cli
