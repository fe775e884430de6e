// The default IO manager: keeps each output as an artifact version in the home's store.
#pragma once

#include <treadle/artifact/service.h>
#include <treadle/define/definitions.h>

#include <memory>
#include <string>
#include <vector>

namespace treadle::io {

struct ArtifactIOManagerOptions {
  std::string entity;        // "" = default
  std::string project;       // "" = default
  std::string cache_folder;  // where files are put for reading: <home>/cache
  std::string signing_key;   // the home's key: signs what must be signed, refuses what is not
};

// Output: encoded by OutputDef::codec, logged as the collection artifact_name_for(asset key) with
// the type from metadata "treadle/artifact_type" (default "asset"); the materialization's data
// version is the artifact's digest. An empty value is not stored. An op's output goes to the collection
// artifact_name_for_output with the type "op_output", and is loaded as exactly the version that its
// run made.
// Input: the version made by this run, else the asset's latest, decoded by InputDef::codec.
// `service` must outlive it. Thread-safe.
std::shared_ptr<IOManager> make_artifact_io_manager(artifact::ArtifactService& service,
                                                    ArtifactIOManagerOptions options);

// A server that keeps artifacts instead of the home.
struct ServerPlace {
  std::string host;     // "" = WANDB_BASE_URL, else the home; "embedded" = the home in any case
  std::string api_key;  // "" = WANDB_API_KEY, else ~/.netrc
  std::string entity;   // "" = that of the key
  std::string project;
  std::vector<std::string> run_tags;  // of runs that are made there
};

// IO managers that keep values in a store, declared before there is one: whoever opens the home
// (app::add_defaults) hands over the home's, or that of the server which is wanted.
class NeedsStore {
 public:
  virtual ~NeedsStore() = default;
  virtual ServerPlace wanted() const = 0;
  // An error is told when the store is needed. Called again when another home is opened.
  virtual void use_store(Result<std::shared_ptr<artifact::ArtifactService>> service,
                         const ArtifactIOManagerOptions& options) = 0;
};

// Reads one stored version with a codec, as the IO manager does (for asset_value() after a run,
// `load_asset_value`).
Result<Value> load_version(artifact::ArtifactService& service,
                           const ArtifactIOManagerOptions& options,
                           const artifact::Version& version, const Codec& codec);

}  // namespace treadle::io
