#include "home.h"

namespace treadle::tracking {
namespace {

using Names = std::vector<std::string>;

TEST(Runs, ProjectsComeIntoBeingWhenFirstUsed) {
  TestHome home;
  EXPECT_FALSE(home.store->find_project("team", "iris").value());
  const Started started = home.store->start({"team", "iris", "r1"}, {}).value();
  EXPECT_TRUE(started.inserted);
  EXPECT_EQ(started.run.text(), "team/iris/r1");
  EXPECT_FALSE(started.run.display_name.empty());
  EXPECT_EQ(home.store->find_project("team", "iris").value()->run_count, 1);
  EXPECT_EQ(home.store->projects().value().size(), 1U);
  const auto made_up = home.start("");
  EXPECT_EQ(made_up.id.size(), 8U);
  EXPECT_EQ(made_up.entity, "local");
  const auto project = home.store->find_project("team", "iris").value();
  ASSERT_TRUE(home.store->remove_project(project->key));
  EXPECT_FALSE(home.store->find({"team", "iris", "r1"}).value());
}

TEST(Runs, NamesThatCannotBeAreRefused) {
  TestHome home;
  for (const RunRef& ref : {RunRef{"a/b", "p", "r"}, RunRef{"e", "p#q", "r"},
                            RunRef{"e", "p", "a:b"}, RunRef{"e", std::string(200, 'x'), "r"}}) {
    EXPECT_EQ(home.store->start(ref, {}).error().code, Errc::kInvalidArgument);
  }
}

TEST(Runs, ResumeModes) {
  TestHome home;
  EXPECT_EQ(home.store->start({"", "", "r1"}, {}, Resume::kMust).error().code, Errc::kNotFound);
  ASSERT_TRUE(home.store->start({"", "", "r1"}, {.config = R"({"a":1})"}, Resume::kNever));
  EXPECT_EQ(home.store->start({"", "", "r1"}, {}, Resume::kNever).error().code,
            Errc::kAlreadyExists);
  const auto run = home.store->get({"", "", "r1"}).value();
  ASSERT_TRUE(home.store->finish(run.key, 1));
  EXPECT_EQ(home.store->get(run.key)->state, State::kFailed);
  EXPECT_EQ(home.store->get(run.key)->exit_code, 1);
  const Started again = home.store->start({"", "", "r1"}, {}, Resume::kMust).value();
  EXPECT_FALSE(again.inserted);
  EXPECT_EQ(again.run.state, State::kRunning);
  EXPECT_EQ(again.run.config, R"({"a":1})");
  EXPECT_EQ(again.run.display_name, run.display_name);
}

TEST(Runs, PatchesChangeOnlyTheirKeys) {
  TestHome home;
  const auto run = home.start("r1", {.tags = Names{"a"}, .config = R"({"a":1,"b":{"c":NaN}})"});
  const auto after = home.store
                         ->update(run.key, {.notes = "n",
                                            .add_tags = Names{"b", "a"},
                                            .config_patch = R"({"a":2,"d":[Infinity]})",
                                            .summary_patch = R"({"best":0.5})"})
                         .value();
  EXPECT_EQ(after.config, R"({"a":2,"b":{"c":NaN},"d":[Infinity]})");
  EXPECT_EQ(after.summary, R"({"best":0.5})");
  EXPECT_EQ(after.tags, (Names{"a", "b"}));
  EXPECT_EQ(home.store->get(run.key)->notes, "n");
  const auto bad = home.store->update(run.key, {.config = "[1]"});
  EXPECT_EQ(bad.error().code, Errc::kInvalidArgument);
  EXPECT_EQ(home.store->get(run.key)->config, after.config);
}

TEST(Runs, StatesFollowWhatIsHeard) {
  TestHome home;
  const auto run = home.start("r1");
  EXPECT_EQ(home.store->get(run.key)->state, State::kRunning);
  home.clock.time += 6LL * 60 * 1'000'000;
  EXPECT_EQ(home.store->get(run.key)->state, State::kCrashed);
  EXPECT_EQ(home.store->runs({.filter = R"({"state":"crashed"})"})->total, 1);
  ASSERT_TRUE(home.store->heartbeat(run.key));
  EXPECT_EQ(home.store->get(run.key)->state, State::kRunning);

  // The clock is set back by a day: what is silent from now on is not running until tomorrow.
  home.clock.time -= 24LL * 3600 * 1'000'000;
  EXPECT_EQ(home.store->get(run.key)->state, State::kCrashed);
  ASSERT_TRUE(home.store->heartbeat(run.key));
  EXPECT_EQ(home.store->get(run.key)->state, State::kRunning);
  home.clock.time += 6LL * 60 * 1'000'000;
  EXPECT_EQ(home.store->get(run.key)->state, State::kCrashed);

  ASSERT_TRUE(home.store->request_stop(run.key));
  EXPECT_TRUE(home.store->heartbeat(run.key)->stop_requested);
  ASSERT_TRUE(home.store->finish(run.key, 255));
  EXPECT_EQ(home.store->get(run.key)->state, State::kKilled);
  EXPECT_EQ(home.store->set_state(run.key, State::kFailed).error().message.substr(0, 24),
            "invalid state transition");

  const auto other = home.start("r2");
  StreamUpdate preempting;
  preempting.preempting = true;
  ASSERT_TRUE(home.store->stream(other.key, preempting));
  ASSERT_TRUE(home.store->finish(other.key, 1));
  EXPECT_EQ(home.store->get(other.key)->state, State::kPreempted);

  const auto third = home.store->upsert({"", "", "r3"}, {}).value().run;
  EXPECT_EQ(third.state, State::kPending);
  ASSERT_TRUE(home.store->set_state(third.key, State::kFailed));
  EXPECT_FALSE(home.store->set_state(third.key, State::kFailed));
  // Changing a finished run does not wake it; sending does.
  ASSERT_TRUE(home.store->upsert({"", "", "r3"}, {.notes = "late"}));
  EXPECT_EQ(home.store->get(third.key)->state, State::kFailed);
  ASSERT_TRUE(home.send(third, 0, {R"({"x":1})"}));
  EXPECT_EQ(home.store->get(third.key)->state, State::kRunning);
}

TEST(Runs, ARemovedRunIsGoneAndItsIdIsFree) {
  TestHome home;
  const auto run = home.start("r1");
  ASSERT_TRUE(home.send(run, 0, {R"({"x":1})"}));
  ASSERT_TRUE(home.store->put_file(run.key, "a.txt", "text"));
  ASSERT_TRUE(home.store->remove(run.key));
  EXPECT_EQ(home.store->get(run.key).error().code, Errc::kNotFound);
  EXPECT_EQ(home.send(run, 1, {R"({"x":1})"}).error().code, Errc::kNotFound);
  const auto again = home.start("r1");
  EXPECT_EQ(again.history_lines, 0);
  EXPECT_TRUE(home.store->files(again.key)->empty());
  ASSERT_TRUE(home.send(again, 0, {R"({"y":2})"}));
  EXPECT_EQ(home.store->rows(again.key, Stream::kHistory).value(), (Names{R"({"y":2})"}));
}

TEST(Runs, AMissingRunSuggestsTheNearest) {
  TestHome home;
  home.start("resnet-50");
  const auto missing = home.store->get({"", "", "resnet-5O"});
  EXPECT_NE(missing.error().message.find("resnet-50"), std::string::npos);
}

TEST(Runs, TheSameIdMayBeUsedInTwoProjects) {
  TestHome home;
  ASSERT_TRUE(home.store->start({"", "a", "r"}, {}));
  home.clock.time += 1;
  ASSERT_TRUE(home.store->start({"", "b", "r"}, {}));
  const auto found = home.store->find_by_id("r").value();
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0].project, "b");
}

