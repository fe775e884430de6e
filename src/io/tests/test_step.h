// A store in a temporary home, a step that runs nowhere, and codecs for each format.
#pragma once

#include <treadle/artifact/store.h>
#include <treadle/base/random.h>
#include <treadle/db/testing.h>
#include <treadle/io/artifact_io_manager.h>

#include <gtest/gtest.h>

#include <string>

namespace treadle::io {

class FakeStep final : public StepContext {
 public:
  explicit FakeStep(std::string run_id) : run_id_(std::move(run_id)) {}
  const std::string& run_id() const override { return run_id_; }
  const std::string& job_name() const override { return name_; }
  const std::string& step_key() const override { return name_; }
  int retry_number() const override { return 0; }
  bool output_selected(std::size_t) const override { return true; }
  bool check_selected(std::size_t) const override { return true; }
  tl::expected<Value, StepFailure> load_input(std::size_t) override { return Value(); }
  StepOutcome handle_output(OutputReport) override { return {}; }
  StepOutcome report_check(CheckReport) override { return {}; }
  void report_event(Event) override {}
  void log(LogLevel, std::string_view) override {}
  Value resource(const std::string&) override { return {}; }
  bool cancelled() const override { return false; }

 private:
  const std::string run_id_;
  const std::string name_ = "step";
};

// Writes what it is told to write and reads back the bytes, or for folders and files the path.
class TestCodec final : public Codec {
 public:
  explicit TestCodec(Encoded form) : form_(std::move(form)) {}
  Result<Encoded> encode(const Value& value) const override {
    Encoded encoded = form_;
    const std::string& text = *value.get<std::string>();
    (form_.format == "file" || form_.format == "folder" ? encoded.path : encoded.bytes) = text;
    return encoded;
  }
  Result<Value> decode(Stored& stored) const override {
    const bool on_disk = stored.format() == "file" || stored.format() == "folder";
    TREADLE_TRY(std::string text, on_disk ? stored.local_path() : stored.bytes());
    return Value::of(std::move(text));
  }

 private:
  const Encoded form_;
};

inline std::shared_ptr<const Codec> codec(std::string format, std::string file_name = {},
                                          bool must_sign = false) {
  return std::make_shared<TestCodec>(Encoded{.format = std::move(format),
                                             .file_name = std::move(file_name),
                                             .bytes = {},
                                             .path = {},
                                             .type_name = "str",
                                             .must_sign = must_sign});
}
inline std::shared_ptr<const Codec> text_codec() {
  return codec("text", "output.txt");
}
inline std::shared_ptr<const Codec> pickle_codec() {
  return codec("pickle", "output.pickle", true);
}

class StoreTest : public testing::Test {
 protected:
  StoreTest() : home_(join_path(testing::TempDir(), "treadle-io-" + random_uuid())) {
    EXPECT_TRUE(real_files().make_folders(home_));
    database_ = std::move(
        *db::open_for_test(join_path(home_, "treadle.db"), {.durability = db::Durability::kOff}));
    store_ = std::move(*artifact::Store::open(*database_, home_));
    options_.cache_folder = join_path(home_, "cache");
    options_.signing_key = "the key of this home";
    manager_ = make_artifact_io_manager(*store_, options_);
  }
  ~StoreTest() override { (void)remove_tree(home_); }

  std::string write(const std::string& name, const std::string& bytes) {
    const std::string path = join_path(home_, name);
    EXPECT_TRUE(real_files().make_folders(parent_path(path)));
    EXPECT_TRUE(write_file_atomic(real_files(), path, bytes, false));
    return path;
  }

  // What was stored; fails the test when it could not be.
  struct Kept {
    std::string artifact;
    std::string data_version;
  };
  Kept keep(const AssetKey& key, const std::string& value, std::shared_ptr<const Codec> codec,
            Metadata metadata = {}) {
    OutputDef output;
    output.asset.key = key;
    output.codec = std::move(codec);
    OutputContext context{step_, output, metadata, {}, {}, {}};
    const auto done = manager_->handle_output(context, Value::of(value));
    EXPECT_TRUE(done) << done.error().message;
    return {context.artifact, context.data_version};
  }
  // The value, or "error: " and the message.
  std::string load(const AssetKey& key, std::shared_ptr<const Codec> codec,
                   const std::string& artifact = {}) {
    InputDef input;
    input.asset = key;
    input.codec = std::move(codec);
    InputContext context{step_, input, nullptr, key, {}, artifact, {}, {}};
    auto value = manager_->load_input(context);
    loaded_metadata_ = context.metadata;
    loaded_version_ = context.data_version;
    return value ? *value->get<std::string>() : "error: " + value.error().message;
  }

  const std::string home_;
  std::unique_ptr<db::Database> database_;
  std::unique_ptr<artifact::Store> store_;
  ArtifactIOManagerOptions options_;
  std::shared_ptr<IOManager> manager_;
  FakeStep step_{"run-1"};
  Metadata loaded_metadata_;
  std::string loaded_version_;
};

}  // namespace treadle::io
