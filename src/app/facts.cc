// What the record and the store know about the assets of a graph.
#include "server_artifacts.h"
#include <treadle/app/home.h>
#include <treadle/app/partitions.h>
#include <treadle/artifact/store.h>
#include <treadle/base/content_digest.h>

#include <optional>
#include <unordered_map>
#include <unordered_set>

namespace treadle::app {
namespace {

struct Seen {
  Micros time = 0;
  std::string data_version;  // "" = nobody has looked at the asset, or did not say
};

Result<Seen> latest_observation(Home& home, const AssetKey& key) {
  TREADLE_TRY(const std::vector<Event> events,
              home.record().events({.asset_key = key.text(),
                                    .types = {EventType::kAssetObservation},
                                    .limit = 1,
                                    .newest_first = true}));
  if (events.empty()) return Seen{};
  return Seen{events.front().time, observed_version(events.front())};
}

}  // namespace

namespace {

// What assets without partitions read of those with them, in its version of now.
Result<void> add_versions_of_partitions(Home& home, const plan::AssetGraph& graph,
                                        plan::Facts& facts) {
  std::unordered_map<plan::NodeId, std::optional<plan::PartitionedFacts>> known;
  for (plan::NodeId id = 0; id < facts.size(); ++id) {
    const plan::Node& node = graph.node(id);
    if (!node.step || node.info->partitions || !facts[id].materialized) continue;
    for (const plan::NodeId parent : node.parents) {
      if (!graph.node(parent).info->partitions) continue;
      if (!known.contains(parent)) {
        TREADLE_TRY(known[parent], partitioned_facts(home, graph, parent));
      }
      const plan::PartitionQuestion question{
          .graph = graph,
          .node = id,
          .facts = [&](plan::NodeId n) { return known[n] ? &*known[n] : nullptr; },
          .version = {},
          .code_version = {}};
      TREADLE_TRY(std::string version, version_read_now(home, question, parent));
      facts[id].read_now.emplace_back(parent, std::move(version));
    }
  }
  return {};
}

}  // namespace

Result<plan::Facts> load_facts(Home& home, const plan::AssetGraph& graph) {
  return load_facts(home, graph, true);
}

Result<plan::Facts> load_facts(Home& home, const plan::AssetGraph& graph, bool ask_servers) {
  plan::Facts facts(graph.nodes().size());
  TREADLE_TRY(auto latest, home.record().latest_materializations({}, false));
  for (const plan::Node& node : graph.nodes()) {
    // Of a partitioned asset that of whichever partition was made last.
    if (!node.info->partitions) continue;
    TREADLE_TRY(auto of_partition, home.record().latest_materialization(node.info->key, ""));
    if (of_partition) latest.push_back(std::move(*of_partition));
  }
  std::vector<std::string> named;
  for (events::LatestMaterialization& materialization : latest) {
    const plan::NodeId id = graph.find(materialization.asset);
    if (id == plan::kNoNode) continue;
    plan::AssetFacts& fact = facts[id];
    if (fact.materialized && fact.time > materialization.time) continue;
    fact.materialized = true;
    fact.run_id = std::move(materialization.run_id);
    fact.time = materialization.time;
    fact.provenance = std::move(materialization.provenance);
  }

  TREADLE_TRY(const std::unordered_set<std::string> existing, home.store().version_texts());
  std::vector<std::string> elsewhere;
  for (const plan::AssetFacts& fact : facts) {
    if (is_on_server(fact.provenance.artifact)) elsewhere.push_back(fact.provenance.artifact);
  }
  const std::unordered_set<std::string> gone =
      ask_servers ? gone_from_servers(home, elsewhere) : std::unordered_set<std::string>();
  std::optional<DigestMemory> digests;  // opened for the first file source
  for (plan::NodeId id = 0; id < facts.size(); ++id) {
    plan::AssetFacts& fact = facts[id];
    const plan::Node& node = graph.node(id);
    const std::string& artifact = fact.provenance.artifact;
    fact.artifact_gone = is_on_server(artifact) ? gone.contains(artifact)
                                                : !artifact.empty() && !existing.contains(artifact);
    if (node.source == nullptr) continue;
    if (!node.source->file.empty()) {
      // A source that is not there is the step's to report, when it tries to read it.
      if (!digests) digests.emplace(real_files(), join_path(home.cache_folder(), "digests"));
      if (auto digest = content_digest(real_files(), absolute_path(node.source->file), &*digests)) {
        fact.source_version = std::move(*digest);
      }
    } else {
      TREADLE_TRY(const Seen seen, latest_observation(home, node.info->key));
      fact.source_version = seen.time > fact.time || !fact.materialized
                                ? seen.data_version
                                : fact.provenance.data_version;
    }
  }
  if (digests) (void)digests->save();
  TREADLE_CHECK(add_versions_of_partitions(home, graph, facts));
  return facts;
}

}  // namespace treadle::app
