#include "test_step.h"
#include <treadle/base/digest.h>

namespace treadle::io {
namespace {

class Keeping : public StoreTest {};

TEST_F(Keeping, HandsBackWhatWasStoredAsALaterInput) {
  const Kept kept = keep("raw/iris", "hello", text_codec());
  EXPECT_EQ(kept.artifact, "local/default/raw.iris:v0");
  EXPECT_EQ(load("raw/iris", text_codec()), "hello");
  EXPECT_EQ(loaded_version_, kept.data_version);
  EXPECT_EQ(loaded_metadata_, (Metadata{{"artifact", "local/default/raw.iris:v0"}}));
}

TEST_F(Keeping, DescribesTheValueInTheArtifactAndKeepsItUnderItsName) {
  keep("words", "hello", text_codec());
  const auto version = store_->get({{}, {}, "words", {}});
  ASSERT_TRUE(version);
  EXPECT_EQ(
      version->metadata,
      R"({"treadle":{"format":"text","type":"str","asset_key":"words","file":"output.txt"}})");
  EXPECT_EQ(version->type, "asset");
  EXPECT_EQ(version->run_id, "run-1");
  EXPECT_EQ(store_->read(*version, "output.txt").value_or(""), "hello");
}

TEST_F(Keeping, TakesTheArtifactsTypeFromMetadata) {
  keep("net", "w", text_codec(), {{"treadle/artifact_type", "model"}});
  EXPECT_EQ(store_->get({{}, {}, "net", {}})->type, "model");
}

TEST_F(Keeping, GivesNoNewVersionToAnUnchangedValue) {
  const Kept first = keep("a", "same", text_codec());
  EXPECT_EQ(keep("a", "same", text_codec()).artifact, first.artifact);
  EXPECT_EQ(keep("a", "other", text_codec()).artifact, "local/default/a:v1");
}

TEST_F(Keeping, LoadsTheVersionThatTheRunMadeEvenWhenThereIsALaterOne) {
  const Kept first = keep("a", "first", text_codec());
  keep("a", "second", text_codec());
  EXPECT_EQ(load("a", text_codec(), first.artifact), "first");
  EXPECT_EQ(load("a", text_codec()), "second");
}

TEST_F(Keeping, RecordsThatTheRunUsedWhatItLoaded) {
  keep("a", "x", text_codec());
  load("a", text_codec());
  const auto used = store_->used_by("run-1");
  ASSERT_TRUE(used);
  ASSERT_EQ(used->size(), 1u);
  EXPECT_EQ(used->front().name(), "a:v0");
}

TEST_F(Keeping, AnOpsOutputIsKeptByJobStepAndNameAndLoadedAsItsRunMadeIt) {
  OutputDef output;
  output.codec = text_codec();
  InputDef input;
  input.codec = text_codec();
  std::vector<std::string> kept;
  for (const char* const text : {"first", "second"}) {
    OutputContext stored{step_, output, {}, {}, {}, {}};
    ASSERT_TRUE(manager_->handle_output(stored, Value::of(std::string(text))));
    kept.push_back(stored.artifact);
  }
  EXPECT_EQ(kept, (std::vector<std::string>{"local/default/step.step.result:v0",
                                            "local/default/step.step.result:v1"}));
  EXPECT_EQ(store_->collections()->front().type, "op_output");
  const AssetKey none;
  InputContext context{step_, input, &output, none, "step", kept[0], {}, {}};
  context.upstream_run = step_.run_id();
  const auto value = manager_->load_input(context);
  ASSERT_TRUE(value);
  EXPECT_EQ(*value->get<std::string>(), "first");
  InputContext lost{step_, input, &output, none, "step", {}, {}, {}};
  lost.upstream_run = "run-0";
  const auto failed = manager_->load_input(lost);
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().message,
            "cannot load output 'result' of step 'step': Run run-0 has not kept it in this home's "
            "store. Run its step again.");
}

TEST_F(Keeping, StoresNothingForAnEmptyValue) {
  OutputDef output;
  OutputContext context{step_, output, {}, {}, {}, {}};
  output.asset.key = "a";
  EXPECT_TRUE(manager_->handle_output(context, Value()));
  EXPECT_EQ(context.artifact, "");
  EXPECT_TRUE(store_->collections()->empty());
}

TEST_F(Keeping, SaysWhatToDoWhenThereIsNoValue) {
  EXPECT_NE(load("absent", text_codec()).find("cannot load asset 'absent'"), std::string::npos);
  EXPECT_NE(load("absent", text_codec()).find("Materialize it where it is made"),
            std::string::npos);
}

TEST_F(Keeping, ReadsWhatWasPutByHandAsAFileOrAFolder) {
  const std::string folder = parent_path(write("put/one.csv", "1,2"));
  artifact::Draft draft;
  draft.collection = "by_hand";
  draft.type = "dataset";
  draft.folder = folder;
  ASSERT_TRUE(store_->log(draft));
  EXPECT_EQ(read_file(real_files(), load("by_hand", codec("file"))).value_or(""), "1,2");
  write("put/two.csv", "3,4");
  ASSERT_TRUE(store_->log(draft));
  EXPECT_EQ(
      read_file(real_files(), join_path(load("by_hand", codec("folder")), "two.csv")).value_or(""),
      "3,4");
}

class Pickles : public StoreTest {
 protected:
  // Logs a pickle with an entry of its own making.
  void log_pickle(const std::string& bytes, const std::string& extra) {
    artifact::Draft draft;
    draft.collection = "p";
    draft.type = "asset";
    draft.metadata =
        R"({"treadle":{"format":"pickle","type":"x","asset_key":"p","file":"output.pickle"}})";
    draft.entries.push_back({.path = "output.pickle", .bytes = bytes, .extra = extra});
    const auto logged = store_->log(draft);
    ASSERT_TRUE(logged) << logged.error().message;
  }
  std::string signature_in_store() {
    const auto version = store_->get({{}, {}, "p", {}});
    return store_->entries(*version)->front().extra;
  }
};

TEST_F(Pickles, AreSignedWithTheHomesKeyAndOpened) {
  keep("p", "code", pickle_codec());
  const Sha256 digest = sha256("code");
  const std::string_view raw(reinterpret_cast<const char*>(digest.data()), digest.size());
  EXPECT_EQ(signature_in_store(),
            R"({"signature":")" + to_hex(hmac_sha256("the key of this home", raw)) + R"("})");
  EXPECT_EQ(load("p", pickle_codec()), "code");
}

TEST_F(Pickles, WithoutASignatureAreRefused) {
  log_pickle("code", "");
  EXPECT_NE(load("p", pickle_codec()).find("is not signed with this home's key"),
            std::string::npos);
}

TEST_F(Pickles, WithTheSignatureOfOtherContentAreRefused) {
  keep("p", "code", pickle_codec());
  const std::string signature = signature_in_store();
  log_pickle("evil", signature);
  EXPECT_NE(load("p", pickle_codec()).find("does not fit its content"), std::string::npos);
}

TEST_F(Pickles, OfAnotherHomeAreRefused) {
  keep("p", "code", pickle_codec());
  options_.signing_key = "the key of another home";
  manager_ = make_artifact_io_manager(*store_, options_);
  EXPECT_NE(load("p", pickle_codec()).find("does not fit its content"), std::string::npos);
}

TEST_F(Pickles, AreOpenedAgainOnceTheSameValueWasStoredUnderAnotherKey) {
  const Kept first = keep("p", "code", pickle_codec());
  EXPECT_EQ(keep("p", "code", pickle_codec()).artifact, first.artifact);
  options_.signing_key = "a new key, for the old one was lost";
  manager_ = make_artifact_io_manager(*store_, options_);
  EXPECT_NE(keep("p", "code", pickle_codec()).artifact, first.artifact);
  EXPECT_EQ(load("p", pickle_codec()), "code");
}

TEST_F(Pickles, AreOpenedAsThePolicySays) {
  log_pickle("code", "");
  ASSERT_EQ(setenv("TREADLE_PICKLES", "any", 1), 0);
  EXPECT_EQ(load("p", pickle_codec()), "code");
  ASSERT_EQ(setenv("TREADLE_PICKLES", "none", 1), 0);
  EXPECT_NE(load("p", pickle_codec()).find("TREADLE_PICKLES is 'none'"), std::string::npos);
  ASSERT_EQ(setenv("TREADLE_PICKLES", "some", 1), 0);
  EXPECT_NE(load("p", pickle_codec()).find("It can be 'signed', 'any' or 'none'"),
            std::string::npos);
  ASSERT_EQ(unsetenv("TREADLE_PICKLES"), 0);
  EXPECT_NE(load("p", pickle_codec()).find("is not signed"), std::string::npos);
}

TEST_F(Pickles, AreNotWrittenWithoutAKey) {
  options_.signing_key = "";
  manager_ = make_artifact_io_manager(*store_, options_);
  OutputDef output;
  output.asset.key = "p";
  output.codec = pickle_codec();
  OutputContext context{step_, output, {}, {}, {}, {}};
  const auto done = manager_->handle_output(context, Value::of(std::string("code")));
  ASSERT_FALSE(done);
  EXPECT_NE(done.error().message.find("no key to sign"), std::string::npos);
}

}  // namespace
}  // namespace treadle::io
