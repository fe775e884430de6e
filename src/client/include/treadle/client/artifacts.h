// Artifacts on a server that speaks W&B's protocol, behind the interface that the home's store has too.
//
//   TREADLE_TRY(auto server, client::Connection::open({.address = address}));
//   auto artifacts = client::Artifacts::over(server, {.entity = "team", .project = "iris"});
//   TREADLE_TRY(auto logged, artifacts->log({.collection = "model", .type = "model", .folder = "out"}));
//
// Nothing is visible before it is whole: a version appears with its commit, a file with its rename. What
// was interrupted is logged or downloaded again by the same call, and goes on with what arrived.
#pragma once

#include <treadle/artifact/library.h>
#include <treadle/artifact/lineage.h>
#include <treadle/client/connection.h>

#include <memory>
#include <set>
#include <string>
#include <vector>

namespace treadle::client {

// The run that versions are made and used by, made on the server when it has none of that name.
struct RunIdentity {
  std::string
      name_prefix;  // before the first eight characters of its id; "" = the server makes one up
  std::vector<std::string> tags;
};

struct ArtifactsOptions {
  std::string entity;   // where a draft or reference names none, and of runs; "" = who asks
  std::string project;  // "" = "uncategorized", as the SDK has it
  // Where what arrives is put first: what an interrupted download left is continued from here, and
  // contents that several versions share are fetched once.
  std::string cache_folder;
  RunIdentity run;
};

// Thread-safe; a version's `host` is the server's URL. kBusy: the server is not reached. A reference that
// names another host is kInvalidArgument.
class Artifacts : public artifact::Library {
 public:
  static std::shared_ptr<Artifacts> over(std::shared_ptr<Connection> server,
                                         ArtifactsOptions options);
  // The run of this id, made and ended at once when there is none: it is another program's to say
  // how it goes. What log() and use() do before they name a run; once for each.
  virtual Result<void> join_run(const std::string& run_id) = 0;
  // Which of these versions ("entity/project/collection:v3") there are: asked in batches.
  virtual Result<std::set<std::string>> existing(const std::vector<std::string>& texts) = 0;
  // Where a version comes from and where it went, through all projects that the key may read.
  virtual Result<artifact::Lineage> lineage(const artifact::Version& version,
                                            const artifact::LineageOptions& options) = 0;
};

}  // namespace treadle::client
