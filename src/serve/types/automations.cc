// Automations and the integrations they act through. They are kept and listed; nothing acts on them.
#include "artifact_nodes.h"
#include <treadle/base/json.h>

#include <array>
#include <iterator>

namespace treadle::serve {
namespace {

using account::Role;
using desk::Automation;
using desk::Integration;
using desk::ScopeKind;

constexpr std::string_view kAutomationsTypes = R"(
extend type Project { triggers: [Trigger!]! }
extend type Entity {
  triggers(first: Int, after: String, filters: JSONString, order: String): TriggerConnection!
  integrations(first: Int, after: String): IntegrationConnection!
}
extend type Organization {
  triggers(first: Int, after: String, filters: JSONString, order: String): TriggerConnection!
}
type Trigger {
  id: ID! createdAt: DateTime! updatedAt: DateTime name: String! description: String enabled: Boolean!
  createdBy: User scope: TriggerScope! triggeringCondition: TriggeringCondition! triggeredAction: TriggeredAction!
}
union TriggerScope = Project | ArtifactPortfolio | ArtifactSequence | Entity
union TriggeringCondition = FilterEventTriggeringCondition
type FilterEventTriggeringCondition { eventType: EventTriggeringConditionType! filter: JSONString! }
union TriggeredAction = GenericWebhookTriggeredAction | NotificationTriggeredAction | NoOpTriggeredAction
  | QueueJobTriggeredAction | PushNotificationTriggeredAction | ARIATriggeredAction
type GenericWebhookTriggeredAction { integration: Integration! requestPayload: JSONString }
type NotificationTriggeredAction { integration: Integration! title: String message: String severity: AlertSeverity }
type NoOpTriggeredAction { noOp: Boolean }
type QueueJobTriggeredAction { queue: RunQueue template: JSONString! }
type PushNotificationTriggeredAction { title: String body: String user: User }
type ARIATriggeredAction { prompt: String! }
interface Integration { id: ID! createdAt: DateTime }
type SlackIntegration implements Integration {
  id: ID! createdAt: DateTime teamName: String! channelName: String!
}
type GenericWebhookIntegration implements Integration {
  id: ID! createdAt: DateTime name: String! urlEndpoint: String! accessTokenRef: String secretRef: String
}
enum EventTriggeringConditionType {
  ADD_ARTIFACT_ALIAS ADD_ARTIFACT_TAG ADD_COLLECTION_TAG CREATE_ARTIFACT LINK_MODEL REMOVE_ARTIFACT_TAG
  REMOVE_COLLECTION_TAG RUN_METRIC RUN_METRIC_CHANGE RUN_METRIC_ZSCORE RUN_STATE UNLINK_ARTIFACT
  UPDATE_ARTIFACT_ALIAS WEAVE_METRIC_THRESHOLD
}
enum TriggerScopeType { ARTIFACT_COLLECTION ENTITY PROJECT }
enum TriggeredActionType { GENERIC_WEBHOOK NOTIFICATION NO_OP PUSH_NOTIFICATION QUEUE_JOB ARIA }
extend type Mutation {
  createFilterTrigger(input: CreateFilterTriggerInput!): TriggerPayload
  updateFilterTrigger(input: UpdateFilterTriggerInput!): TriggerPayload
  deleteTrigger(input: DeleteTriggerInput!): SuccessPayload
  createGenericWebhookIntegration(input: CreateGenericWebhookIntegrationInput!): IntegrationPayload
}
input GenericWebhookActionInput { integrationID: ID!, requestPayload: JSONString }
input NotificationActionInput { integrationID: ID!, message: String, severity: AlertSeverity, title: String }
input NoOpTriggeredActionInput { noOp: Boolean }
input PushNotificationActionInput { title: String, body: String, userID: ID! }
input QueueJobActionInput { queueID: ID!, template: JSONString! }
input ARIAActionInput { prompt: String! }
input TriggeredActionConfig {
  genericWebhookActionInput: GenericWebhookActionInput, notificationActionInput: NotificationActionInput,
  noOpActionInput: NoOpTriggeredActionInput, pushNotificationActionInput: PushNotificationActionInput,
  queueJobActionInput: QueueJobActionInput, ariaActionInput: ARIAActionInput
}
input CreateFilterTriggerInput {
  name: String!, description: String, enabled: Boolean!, scopeType: TriggerScopeType!, scopeID: ID!,
  triggeringEventType: EventTriggeringConditionType!, eventFilter: JSONString!,
  triggeredActionType: TriggeredActionType!, triggeredActionConfig: TriggeredActionConfig!, clientMutationId: String
}
input UpdateFilterTriggerInput {
  id: ID!, name: String, description: String, enabled: Boolean, scopeType: TriggerScopeType, scopeID: ID,
  triggeringEventType: EventTriggeringConditionType, eventFilter: JSONString,
  triggeredActionType: TriggeredActionType, triggeredActionConfig: TriggeredActionConfig, clientMutationId: String
}
input DeleteTriggerInput { triggerID: ID!, clientMutationId: String }
type TriggerPayload { trigger: Trigger clientMutationId: String }
input CreateGenericWebhookIntegrationInput {
  entityName: String!, name: String!, urlEndpoint: String!, accessTokenRef: String, secretRef: String,
  clientMutationId: String
}
type IntegrationPayload { integration: Integration clientMutationId: String }
)";

struct ActionKind {
  std::string_view name;   // of TriggeredActionType
  std::string_view input;  // the member of TriggeredActionConfig that belongs to it
  std::string_view type;   // of TriggeredAction
};
constexpr std::array kActions = {
    ActionKind{"GENERIC_WEBHOOK", "genericWebhookActionInput", "GenericWebhookTriggeredAction"},
    ActionKind{"NOTIFICATION", "notificationActionInput", "NotificationTriggeredAction"},
    ActionKind{"NO_OP", "noOpActionInput", "NoOpTriggeredAction"},
    ActionKind{"QUEUE_JOB", "queueJobActionInput", "QueueJobTriggeredAction"},
    ActionKind{"PUSH_NOTIFICATION", "pushNotificationActionInput",
               "PushNotificationTriggeredAction"},
    ActionKind{"ARIA", "ariaActionInput", "ARIATriggeredAction"},
};

const ActionKind& action_kind(std::string_view name) {
  for (const ActionKind& kind : kActions)
    if (kind.name == name) return kind;
  return kActions[2];
}

// What an automation keeps of its action: the input it was given, as JSON.
struct Action {
  std::string_view type;
  graphql::Value config;
};

graphql::Node integration_node(Integration integration) {
  const bool slack = integration.kind == Integration::Kind::kSlack;
  return graphql::node(slack ? "SlackIntegration" : "GenericWebhookIntegration",
                       std::move(integration));
}

// Where an automation's scope is, when it is still there and the caller may see it.
struct Scope {
  ScopeKind kind = ScopeKind::kProject;
  std::int64_t id = 0;
  std::int64_t entity_id = 0;
  std::int64_t project_id = 0;
  std::string entity;
  std::string project;
  graphql::Node node;
};

Result<std::optional<Scope>> find_scope(const Call& call, ScopeKind kind, std::int64_t id) {
  Backend& b = backend(call);
  Scope out;
  out.kind = kind;
  out.id = id;
  if (kind == ScopeKind::kEntity) {
    TREADLE_TRY(const auto entity, b.accounts.find_entity(id));
    if (!entity) return std::nullopt;
    out.entity = entity->name;
    out.node = entity_node(*entity);
  } else if (kind == ScopeKind::kProject) {
    TREADLE_TRY(const auto project, b.accounts.find_project(id));
    if (!project) return std::nullopt;
    out.entity = project->entity;
    out.project = project->name;
    out.project_id = project->id;
    out.node = project_node(*project);
  } else {
    TREADLE_TRY(const auto collection, b.catalog.find_collection(id));
    if (!collection) return std::nullopt;
    out.entity = collection->entity;
    out.project = collection->project;
    TREADLE_TRY(const auto project, find_project(call, out.entity, out.project));
    if (!project) return std::nullopt;
    out.project_id = project->id;
    out.node = collection_node(*collection);
  }
  if (!may(call, Role::kRestrictedViewer, out.entity, out.project)) return std::nullopt;
  TREADLE_TRY(const auto entity, b.accounts.find_entity(out.entity));
  if (!entity) return std::nullopt;
  out.entity_id = entity->id;
  return out;
}

// The kind and number that an id on the wire stands for.
Result<Scope> scope_of_input(const Call& call, const std::string& type, const std::string& id) {
  const ScopeKind kind = type == "ENTITY"    ? ScopeKind::kEntity
                         : type == "PROJECT" ? ScopeKind::kProject
                                             : ScopeKind::kCollection;
  std::optional<std::int64_t> number;
  if (kind == ScopeKind::kCollection) {
    TREADLE_TRY(const auto collection, collection_of_id(call, id, Role::kRestrictedViewer));
    number = collection.id;
  } else {
    number = number_of(id, kind == ScopeKind::kEntity ? "Entity" : "Project");
  }
  TREADLE_TRY(auto scope, number ? find_scope(call, kind, *number)
                                 : Result<std::optional<Scope>>(std::nullopt));
  if (!scope) {
    return fail(Errc::kNotFound, "There is no " + type + " with the id '" + id +
                                     "', or you may not see it: an automation needs its scope.");
  }
  return *std::move(scope);
}

Result<void> check_name(std::string_view of, const std::string& name) {
  if (!name.empty() && name.size() <= 255) return {};
  return fail(Errc::kInvalidArgument, std::string(of) + "'s name has 1 to 255 characters.");
}

Result<void> check_event(const Automation& a) {
  const bool of_runs = a.event.starts_with("RUN_");
  if (of_runs && a.scope == ScopeKind::kCollection) {
    return fail(Errc::kInvalidArgument,
                a.event +
                    " is an event of runs: its scope is a project or a team, not a "
                    "collection of artifacts.");
  }
  if (a.event == "CREATE_ARTIFACT" && a.scope != ScopeKind::kCollection) {
    return fail(Errc::kInvalidArgument,
                "CREATE_ARTIFACT is an event of one collection: give that as its scope.");
  }
  return {};
}

// The action's own input out of triggeredActionConfig, checked.
Result<std::string> action_config(const Call& call, const graphql::Arguments& input,
                                  const std::string& action) {
  const ActionKind& kind = action_kind(action);
  const graphql::Value* all = input.find("triggeredActionConfig");
  const graphql::Value* own = all ? all->find(kind.input) : nullptr;
  if (!own || own->is_null()) {
    return fail(Errc::kInvalidArgument, "An automation that does " + action +
                                            " needs triggeredActionConfig." +
                                            std::string(kind.input) + ".");
  }
  if (const graphql::Value* id = own->find("integrationID")) {
    const auto* text = id->get<std::string>();
    const auto number = text ? number_of(*text, "Integration") : std::nullopt;
    TREADLE_TRY(const auto found, backend(call).desk.find_integration(number.value_or(0)));
    if (found) {
      TREADLE_TRY(const auto owner, backend(call).accounts.find_entity(found->entity_id));
      if (owner && may(call, Role::kRestrictedViewer, owner->name)) return json_text(*own);
    }
    return fail(Errc::kNotFound, "There is no such integration, or you may not use it.");
  }
  return json_text(*own);
}

Result<Automation> automation_of_id(const Call& call, const std::string& id, Role role) {
  const auto number = number_of(id, "Trigger");
  TREADLE_TRY(auto found, backend(call).desk.find_automation(number.value_or(0)));
  if (found) {
    TREADLE_TRY(const auto scope, find_scope(call, found->scope, found->scope_id));
    if (scope) {
      TREADLE_CHECK(require(call, role, scope->entity, scope->project));
      return *std::move(found);
    }
  }
  return fail(Errc::kNotFound, "There is no automation with the id '" + id + "'.");
}

Result<Output> create(const Call& call) {
  const auto input = call.args.object("input");
  TREADLE_TRY(const Scope scope,
              scope_of_input(call, input.text("scopeType"), input.text("scopeID")));
  TREADLE_CHECK(require(call, Role::kMember, scope.entity, scope.project));
  Automation made;
  made.name = input.text("name");
  TREADLE_CHECK(check_name("An automation", made.name));
  made.description = input.text_if("description");
  made.enabled = input.flag("enabled", true);
  made.scope = scope.kind;
  made.scope_id = scope.id;
  made.entity_id = scope.entity_id;
  made.project_id = scope.project_id;
  made.event = input.text("triggeringEventType");
  made.filter = input.text("eventFilter");
  made.action = input.text("triggeredActionType");
  made.creator_id = caller(call).user.id;
  TREADLE_CHECK(check_event(made));
  TREADLE_TRY(made.action_config, action_config(call, input, made.action));
  TREADLE_CHECK(audit(call, scope.entity + "/" + scope.project, made.name));
  TREADLE_TRY(made, backend(call).desk.add(made));
  return graphql::node("TriggerPayload", std::move(made));
}

Result<Output> update(const Call& call) {
  const auto input = call.args.object("input");
  TREADLE_TRY(Automation now, automation_of_id(call, input.text("id"), Role::kMember));
  if (input.has("name")) now.name = input.text("name");
  TREADLE_CHECK(check_name("An automation", now.name));
  if (input.has("description")) now.description = input.text_if("description");
  now.enabled = input.flag("enabled", now.enabled);
  if (input.has("scopeID") && input.has("scopeType")) {
    TREADLE_TRY(const Scope scope,
                scope_of_input(call, input.text("scopeType"), input.text("scopeID")));
    TREADLE_CHECK(require(call, Role::kMember, scope.entity, scope.project));
    now.scope = scope.kind;
    now.scope_id = scope.id;
    now.entity_id = scope.entity_id;
    now.project_id = scope.project_id;
  }
  if (input.has("triggeringEventType")) now.event = input.text("triggeringEventType");
  if (input.has("eventFilter")) now.filter = input.text("eventFilter");
  if (input.has("triggeredActionType")) now.action = input.text("triggeredActionType");
  if (input.has("triggeredActionType") || input.has("triggeredActionConfig")) {
    TREADLE_TRY(now.action_config, action_config(call, input, now.action));
  }
  TREADLE_CHECK(check_event(now));
  TREADLE_CHECK(audit(call, now.name));
  TREADLE_TRY(now, backend(call).desk.replace(now));
  return graphql::node("TriggerPayload", std::move(now));
}

Result<Output> remove(const Call& call) {
  TREADLE_TRY(const Automation found,
              automation_of_id(call, call.args.object("input").text("triggerID"), Role::kMember));
  TREADLE_CHECK(audit(call, found.name));
  TREADLE_CHECK(backend(call).desk.remove_automation(found.id));
  return graphql::node("SuccessPayload", 0);
}

Result<Output> create_webhook(const Call& call) {
  const auto input = call.args.object("input");
  const std::string entity = input.text("entityName");
  TREADLE_CHECK(require(call, Role::kMember, entity));
  TREADLE_TRY(const auto owner, backend(call).accounts.find_entity(entity));
  Integration made;
  made.entity_id = owner->id;
  made.name = input.text("name");
  TREADLE_CHECK(check_name("An integration", made.name));
  made.target = input.text("urlEndpoint");
  made.token_ref = input.text("accessTokenRef");
  made.secret_ref = input.text("secretRef");
  if (!made.target.starts_with("https://") && !made.target.starts_with("http://")) {
    return fail(Errc::kInvalidArgument, "urlEndpoint must be an http or https URL.");
  }
  TREADLE_CHECK(audit(call, entity, made.name));
  TREADLE_TRY(made, backend(call).desk.add(made));
  return graphql::node("IntegrationPayload", std::move(made));
}

// Those whose scope is still there, and may be seen.
Result<std::vector<Automation>> visible(const Call& call, std::vector<Automation> all) {
  std::vector<Automation> out;
  for (Automation& a : all) {
    TREADLE_TRY(const auto scope, find_scope(call, a.scope, a.scope_id));
    if (scope) out.push_back(std::move(a));
  }
  return out;
}

Lookup automation_lookup(const Automation& a) {
  return [&a](std::string_view path) -> std::vector<graphql::Value> {
    if (path == "name") return {{a.name}};
    if (path == "description") return {{a.description.value_or("")}};
    if (path == "enabled") return {{a.enabled}};
    if (path == "created_at" || path == "createdAt") return {{format_utc(a.created)}};
    if (path == "updated_at" || path == "updatedAt") return {{format_utc(a.updated)}};
    return {};
  };
}

Result<Output> automation_page(const Call& call, std::vector<Automation> all) {
  TREADLE_TRY(all, visible(call, std::move(all)));
  TREADLE_TRY(all, filter_and_order(std::move(all), call.args.text("filters"),
                                    call.args.text("order"), automation_lookup));
  return connection_node("TriggerConnection", page(call.args, all, [](const Automation& a) {
                           return graphql::node("Trigger", a);
                         }));
}

// Filters of artifact events come back one level deeper than they were given, those of runs as they
// were: so the SDK takes them apart.
std::string saved_filter(const Automation& a) {
  if (a.event.starts_with("RUN_")) return a.filter;
  JsonWriter w;
  w.begin_object().field("filter", a.filter).end_object();
  return std::move(w).str();
}

Output text_member(const Action& action, std::string_view name) {
  const graphql::Value* value = action.config.find(name);
  const auto* text = value ? value->get<std::string>() : nullptr;
  return text ? Output(*text) : Output();
}

Result<Output> integration_of(const Action& action, const Call& call) {
  const graphql::Value* id = action.config.find("integrationID");
  const auto* text = id ? id->get<std::string>() : nullptr;
  TREADLE_TRY(auto found, backend(call).desk.find_integration(
                              (text ? number_of(*text, "Integration") : std::nullopt).value_or(0)));
  if (!found) return nullptr;
  return integration_node(*std::move(found));
}

void define_actions(graphql::Schema& schema) {
  const auto text = [](std::string_view name) {
    return [name](const Action& a, const Call&) { return text_member(a, name); };
  };
  schema.resolve<Action>(
      "GenericWebhookTriggeredAction",
      {{"integration", integration_of}, {"requestPayload", text("requestPayload")}});
  schema.resolve<Action>("NotificationTriggeredAction", {{"integration", integration_of},
                                                         {"title", text("title")},
                                                         {"message", text("message")},
                                                         {"severity", text("severity")}});
  schema.resolve<Action>("NoOpTriggeredAction",
                         {{"noOp", [](const Action&, const Call&) { return true; }}});
  schema.resolve<Action>("QueueJobTriggeredAction",
                         {{"queue", [](const Action&, const Call&) { return nullptr; }},
                          {"template", text("template")}});
  schema.resolve<Action>("PushNotificationTriggeredAction",
                         {{"title", text("title")},
                          {"body", text("body")},
                          {"user", [](const Action&, const Call&) { return nullptr; }}});
  schema.resolve<Action>("ARIATriggeredAction", {{"prompt", text("prompt")}});
}

}  // namespace

