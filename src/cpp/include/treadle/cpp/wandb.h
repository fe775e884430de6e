// W&B artifacts from C++: what a function returns becomes a version of an artifact, what it asks for
// is read from one. The same store and the same names as Python's treadle.wandb and dagster_wandb.
//
//   defs.io_manager("wandb", td::wandb::artifacts_io_manager());
//   auto model = defs.asset({.key = "model",
//                            .metadata = {td::wandb::configuration({.type = "model"})},
//                            .io_manager = "wandb"},
//                           train, data);
//   defs.asset("score", score, td::with(model, {td::wandb::configuration({.alias = "production"})}));
#pragma once

#include <treadle/cpp/codec_for.h>
#include <treadle/io/wandb_artifacts.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace treadle::wandb {

using ArtifactConfiguration = io::WandbArtifactConfiguration;
using Addition = io::WandbAddition;
using ArtifactsOptions = io::WandbArtifactsOptions;

// For the metadata of an output, or of td::with.
inline std::pair<std::string, MetadataValue> configuration(const ArtifactConfiguration& config) {
  return config.metadata();
}

// An IO manager over the store of the home that runs it.
inline std::shared_ptr<IOManager> artifacts_io_manager(ArtifactsOptions options = {}) {
  return io::make_wandb_artifacts_io_manager(std::move(options));
}

}  // namespace treadle::wandb
