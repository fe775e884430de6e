#include "types.h"
#include <treadle/base/json.h>

#include <array>

namespace treadle::serve {
namespace {

constexpr std::string_view kServerTypes = R"(
type Query { serverInfo: ServerInfo! }
type ServerInfo {
  features: [ServerFeature!]!
  cliVersionInfo(deploymentID: String): JSON
  latestLocalVersionInfo: LatestLocalVersionInfo
  exposesExplicitRunQueueAckPath: Boolean
}
type ServerFeature { name: String! isEnabled: Boolean! }
type LatestLocalVersionInfo {
  outOfDate: Boolean! latestVersionString: String! versionOnThisInstanceString: String!
}
)";

// Only what is true. What is not named is off; the reasons are in docs/wandb-server.md.
constexpr std::array kFeatures = {
    "TREADLE_CONTENT_FIRST",  // PUT /contents/{entity}/{project}: ours, of no use to the SDK
    "LARGE_FILENAMES",
    "ARTIFACT_TAGS",
    "CLIENT_IDS",
    "FILESTREAM_GZIP",
    "ARTIFACT_REGISTRY_SEARCH",
    "ARTIFACT_COLLECTION_MEMBERSHIP_FILES",
    "ARTIFACT_COLLECTION_MEMBERSHIP_FILE_DOWNLOAD_HANDLER",
    "PROJECT_ARTIFACT_COLLECTION_MEMBERSHIP",
    "USE_ARTIFACT_WITH_ENTITY_AND_PROJECT_INFORMATION",
    "INCLUDE_ARTIFACT_TYPES_IN_REGISTRY_CREATION",
    "ARTIFACT_MEMBERSHIP_IN_LINK_ARTIFACT_RESPONSE",
    "TOTAL_COUNT_IN_FILE_CONNECTION",
    "ARTIFACT_COLLECTIONS_FILTERING_SORTING",
    "ARTIFACT_V2_DOWNLOAD_HANDLER_SUPPORTS_ARTIFACT_ID",
    "MARK_RUN_FILES_UPLOADED",
    "UPDATE_RUN_STATE",
    "SWEEPS_QUERY_FILTERING",
    "AUTOMATION_EVENT_RUN_METRIC",
    "AUTOMATION_EVENT_RUN_METRIC_CHANGE",
    "AUTOMATION_EVENT_RUN_METRIC_ZSCORE",
    "AUTOMATION_EVENT_RUN_STATE",
    "AUTOMATION_EVENT_ADD_ARTIFACT_TAG",
    "AUTOMATION_EVENT_ADD_COLLECTION_TAG",
    "AUTOMATION_EVENT_REMOVE_ARTIFACT_TAG",
    "AUTOMATION_EVENT_REMOVE_COLLECTION_TAG",
    "AUTOMATION_EVENT_UNLINK_ARTIFACT",
    "AUTOMATION_ACTION_NO_OP",
    "AUTOMATION_SCOPE_ENTITY",
    "QUERY_AUTOMATIONS_ON_ENTITY",
};

struct ServerInfo {};

}  // namespace

void define_server(graphql::Schema& schema) {
  schema.define(kServerTypes);
  schema.resolve("Query", "serverInfo", [](const Call&) -> Result<Output> {
    return graphql::node("ServerInfo", ServerInfo{});
  });
  schema.resolve<ServerInfo>(
      "ServerInfo",
      {{"features",
        [](const ServerInfo&, const Call&) -> Result<Output> {
          Outputs out;
          for (const char* name : kFeatures) {
            out.push_back(graphql::node("ServerFeature", std::string(name)));
          }
          return out;
        }},
       // Without it the SDK writes image lists without names and refuses references by client id.
       {"cliVersionInfo",
        [](const ServerInfo&, const Call&) -> Result<Output> {
          return Raw{R"({"max_cli_version":"9.99.0","latest_cli_version":"9.99.0"})"};
        }},
       {"latestLocalVersionInfo",
        [](const ServerInfo&, const Call&) -> Result<Output> {
          return graphql::node("LatestLocalVersionInfo", 0);
        }},
       {"exposesExplicitRunQueueAckPath", [](const ServerInfo&, const Call&) { return true; }}});
  schema.resolve<std::string>(
      "ServerFeature", {{"name", [](const std::string& name, const Call&) { return name; }},
                        {"isEnabled", [](const std::string&, const Call&) { return true; }}});
  const auto version = [](const Call& call) -> Result<Output> { return backend(call).version; };
  schema.resolve("LatestLocalVersionInfo", "outOfDate",
                 [](const Call&) -> Result<Output> { return false; });
  schema.resolve("LatestLocalVersionInfo", "latestVersionString", version);
  schema.resolve("LatestLocalVersionInfo", "versionOnThisInstanceString", version);
}

}  // namespace treadle::serve
