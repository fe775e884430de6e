// Launch queues: their read queries answer truthfully that there are none. What runs them is a piece
// of its own.
#include "types.h"

namespace treadle::serve {
namespace {

constexpr std::string_view kLaunchTypes = R"(
extend type Project {
  runQueue(name: String, id: ID): RunQueue
  runQueues: [RunQueue!]!
}
extend type Entity { defaultResourceConfig(id: ID): DefaultResourceConfig }
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

void define_launch(graphql::Schema& schema) {
  schema.define(kLaunchTypes);
  define_connection(schema, "RunQueueItem");
  const auto null = [](const Call&) -> Result<Output> { return nullptr; };
  schema.resolve("Project", "runQueue", null);
  schema.resolve("Project", "runQueues", [](const Call&) -> Result<Output> { return Outputs(); });
  schema.resolve("Entity", "defaultResourceConfig", null);
  // Nothing makes these yet, so nothing asks for their fields.
  for (const char* type :
       {"RunQueue", "RunQueueItem", "ResourceTemplateVariable", "DefaultResourceConfig"}) {
    for (const auto& [name, field] : schema.find(type)->fields) {
      schema.resolve(type, name, null);
    }
  }
}

}  // namespace treadle::serve
