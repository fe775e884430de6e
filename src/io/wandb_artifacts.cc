#include "failure.h"
#include "stored_version.h"
#include <treadle/artifact/code_source.h>
#include <treadle/artifact/reference.h>
#include <treadle/base/files.h>
#include <treadle/base/json.h>
#include <treadle/define/definitions.h>
#include <treadle/io/signature.h>
#include <treadle/io/wandb_artifacts.h>

#include <algorithm>
#include <iterator>
#include <mutex>

namespace treadle::io {
namespace {

// The release of dagster-wandb whose names these are.
constexpr const char* kIntegrationVersion = "0.29.27";

// Where a server's pages are: W&B's own has another address for them.
std::string pages_of(const std::string& host) {
  return host == "https://api.wandb.ai" ? "https://wandb.ai" : host;
}

// One file of a version, whatever else it has.
class OneFile final : public StoredFiles {
 public:
  OneFile(artifact::ArtifactService& service, const ArtifactIOManagerOptions& options,
          artifact::Version version, std::string path)
      : service_(service),
        options_(options),
        version_(std::move(version)),
        path_(std::move(path)) {}
  const std::string& format() const override { return format_; }
  const std::string& file_name() const override { return path_; }
  Result<std::string> bytes() override { return service_.read(version_, path_); }
  Result<std::string> local_path() override {
    const std::string folder = join_path(options_.cache_folder, "wandb/" + version_.digest);
    TREADLE_TRY(const std::vector<std::string> written, service_.download(version_, folder, path_));
    return written.at(0);
  }
  Result<std::string> other(const std::string& path) override {
    return service_.read(version_, path);
  }

 private:
  artifact::ArtifactService& service_;
  const ArtifactIOManagerOptions& options_;
  artifact::Version version_;
  const std::string path_;
  const std::string format_ = "file";
};

class WandbArtifactsIOManager final : public IOManager, public NeedsStore {
 public:
  explicit WandbArtifactsIOManager(WandbArtifactsOptions options) : options_(std::move(options)) {}

  ServerPlace wanted() const override {
    std::vector<std::string> tags = options_.run_tags;
    if (std::find(tags.begin(), tags.end(), "dagster_wandb") == tags.end())
      tags.emplace_back("dagster_wandb");
    return {options_.host, options_.api_key, options_.entity, options_.project, std::move(tags)};
  }

  void use_store(Result<std::shared_ptr<artifact::ArtifactService>> service,
                 const ArtifactIOManagerOptions& options) override {
    const std::lock_guard lock(mutex_);
    service_ = std::move(service);
    store_options_ = options;
    store_options_.entity = options_.entity;
    store_options_.project = options_.project;
  }

  StepOutcome handle_output(OutputContext& context, const Value& value) override {
    if (!context.output.stores_value) return {};
    if (!value) {
      context.step.log(LogLevel::kWarning,
                       "The output value given to the Weights & Biases (W&B) IO Manager is empty. "
                       "If this was intended, you can disregard this warning.");
      return {};
    }
    if (auto kept = store(context, value); !kept)
      return step_failure(std::move(kept).error(),
                          "cannot log '" + context.output.asset.key.text() + "' as an artifact");
    return {};
  }

  tl::expected<Value, StepFailure> load_input(InputContext& context) override {
    auto value = load(context);
    if (!value)
      return step_failure(std::move(value).error(),
                          "cannot read the artifact of '" + context.asset.text() + "'");
    return std::move(*value);
  }

 private:
  Result<artifact::ArtifactService*> service() {
    const std::lock_guard lock(mutex_);
    if (!service_) return fail(service_.error());
    if (*service_ != nullptr) return service_->get();
    return fail(Errc::kInternal, "The IO manager was given no home's store.");
  }

  Result<WandbArtifactConfiguration> configuration(const OutputContext& context) const {
    for (const Metadata* metadata :
         {&context.output_metadata, &context.output.asset.metadata, &context.output.metadata}) {
      if (find_metadata(*metadata, kWandbConfiguration) == nullptr) continue;
      return WandbArtifactConfiguration::from(*metadata, false);
    }
    return WandbArtifactConfiguration();
  }