void define_automations(graphql::Schema& schema) {
  schema.define(kAutomationsTypes);
  define_connection(schema, "Trigger");
  define_connection(schema, "Integration");
  define_actions(schema);
  schema.resolve<account::Project>(
      "Project",
      {{"triggers", [](const account::Project& p, const Call& call) -> Result<Output> {
          TREADLE_TRY(auto all, backend(call).desk.automations_of_project(p.id));
          const auto& entities = caller(call).entity_of_project;
          if (const auto shown = entities.find(p.id); shown != entities.end()) {
            TREADLE_TRY(auto more, backend(call).desk.automations_of_entity(shown->second));
            std::erase_if(more, [](const Automation& a) { return a.scope != ScopeKind::kEntity; });
            std::move(more.begin(), more.end(), std::back_inserter(all));
          }
          TREADLE_TRY(all, visible(call, std::move(all)));
          Outputs out;
          for (Automation& a : all) out.push_back(graphql::node("Trigger", std::move(a)));
          return out;
        }}});
  schema.resolve<account::Entity>(
      "Entity", {{"triggers",
                  [](const account::Entity& e, const Call& call) -> Result<Output> {
                    TREADLE_TRY(auto all, backend(call).desk.automations_of_entity(e.id));
                    return automation_page(call, std::move(all));
                  }},
                 {"integrations", [](const account::Entity& e, const Call& call) -> Result<Output> {
                    TREADLE_CHECK(require(call, Role::kViewer, e.name));
                    TREADLE_TRY(const auto all, backend(call).desk.integrations(e.id));
                    return connection_node("IntegrationConnection",
                                           page(call.args, all, integration_node));
                  }}});
  // Of its own entity, where the registries are, and of its teams.
  schema.resolve<account::Organization>(
      "Organization",
      {{"triggers", [](const account::Organization& o, const Call& call) -> Result<Output> {
          TREADLE_TRY(const auto entities, backend(call).accounts.entities());
          std::vector<Automation> all;
          for (const account::Entity& e : entities) {
            if (e.organization_id != o.id) continue;
            TREADLE_TRY(auto some, backend(call).desk.automations_of_entity(e.id));
            std::move(some.begin(), some.end(), std::back_inserter(all));
          }
          return automation_page(call, std::move(all));
        }}});
  schema.resolve<Automation>(
      "Trigger",
      {{"id", [](const Automation& a, const Call&) { return make_id("Trigger", a.id); }},
       {"createdAt", [](const Automation& a, const Call&) { return time_output(a.created); }},
       {"updatedAt", [](const Automation& a, const Call&) { return time_output(a.updated); }},
       {"name", [](const Automation& a, const Call&) { return a.name; }},
       {"description", [](const Automation& a, const Call&) { return Output(a.description); }},
       {"enabled", [](const Automation& a, const Call&) { return a.enabled; }},
       {"createdBy",
        [](const Automation& a, const Call& call) -> Result<Output> {
          TREADLE_TRY(auto user, backend(call).accounts.find_user(a.creator_id));
          return user ? Output(user_node(*std::move(user))) : Output();
        }},
       {"scope",
        [](const Automation& a, const Call& call) -> Result<Output> {
          TREADLE_TRY(auto scope, find_scope(call, a.scope, a.scope_id));
          return scope ? Output(scope->node) : Output();
        }},
       {"triggeringCondition",
        [](const Automation& a, const Call&) {
          return graphql::node("FilterEventTriggeringCondition", a);
        }},
       {"triggeredAction", [](const Automation& a, const Call&) -> Result<Output> {
          TREADLE_TRY(auto config, graphql::value_from_json(a.action_config));
          const std::string_view type = action_kind(a.action).type;
          return graphql::node(type, Action{type, std::move(config)});
        }}});
  schema.resolve<Automation>(
      "FilterEventTriggeringCondition",
      {{"eventType", [](const Automation& a, const Call&) { return a.event; }},
       {"filter", [](const Automation& a, const Call&) { return saved_filter(a); }}});
  schema.resolve<Integration>(
      "SlackIntegration",
      {{"id", [](const Integration& i, const Call&) { return make_id("Integration", i.id); }},
       {"createdAt", [](const Integration& i, const Call&) { return time_output(i.created); }},
       {"teamName", [](const Integration& i, const Call&) { return i.name; }},
       {"channelName", [](const Integration& i, const Call&) { return i.target; }}});
  schema.resolve<Integration>(
      "GenericWebhookIntegration",
      {{"id", [](const Integration& i, const Call&) { return make_id("Integration", i.id); }},
       {"createdAt", [](const Integration& i, const Call&) { return time_output(i.created); }},
       {"name", [](const Integration& i, const Call&) { return i.name; }},
       {"urlEndpoint", [](const Integration& i, const Call&) { return i.target; }},
       {"accessTokenRef", [](const Integration& i, const Call&) { return i.token_ref; }},
       {"secretRef", [](const Integration& i, const Call&) { return i.secret_ref; }}});
  schema.resolve<Automation>(
      "TriggerPayload",
      {{"trigger", [](const Automation& a, const Call&) { return graphql::node("Trigger", a); }},
       {"clientMutationId", [](const Automation&, const Call&) { return nullptr; }}});
  schema.resolve<Integration>(
      "IntegrationPayload",
      {{"integration", [](const Integration& i, const Call&) { return integration_node(i); }},
       {"clientMutationId", [](const Integration&, const Call&) { return nullptr; }}});
  schema.resolve("Mutation", "createFilterTrigger", create);
  schema.resolve("Mutation", "updateFilterTrigger", update);
  schema.resolve("Mutation", "deleteTrigger", remove);
  schema.resolve("Mutation", "createGenericWebhookIntegration", create_webhook);
}

}  // namespace treadle::serve
