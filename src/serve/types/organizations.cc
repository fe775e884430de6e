#include "types.h"

namespace treadle::serve {
namespace {

using account::Organization;
using account::Role;

constexpr std::string_view kOrganizationTypes = R"(
extend type Query { organization(name: String!): Organization }
extend type Mutation { createOrganization(input: CreateOrganizationInput!): OrganizationPayload }
input CreateOrganizationInput { name: String!, clientMutationId: String }
type OrganizationPayload { organization: Organization clientMutationId: String }
enum RampIDType { OrgName Username EntityName }
type Organization {
  id: ID! name: String! orgEntity: Entity coreWeaveOrganizationId: ID
  featureFlags(rampIDType: RampIDType!): [RampFeatureFlag!]!
  advancedRegistryFeatures: AdvancedRegistryFeatures
  members: [Member!]! teams: [Entity!]!
}
type RampFeatureFlag { rampKey: String! isEnabled: Boolean! }
type AdvancedRegistryFeatures { advancedSearch: Boolean! }
)";

}  // namespace

graphql::Node organization_node(Organization organization) {
  return graphql::node("Organization", std::move(organization));
}

void define_organizations(graphql::Schema& schema) {
  schema.define(kOrganizationTypes);
  schema.resolve("Query", "organization", [](const Call& call) -> Result<Output> {
    TREADLE_TRY(auto found, backend(call).accounts.find_organization(call.args.text("name")));
    if (!found || !may(call, Role::kRestrictedViewer, found->entity)) return nullptr;
    return organization_node(*std::move(found));
  });
  schema.resolve("Mutation", "createOrganization", [](const Call& call) -> Result<Output> {
    TREADLE_CHECK(require_admin(call));
    const std::string name = call.args.object("input").text("name");
    TREADLE_CHECK(audit(call, name));
    TREADLE_TRY(auto made, backend(call).accounts.add_organization(name, caller(call).user));
    return graphql::node("OrganizationPayload", std::move(made));
  });
  schema.resolve<Organization>(
      "OrganizationPayload",
      {{"organization", [](const Organization& o, const Call&) { return organization_node(o); }},
       {"clientMutationId", [](const Organization&, const Call&) { return nullptr; }}});
  schema.resolve<Organization>(
      "Organization",
      {{"id", [](const Organization& o, const Call&) { return make_id("Organization", o.id); }},
       {"name", [](const Organization& o, const Call&) { return o.name; }},
       {"orgEntity",
        [](const Organization& o, const Call& call) -> Result<Output> {
          TREADLE_TRY(auto entity, backend(call).accounts.find_entity(o.entity));
          if (!entity) return nullptr;
          return entity_node(*std::move(entity));
        }},
       {"coreWeaveOrganizationId", [](const Organization&, const Call&) { return nullptr; }},
       {"featureFlags",
        [](const Organization&, const Call&) -> Result<Output> {
          return Outputs{graphql::node("RampFeatureFlag", 0)};
        }},
       {"advancedRegistryFeatures",
        [](const Organization&, const Call&) -> Result<Output> {
          return graphql::node("AdvancedRegistryFeatures", 0);
        }},
       {"members",
        [](const Organization& o, const Call& call) -> Result<Output> {
          TREADLE_TRY(const auto entity, backend(call).accounts.find_entity(o.entity));
          Outputs out;
          if (!entity) return out;
          TREADLE_TRY(const auto members, backend(call).accounts.members(entity->id));
          for (const account::Member& m : members) out.push_back(graphql::node("Member", m));
          return out;
        }},
       {"teams", [](const Organization& o, const Call& call) -> Result<Output> {
          TREADLE_TRY(const auto entities, backend(call).accounts.entities());
          Outputs out;
          for (const account::Entity& e : entities) {
            if (e.organization_id == o.id && e.kind == account::Entity::Kind::kTeam) {
              out.push_back(entity_node(e));
            }
          }
          return out;
        }}});
  // The one flag of organizations that the SDK has known: automations of a whole entity.
  schema.resolve("RampFeatureFlag", "rampKey",
                 [](const Call&) -> Result<Output> { return "automation_entity_scope"; });
  schema.resolve("RampFeatureFlag", "isEnabled",
                 [](const Call&) -> Result<Output> { return true; });
  schema.resolve("AdvancedRegistryFeatures", "advancedSearch",
                 [](const Call&) -> Result<Output> { return false; });
}

}  // namespace treadle::serve