  Result<std::string> collection(const OutputContext& context,
                                 const WandbArtifactConfiguration& config) const {
    const AssetKey& key = context.output.asset.key;
    if (!key.empty() && !config.name.empty())
      return fail(Errc::kInvalidArgument,
                  "The configuration has a 'name', but an asset's artifact has the asset's name. "
                  "Remove the 'name'.");
    if (key.empty() && config.name.empty())
      return fail(Errc::kInvalidArgument,
                  "The configuration of an output that is no asset needs a 'name'.");
    return key.empty() ? config.name : artifact_name_for(key);
  }

  Result<void> store(OutputContext& context, const Value& value) {
    TREADLE_TRY(artifact::ArtifactService * store, service());
    TREADLE_TRY(const WandbArtifactConfiguration config, configuration(context));
    if (context.output.codec == nullptr)
      return fail(Errc::kUnsupported,
                  "Nothing says how its values are written. Give the type a codec.");
    TREADLE_TRY(Encoded encoded, context.output.codec->encode(value));
    const SeveralFiles several(encoded);
    artifact::Draft draft;
    draft.entity = options_.entity;
    draft.project = options_.project;
    TREADLE_TRY(draft.collection, collection(context, config));
    draft.type = config.type.empty() ? "artifact" : config.type;
    draft.description = config.description;
    draft.run_id = context.step.run_id();
    draft.code = artifact::current_code(draft.run_id);
    draft.aliases = config.aliases;
    std::erase(draft.aliases, "latest");
    draft.aliases.push_back("dagster-run-" + draft.run_id.substr(0, 8));
    draft.metadata = metadata_of(context, encoded);
    TREADLE_CHECK(add_value(draft, std::move(encoded)));
    TREADLE_CHECK(add_beside(draft, config));
    TREADLE_TRY(const artifact::Logged logged, store->log(draft));
    report(context, logged.version);
    return {};
  }

  // The integration's own keys beside what says how the value is written.
  static std::string metadata_of(const OutputContext& context, const Encoded& encoded) {
    const bool folder = encoded.format == "folder";
    JsonWriter w;
    w.begin_object()
        .field("source_integration", "dagster_wandb")
        .field("source_integration_version", kIntegrationVersion)
        .field("source_dagster_run_id", context.step.run_id())
        .field("source_created_at", format_utc(system_clock().now()));
    w.key("treadle").begin_object();
    w.field("format", format_name(encoded)).field("type", encoded.type_name);
    w.field("asset_key", context.output.asset.key.text());
    if (!folder) w.field("file", encoded.file_name);
    if (encoded.says_nothing) w.field("says_nothing", true);
    w.end_object().end_object();
    return std::move(w).str();
  }

  Result<void> add_value(artifact::Draft& draft, Encoded encoded) const {
    if (encoded.format == "folder" || encoded.format == kSeveralFiles) {
      draft.folder = encoded.path;
      return {};
    }
    artifact::DraftEntry entry;
    entry.path = std::move(encoded.file_name);
    entry.bytes = std::move(encoded.bytes);
    if (!encoded.path.empty() && encoded.must_sign) {
      TREADLE_TRY(entry.bytes, read_file(real_files(), encoded.path));
    } else if (!encoded.path.empty()) {
      entry.source = artifact::DraftEntry::Source::kFile;
      entry.file = std::move(encoded.path);
    }
    if (encoded.must_sign) {
      TREADLE_TRY(entry.extra, signature_extra(store_options_.signing_key, entry.bytes));
      draft.extra_counts = true;
    }
    draft.entries.push_back(std::move(entry));
    return {};
  }

  static Result<void> add_beside(artifact::Draft& draft, const WandbArtifactConfiguration& config) {
    for (const WandbAddition& file : config.add_files) {
      artifact::DraftEntry entry;
      entry.source = artifact::DraftEntry::Source::kFile;
      entry.path = file.name.empty() ? base_name(file.path) : file.name;
      entry.file = file.path;
      draft.entries.push_back(std::move(entry));
    }
    for (const WandbAddition& folder : config.add_dirs)
      draft.more_folders.push_back({folder.path, folder.name});
    for (const WandbAddition& reference : config.add_references) {
      TREADLE_TRY(
          std::vector<artifact::DraftEntry> entries,
          artifact::reference_entries(real_files(), reference.path, {.name = reference.name}));
      std::move(entries.begin(), entries.end(), std::back_inserter(draft.entries));
    }
    return {};
  }

