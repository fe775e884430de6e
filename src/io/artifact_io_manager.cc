#include "failure.h"
#include "stored_version.h"
#include <treadle/artifact/code_source.h>
#include <treadle/base/files.h>
#include <treadle/define/partition_set.h>
#include <treadle/io/artifact_io_manager.h>
#include <treadle/io/signature.h>

namespace treadle::io {
namespace {

constexpr const char* kTypeMetadata = "treadle/artifact_type";

std::string artifact_type(const OutputContext& context) {
  const MetadataValue* given = find_metadata(context.output_metadata, kTypeMetadata);
  if (given == nullptr) given = find_metadata(context.output.asset.metadata, kTypeMetadata);
  if (given == nullptr) given = find_metadata(context.output.metadata, kTypeMetadata);
  const auto* text = given == nullptr ? nullptr : std::get_if<std::string>(&given->data());
  if (text != nullptr) return *text;
  return context.output.asset.key.empty() ? "op_output" : "asset";
}

// "asset 'model'" or "output 'result' of step 'work[a]'".
std::string name_of(const AssetKey& asset, const std::string& output, const std::string& step) {
  if (!asset.empty()) return "asset '" + asset.text() + "'";
  return "output '" + output + "' of step '" + step + "'";
}

std::string name_of(const InputContext& context) {
  if (context.upstream_output == nullptr) return "asset '" + context.asset.text() + "'";
  return name_of(context.asset, context.upstream_output->name, context.upstream_step);
}

class ArtifactIOManager final : public IOManager {
 public:
  ArtifactIOManager(artifact::ArtifactService& service, ArtifactIOManagerOptions options)
      : service_(service), options_(std::move(options)) {}

  StepOutcome handle_output(OutputContext& context, const Value& value) override {
    if (!value || !context.output.stores_value) return {};
    const auto failed = [&](Error error) {
      return step_failure(std::move(error),
                          "cannot store " + name_of(context.output.asset.key, context.output.name,
                                                    context.step.step_key()));
    };
    if (context.partitions != nullptr) {
      if (auto stored = store_partitions(context, value); !stored) return failed(stored.error());
      return {};
    }
    bool says_nothing = false;
    auto logged = store(context, value, nullptr, says_nothing);
    if (!logged) return failed(std::move(logged).error());
    if (!says_nothing) context.data_version = logged->version.digest;
    context.artifact = logged->version.text();
    return {};
  }

  tl::expected<Value, StepFailure> load_input(InputContext& context) override {
    auto value = context.partitions != nullptr && context.partitions->subset.size() != 1
                     ? load_partitions(context)
                     : load(context);
    if (!value) return step_failure(std::move(value).error(), "cannot load " + name_of(context));
    return std::move(*value);
  }

 private:
  // Each partition is an artifact of its own. A value for several holds them by key.
  Result<void> store_partitions(OutputContext& context, const Value& value) {
    const std::vector<std::string> keys = context.partitions->keys();
    std::vector<Value> values{value};
    if (keys.size() != 1 && context.output.codec != nullptr) {
      TREADLE_TRY(values, context.output.codec->split(value, keys));
    }
    for (std::size_t i = 0; i < keys.size(); ++i) {
      bool says_nothing = false;
      TREADLE_TRY(const artifact::Logged logged, store(context, values[i], &keys[i], says_nothing));
      context.stored.push_back(
          {keys[i], says_nothing ? std::string() : logged.version.digest, logged.version.text()});
    }
    return {};
  }

  Result<artifact::Logged> store(OutputContext& context, const Value& value,
                                 const std::string* partition, bool& says_nothing) {
    const OutputDef& output = context.output;
    if (output.codec == nullptr) {
      return fail(
          Errc::kUnsupported,
          "Nothing says how its values are written. Give the type a codec, or the output an IO "
          "manager of its own.");
    }
    TREADLE_TRY(Encoded encoded, output.codec->encode(value));
    const SeveralFiles several(encoded);
    says_nothing = encoded.says_nothing;
    artifact::Draft draft;
    draft.entity = options_.entity;
    draft.project = options_.project;
    draft.collection = output.asset.key.empty()
                           ? artifact_name_for_output(context.step.job_name(),
                                                      context.step.node_key(), output.name)
                       : partition != nullptr ? artifact_name_for(output.asset.key, *partition)
                                              : artifact_name_for(output.asset.key);
    draft.type = artifact_type(context);
    draft.description = output.asset.description;
    draft.run_id = context.step.run_id();
    draft.code = artifact::current_code(draft.run_id);
    const bool folder = encoded.format == "folder";
    draft.metadata = Description{.format = format_name(encoded),
                                 .file = folder ? std::string() : encoded.file_name,
                                 .type = encoded.type_name,
                                 .asset_key = output.asset.key.text(),
                                 .says_nothing = encoded.says_nothing}
                         .to_json();
    if (folder || several.any()) {
      draft.folder = encoded.path;
    } else {
      // What an earlier key signed could never be read again.
      draft.extra_counts = encoded.must_sign;
      TREADLE_TRY(artifact::DraftEntry entry, entry_of(std::move(encoded)));
      draft.entries.push_back(std::move(entry));
    }
    return service_.log(draft);
  }

