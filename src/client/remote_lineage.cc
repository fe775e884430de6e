// The graph of versions and runs on a server, walked as the home's is.
#include "artifact_documents.h"
#include "remote_artifacts.h"
#include <treadle/base/json.h>

#include <boost/json.hpp>

namespace treadle::client {
namespace {

constexpr int kPageOfLineage = 500;

std::string place_of_run(const Node& run) {
  return run["project.entityName"].text() + "/" + run["project.name"].text() + "/" +
         run["name"].text();
}

}  // namespace

// Runs are "entity/project/id" here.
class RemoteArtifacts::Source final : public artifact::LineageSource {
 public:
  explicit Source(RemoteArtifacts& artifacts) : artifacts_(artifacts) {}

  Result<std::vector<std::string>> runs_beside(const artifact::Version& version, bool up) override {
    boost::json::value data;
    TREADLE_CHECK(artifacts_.ask(
        kArtifactRuns, [&](JsonWriter& w) { w.field("id", id_of_number(version.id)); }, data));
    const Node found = Node(data)["artifact"];
    std::vector<std::string> out;
    if (up) {
      const Node run = found["createdBy"];
      if (!run["name"].empty()) out.push_back(place_of_run(run));
      return out;
    }
    for (const Node& run : found["usedBy"].nodes()) out.push_back(place_of_run(run));
    return out;
  }

  Result<std::vector<artifact::Version>> beyond(const std::string& run, bool up) override {
    const std::size_t last = run.rfind('/');
    const std::size_t first = run.find('/');
    std::vector<artifact::Version> out;
    TREADLE_CHECK(artifacts_.ask_pages(
        up ? kRunInputArtifacts : kRunOutputArtifacts,
        [&](JsonWriter& w) {
          w.field("entity", run.substr(0, first));
          w.field("project", run.substr(first + 1, last - first - 1));
          w.field("run", run.substr(last + 1)).field("perPage", kPageOfLineage);
        },
        up ? "project.run.inputArtifacts" : "project.run.outputArtifacts",
        [&](const Node& page) {
          for (const Node& node : page.nodes()) {
            if (node["state"].text() == "COMMITTED") out.push_back(artifacts_.version_of(node));
          }
        }));
    return out;
  }

 private:
  RemoteArtifacts& artifacts_;
};

Result<artifact::Lineage> RemoteArtifacts::lineage(const artifact::Version& version,
                                                   const artifact::LineageOptions& options) {
  Source source(*this);
  TREADLE_TRY(artifact::Lineage out, artifact::lineage(source, version, options));
  for (std::string& run : out.runs) run.erase(0, run.rfind('/') + 1);
  return out;
}

}  // namespace treadle::client