TEST(Config, IsWrappedAsOnTheWireAndUnwrapped) {
  EXPECT_EQ(
      plain_config(R"({"lr":{"value":0.1,"desc":null},"x":{"value":{"value":2}},"y":3})").value(),
      R"({"lr":0.1,"x":{"value":2},"y":3})");
  EXPECT_EQ(wandb_config(R"({"lr":0.1,"n":NaN})").value(),
            R"({"lr":{"value":0.1},"n":{"value":NaN}})");
  EXPECT_EQ(plain_config("[]").error().code, Errc::kInvalidArgument);
}

TEST(RunFiles, AreKeptReplacedListedAndSurviveCollection) {
  TestHome home;
  const auto run = home.start("r1");
  ASSERT_TRUE(home.store->put_file(run.key, "media/images/a.png", "PNG"));
  ASSERT_TRUE(home.store->put_file(run.key, "output.log", "one"));
  const RunFile file = home.store->put_file(run.key, "output.log", "two!").value();
  EXPECT_EQ(file.size, 4);
  EXPECT_EQ(file.mimetype, "text/plain");
  EXPECT_EQ(home.store->files(run.key)->size(), 2U);
  EXPECT_EQ(home.store->files(run.key, "media/%")->size(), 1U);
  EXPECT_EQ(home.store->put_file(run.key, "../evil", "x").error().code, Errc::kInvalidArgument);

  artifact::GcOptions now;
  now.grace = 0;
  EXPECT_EQ(home.artifacts->gc(now).value().blobs, 1);  // "one"
  EXPECT_EQ(home.store->read_file(run.key, "output.log").value(), "two!");
  const std::string path = home.folder + "/copy";
  ASSERT_TRUE(home.store->copy_file(run.key, "media/images/a.png", path));
  EXPECT_EQ(read_file(real_files(), path).value(), "PNG");
  const RunFile again = home.store->put_file_from(run.key, "b.bin", path).value();
  EXPECT_EQ(again.sha256, home.store->find_file(run.key, "media/images/a.png").value()->sha256);
  ASSERT_TRUE(home.store->remove_file(run.key, "b.bin"));
  EXPECT_EQ(home.store->read_file(run.key, "b.bin").error().code, Errc::kNotFound);
}

}  // namespace
}  // namespace treadle::tracking