  static void report(OutputContext& context, const artifact::Version& version) {
    context.data_version = version.digest;
    context.artifact = version.address();
    const std::string at = version.host.empty() ? "treadle://embedded" : pages_of(version.host);
    const std::string place = version.entity + "/" + version.project;
    const std::string name = "v" + std::to_string(version.index);
    const std::string run = context.step.run_id();
    const auto set = [&](const char* key, MetadataValue value) {
      set_metadata(context.metadata, key, std::move(value));
    };
    set("dagster_run_id", MetadataValue(MetadataKind::kRun, run));
    set("wandb_artifact_id", MetadataValue::text(std::to_string(version.id)));
    set("wandb_artifact_type", MetadataValue::text(version.type));
    set("wandb_artifact_version", MetadataValue::text(name));
    set("wandb_artifact_size", MetadataValue(version.size));
    set("wandb_artifact_url", MetadataValue::url(at + "/" + place + "/artifacts/" + version.type +
                                                 "/" + version.collection + "/" + name));
    set("wandb_entity", MetadataValue::text(version.entity));
    set("wandb_project", MetadataValue::text(version.project));
    set("wandb_run_id", MetadataValue::text(run));
    set("wandb_run_name", MetadataValue::text("dagster-run-" + run.substr(0, 8)));
    set("wandb_run_path", MetadataValue::text(place + "/" + run));
    set("wandb_run_url", MetadataValue::url(at + "/" + place + "/runs/" + run));
  }

  Result<Value> load(InputContext& context) {
    TREADLE_TRY(artifact::ArtifactService * store, service());
    TREADLE_TRY(const WandbArtifactConfiguration config,
                WandbArtifactConfiguration::from(context.input.metadata, true));
    if (context.input.codec == nullptr)
      return fail(Errc::kUnsupported,
                  "Nothing says how the function reads its values. Give the type a codec.");
    ArtifactRef ref{options_.entity, options_.project,
                    config.name.empty() ? artifact_name_for(context.asset) : config.name,
                    config.version.empty() ? config.alias : config.version};
    const bool says_which = !config.name.empty() || !ref.version.empty();
    if (!context.artifact.empty() && !says_which) {
      TREADLE_TRY(ref, parse_artifact_ref(context.artifact));
    }
    TREADLE_TRY(const artifact::Version version, store->get(ref));
    TREADLE_TRY(Value value, decode(*store, version, config, *context.input.codec));
    TREADLE_CHECK(store->use(version, context.step.run_id()));
    context.data_version = version.digest;
    set_metadata(context.metadata, "artifact", MetadataValue::text(version.text()));
    return value;
  }

  Result<Value> decode(artifact::ArtifactService& store, const artifact::Version& version,
                       const WandbArtifactConfiguration& config, const Codec& codec) const {
    std::string path = config.get_path;
    if (!config.get.empty()) {
      // An object's document is named after its kind: "Table.table.json".
      TREADLE_TRY(const std::vector<artifact::Entry> entries, store.entries(version));
      for (const artifact::Entry& entry : entries) {
        if (entry.path.starts_with(config.get + ".") && entry.path.ends_with(".json"))
          path = entry.path;
      }
      if (path.empty())
        return fail(Errc::kNotFound,
                    "There is no object '" + config.get + "' in " + version.text() + ".");
    }
    if (path.empty()) return load_version(store, store_options_, version, codec);
    OneFile stored(store, store_options_, version, std::move(path));
    return codec.decode(stored);
  }

  const WandbArtifactsOptions options_;
  std::mutex mutex_;
  Result<std::shared_ptr<artifact::ArtifactService>> service_;
  ArtifactIOManagerOptions store_options_;
};

}  // namespace

std::shared_ptr<IOManager> make_wandb_artifacts_io_manager(WandbArtifactsOptions options) {
  return std::make_shared<WandbArtifactsIOManager>(std::move(options));
}

}  // namespace treadle::io
