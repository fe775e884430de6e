#include "failure.h"
#include <treadle/base/content_digest.h>
#include <treadle/io/file_source.h>

namespace treadle::io {
namespace {

class FileOnDisk final : public Stored {
 public:
  FileOnDisk(std::string path, bool folder)
      : path_(std::move(path)), format_(folder ? "folder" : "file"), name_(base_name(path_)) {}
  const std::string& format() const override { return format_; }
  const std::string& file_name() const override { return name_; }
  Result<std::string> bytes() override { return read_file(real_files(), path_); }
  Result<std::string> local_path() override { return path_; }

 private:
  const std::string path_;
  const std::string format_;
  const std::string name_;
};

class FileSource final : public IOManager {
 public:
  explicit FileSource(std::string path) : path_(std::move(path)) {}

  StepOutcome handle_output(OutputContext& context, const Value&) override {
    return step_failure(
        {Errc::kUnsupported, "A file source is only read. Give the output another IO manager."},
        "cannot store asset '" + context.output.asset.key.text() + "'");
  }

  tl::expected<Value, StepFailure> load_input(InputContext& context) override {
    auto value = load(context);
    if (!value)
      return step_failure(std::move(value).error(),
                          "cannot load asset '" + context.asset.text() + "'");
    return std::move(*value);
  }

 private:
  Result<Value> load(InputContext& context) {
    auto stat = real_files().stat(path_);
    if (!stat) return fail(std::move(stat).error().with_context("it is the file '" + path_ + "'"));
    if (context.input.codec == nullptr)
      return fail(Errc::kUnsupported, "The function takes no value of it.");
    TREADLE_TRY(context.data_version, content_digest(real_files(), path_));
    set_metadata(context.metadata, "path", MetadataValue::path(path_));
    FileOnDisk file(path_, stat->kind == FileStat::Kind::kFolder);
    return context.input.codec->decode(file);
  }

  const std::string path_;
};

}  // namespace

std::shared_ptr<IOManager> make_file_source_io_manager(std::string path) {
  return std::make_shared<FileSource>(std::move(path));
}

}  // namespace treadle::io
