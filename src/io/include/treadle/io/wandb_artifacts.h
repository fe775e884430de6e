// The W&B artifacts IO manager for functions in C++: outputs become versions of W&B artifacts, inputs
// are read from them, configured as `dagster_wandb` is. The Python package has its own over the same
// store, and each reads what the other wrote.
#pragma once

#include <treadle/define/io_manager.h>
#include <treadle/model/metadata.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace treadle::io {

inline constexpr const char* kWandbConfiguration = "wandb_artifact_configuration";

// A file, folder or URI that goes into an output's artifact beside its value.
struct WandbAddition {
  std::string path;  // local path, or URI of a reference
  std::string name;  // inside the artifact; "" = the file's name; of a folder: a folder around it
};

// What to write or to read; the peer's keys. "" and empty: not said.
struct WandbArtifactConfiguration {
  // Of outputs that are no assets; an asset's artifact has the asset's name.
  std::string name = {};
  // Outputs.
  std::string type = {};  // "artifact" unless said
  std::string description = {};
  std::vector<std::string> aliases = {};
  std::vector<WandbAddition> add_files = {};
  std::vector<WandbAddition> add_dirs = {};
  std::vector<WandbAddition> add_references = {};
  // Inputs: at most one of version and alias, at most one of get and get_path.
  std::string version = {};   // "v3"
  std::string alias = {};     // "production"
  std::string get = {};       // a W&B object by its name, as its document
  std::string get_path = {};  // one file

  // For the metadata of an output or input.
  std::pair<std::string, MetadataValue> metadata() const;
  // What `metadata` says; nothing said: an empty one. Names unknown keys and wrong combinations.
  static Result<WandbArtifactConfiguration> from(const Metadata& metadata, bool reading);
};

struct WandbArtifactsOptions {
  std::string entity;                 // "" = default
  std::string project;                // "" = default
  std::vector<std::string> run_tags;  // beside dagster_wandb
  // The URL of a server; "" = WANDB_BASE_URL, else none: the home. "embedded": the home in any case.
  std::string host = {};
  std::string api_key = {};  // "" = WANDB_API_KEY, else ~/.netrc
};
// Reads and writes in the store of the home that runs it, or on the server. Thread-safe.
std::shared_ptr<IOManager> make_wandb_artifacts_io_manager(WandbArtifactsOptions options);

}  // namespace treadle::io
