// Which runs made and used an artifact, and which artifacts a run made and used. A run is its entity,
// project and id together; what the library wrote into the home knows ids only, and those are taken
// as runs of the artifact's own project, else of whatever project has them.
#include "artifact_nodes.h"

#include <algorithm>
#include <set>

namespace treadle::serve {
namespace {

using account::Role;
using artifact::RunLink;
using artifact::RunPlace;
using artifact::Version;
using tracking::Run;

constexpr std::string_view kLineageTypes = R"(
extend type Run {
  outputArtifacts(after: String, first: Int, before: String, last: Int): ArtifactConnection
  inputArtifacts(after: String, first: Int, before: String, last: Int): ArtifactConnection
}
extend type Artifact { createdBy: ArtifactCreator usedBy: RunConnection! usedCount: Int }
)";

Result<Output> version_list(const Call& call, const std::vector<Version>& versions) {
  std::vector<Version> allowed;
  for (const Version& v : versions) {
    TREADLE_TRY(const bool may, may_read(call, v));
    if (may) allowed.push_back(v);
  }
  return connection_node("ArtifactConnection", page(call.args, allowed, [](const Version& v) {
                           return artifact_node(v);
                         }));
}

// The run with this id that the caller may see; that of the artifact's own project first.
Result<std::optional<Run>> run_with_id(const Call& call, const std::string& id,
                                       const Version& version) {
  TREADLE_TRY(auto runs, backend(call).runs.find_by_id(id));
  std::erase_if(runs, [&](const Run& r) { return !may(call, Role::kViewer, r.entity, r.project); });
  if (runs.empty()) return std::nullopt;
  const auto own = std::find_if(runs.begin(), runs.end(), [&](const Run& r) {
    return r.entity == version.entity && r.project == version.project;
  });
  return own == runs.end() ? std::move(runs.front()) : std::move(*own);
}

Result<std::vector<Run>> users_of(const Call& call, const Version& version) {
  Backend& b = backend(call);
  std::vector<Run> out;
  std::set<std::string> placed;
  TREADLE_TRY(const auto places, b.run_links.runs(version, RunLink::kUsed));
  for (const RunPlace& place : places) {
    placed.insert(place.run_id);
    if (!may(call, Role::kViewer, place.entity, place.project)) continue;
    TREADLE_TRY(auto run, b.runs.find({place.entity, place.project, place.run_id}));
    if (run) out.push_back(*std::move(run));
  }
  TREADLE_TRY(const auto ids, b.artifacts.users_of(version));
  for (const std::string& id : ids) {
    if (placed.contains(id)) continue;
    TREADLE_TRY(auto run, run_with_id(call, id, version));
    if (run) out.push_back(*std::move(run));
  }
  return out;
}

void add_missing(std::vector<Version>& to, std::vector<Version> more) {
  for (Version& v : more) {
    const bool there =
        std::any_of(to.begin(), to.end(), [&](const Version& have) { return have.id == v.id; });
    if (!there) to.push_back(std::move(v));
  }
}

Result<Output> outputs_of(const Run& r, const Call& call) {
  Backend& b = backend(call);
  TREADLE_TRY(auto versions, b.artifacts.made_by(r.id));
  std::erase_if(versions,
                [&](const Version& v) { return v.entity != r.entity || v.project != r.project; });
  TREADLE_TRY(auto again, b.run_links.versions({r.entity, r.project, r.id}, RunLink::kLogged));
  add_missing(versions, std::move(again));
  return version_list(call, versions);
}

Result<Output> inputs_of(const Run& r, const Call& call) {
  Backend& b = backend(call);
  TREADLE_TRY(auto versions, b.run_links.versions({r.entity, r.project, r.id}, RunLink::kUsed));
  TREADLE_TRY(auto by_id, b.artifacts.used_by(r.id));
  for (Version& v : by_id) {
    // Used by a run of this id; of which project, if anybody said.
    TREADLE_TRY(const auto places, b.run_links.runs(v, RunLink::kUsed));
    const bool elsewhere = std::any_of(places.begin(), places.end(),
                                       [&](const RunPlace& p) { return p.run_id == r.id; });
    if (!elsewhere) add_missing(versions, {std::move(v)});
  }
  return version_list(call, versions);
}

}  // namespace

void define_artifact_lineage(graphql::Schema& schema) {
  schema.define(kLineageTypes);
  schema.resolve<Run>("Run", {{"outputArtifacts", outputs_of}, {"inputArtifacts", inputs_of}});
  using A = ArtifactData;
  schema.resolve<A>("Artifact",
                    {{"createdBy",
                      [](const A& a, const Call& call) -> Result<Output> {
                        if (!a.version || a.version->run_id.empty()) return nullptr;
                        TREADLE_TRY(auto run, run_with_id(call, a.version->run_id, *a.version));
                        return run ? Output(run_node(*std::move(run))) : Output();
                      }},
                     {"usedBy",
                      [](const A& a, const Call& call) -> Result<Output> {
                        std::vector<Run> found;
                        if (a.version) {
                          TREADLE_TRY(found, users_of(call, *a.version));
                        }
                        return connection_node(
                            "RunConnection",
                            page(call.args, found, [](const Run& r) { return run_node(r); }, 1000));
                      }},
                     {"usedCount", [](const A& a, const Call& call) -> Result<Output> {
                        if (!a.version) return 0;
                        TREADLE_TRY(const auto found, users_of(call, *a.version));
                        return static_cast<std::int64_t>(found.size());
                      }}});
}

}  // namespace treadle::serve
