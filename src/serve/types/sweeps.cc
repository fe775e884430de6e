// Sweeps, launch queues, reports and automations: their read queries answer truthfully that there are
// none. What runs them is a piece of its own.
#include "types.h"

namespace treadle::serve {
namespace {

constexpr std::string_view kSweepsTypes = R"(
extend type Project {
  sweep(sweepName: String, name: String): Sweep
  sweeps(after: String, first: Int, filters: JSONString): SweepConnection!
  totalSweeps: Int!
  runQueue(name: String, id: ID): RunQueue
  runQueues: [RunQueue!]!
}
extend type Entity {
  defaultResourceConfig(id: ID): DefaultResourceConfig
}
type Sweep {
  id: ID! name: String! displayName: String method: String! state: String! description: String bestLoss: Float
  config: String! createdAt: DateTime! updatedAt: DateTime heartbeatAt: DateTime runCount: Int! runCountExpected: Int
  controller: JSONString scheduler: JSONString earlyStopJobRunning: Boolean controllerRunName: String
  runs(first: Int, after: String): RunConnection priorRuns: RunConnection
  agent(agentName: String!): Agent agents: AgentConnection
}
type Agent {
  id: ID! name: String! host: String! state: String totalRuns: Int! createdAt: DateTime! heartbeatAt: DateTime
  runs(after: String, before: String, first: Int, last: Int, order: String): RunConnection
}
type RunQueue {
  id: ID! name: String! createdBy: Int access: String defaultResourceConfigID: ID prioritizationMode: String
  externalLinks: JSON runQueueItem(id: ID!): RunQueueItem
  runQueueItems(first: Int, after: String): RunQueueItemConnection
}
type RunQueueItem { id: ID! state: String! associatedRunId: String }
type ResourceTemplateVariable { name: String! schema: JSONString description: String }
type DefaultResourceConfig {
  id: ID! config: JSON resource: String templateVariables: [ResourceTemplateVariable!]
}
)";

}  // namespace

void define_sweeps(graphql::Schema& schema) {
  schema.define(kSweepsTypes);
  for (const char* type : {"Sweep", "Agent", "RunQueueItem"}) {
    define_connection(schema, type);
  }
  const auto null = [](const Call&) -> Result<Output> { return nullptr; };
  const auto none = [](std::string_view type) {
    return [type](const Call&) -> Result<Output> { return connection_node(type, {}); };
  };
  schema.resolve("Project", "sweep", null);
  schema.resolve("Project", "sweeps", none("SweepConnection"));
  schema.resolve("Project", "totalSweeps", [](const Call&) -> Result<Output> { return 0; });
  schema.resolve("Project", "runQueue", null);
  schema.resolve("Project", "runQueues", [](const Call&) -> Result<Output> { return Outputs(); });
  schema.resolve("Entity", "defaultResourceConfig", null);
  // Nothing makes these yet, so nothing asks for their fields.
  for (const char* type : {"Sweep", "Agent", "RunQueue", "RunQueueItem", "ResourceTemplateVariable",
                           "DefaultResourceConfig"}) {
    for (const auto& [name, field] : schema.find(type)->fields) {
      schema.resolve(type, name, null);
    }
  }
}

}  // namespace treadle::serve