  Result<artifact::DraftEntry> entry_of(Encoded encoded) {
    artifact::DraftEntry entry;
    entry.path = std::move(encoded.file_name);
    if (encoded.path.empty()) {
      entry.bytes = std::move(encoded.bytes);
    } else if (encoded.must_sign) {
      // The signature is of the very bytes that are stored, whatever happens to the file meanwhile.
      TREADLE_TRY(entry.bytes, read_file(real_files(), encoded.path));
    } else {
      entry.source = artifact::DraftEntry::Source::kFile;
      entry.file = std::move(encoded.path);
    }
    if (encoded.must_sign) {
      TREADLE_TRY(entry.extra, signature_extra(options_.signing_key, entry.bytes));
    }
    return entry;
  }

  // Of the only partition that is read.
  Result<artifact::Version> find_partition(const InputContext& context, const std::string& key,
                                           const std::string& artifact) {
    const ArtifactRef named{
        options_.entity, options_.project, artifact_name_for(context.asset, key), {}};
    if (!artifact.empty()) {
      TREADLE_TRY(const ArtifactRef made, parse_artifact_ref(artifact));
      return service_.get(made);
    }
    TREADLE_TRY(auto found, service_.find(named));
    if (found) return std::move(*found);
    return fail(Errc::kNotFound,
                "No value of its partition '" + key +
                    "' is in this home's store. Materialize that partition first.");
  }

  Result<Value> load_partitions(InputContext& context) {
    if (context.input.codec == nullptr) {
      return fail(Errc::kUnsupported, "Nothing says how the function reads its values.");
    }
    // Of windows before the first there is nothing.
    if (context.partitions->subset.empty()) return Value();
    const MetadataValue* allowed =
        find_metadata(context.input.metadata, "allow_missing_partitions");
    const bool* allow_missing = allowed ? std::get_if<bool>(&allowed->data()) : nullptr;
    std::vector<StoredVersion> opened;
    std::vector<std::string> keys;
    std::size_t known = 0;
    for (const std::string& key : context.partitions->keys()) {
      std::string artifact;
      if (known < context.stored.size() && context.stored[known].key == key) {
        artifact = context.stored[known++].artifact;
      }
      Result<artifact::Version> version = find_partition(context, key, artifact);
      if (!version) {
        if (allow_missing != nullptr && *allow_missing && version.error().code == Errc::kNotFound) {
          continue;
        }
        return tl::make_unexpected(std::move(version).error());
      }
      TREADLE_TRY(StoredVersion stored, StoredVersion::open(service_, options_, *version));
      opened.push_back(std::move(stored));
      keys.push_back(key);
      TREADLE_CHECK(service_.use(*version, context.step.run_id()));
    }
    std::vector<std::pair<std::string, Stored*>> partitions;
    for (std::size_t i = 0; i < opened.size(); ++i) partitions.emplace_back(keys[i], &opened[i]);
    return context.input.codec->decode_all(partitions);
  }

  Result<artifact::Version> find_version(const InputContext& context) {
    if (context.partitions != nullptr) {
      return find_partition(context, context.partitions->keys().front(),
                            context.stored.empty() ? std::string() : context.stored[0].artifact);
    }
    if (!context.artifact.empty()) {
      TREADLE_TRY(const ArtifactRef made, parse_artifact_ref(context.artifact));
      return service_.get(made);
    }
    if (context.asset.empty()) {
      return fail(Errc::kNotFound,
                  "Run " + context.upstream_run +
                      " has not kept it in this home's store. Run its step again.");
    }
    const ArtifactRef latest{
        options_.entity, options_.project, artifact_name_for(context.asset), {}};
    TREADLE_TRY(auto found, service_.find(latest));
    if (found) return std::move(*found);
    if (context.upstream_output != nullptr && !context.upstream_output->stores_value) {
      return fail(Errc::kNotFound,
                  "Its function returns nothing, so there is no value to load. Depend on it "
                  "without a value.");
    }
    if (context.upstream_output != nullptr) {
      return fail(
          Errc::kNotFound,
          "No value of it is in this home's store. Materialize it first, or in the same run.");
    }
    return fail(
        Errc::kNotFound,
        "It is made outside of these definitions, and no value of it is in this home's store. "
        "Materialize it where it is made, with the same home.");
  }

  Result<Value> load(InputContext& context) {
    if (context.input.codec == nullptr) {
      return fail(
          Errc::kUnsupported,
          "Nothing says how the function reads its values. Give the type a codec, or the input "
          "an IO manager of its own.");
    }
    TREADLE_TRY(const artifact::Version version, find_version(context));
    TREADLE_TRY(StoredVersion stored, StoredVersion::open(service_, options_, version));
    TREADLE_TRY(Value value, context.input.codec->decode(stored));
    // What ops of one run hand each other is no lineage that anybody asks for.
    if (!context.asset.empty() || context.upstream_run != context.step.run_id()) {
      TREADLE_CHECK(service_.use(version, context.step.run_id()));
    }
    if (!stored.says_nothing()) context.data_version = version.digest;
    set_metadata(context.metadata, "artifact", MetadataValue::text(version.text()));
    return value;
  }

  artifact::ArtifactService& service_;
  const ArtifactIOManagerOptions options_;
};

}  // namespace

std::shared_ptr<IOManager> make_artifact_io_manager(artifact::ArtifactService& service,
                                                    ArtifactIOManagerOptions options) {
  return std::make_shared<ArtifactIOManager>(service, std::move(options));
}

Result<Value> load_version(artifact::ArtifactService& service,
                           const ArtifactIOManagerOptions& options,
                           const artifact::Version& version, const Codec& codec) {
  TREADLE_TRY(StoredVersion stored, StoredVersion::open(service, options, version));
  return codec.decode(stored);
}

}  // namespace treadle::io
