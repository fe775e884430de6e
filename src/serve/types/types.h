// Private to the room: each adds the types of one topic, with their resolvers, to the schema. The
// definitions stand in GraphQL's notation in the file named after them.
#pragma once

#include "../backend.h"
#include "../connection.h"
#include "../ids.h"

#include <treadle/graphql/schema.h>

namespace treadle::serve {

using graphql::Call;
using graphql::Output;
using graphql::Outputs;
using graphql::Raw;

void define_server(graphql::Schema& schema);
void define_users(graphql::Schema& schema);
void define_user_changes(graphql::Schema& schema);
void define_entities(graphql::Schema& schema);
void define_organizations(graphql::Schema& schema);

// The whole schema.
graphql::Schema make_schema();

// Objects of other topics, made from what names them.
graphql::Node user_node(account::User user);
graphql::Node entity_node(account::Entity entity);
Result<Output> entity_named(const Call& call, const std::string& name);
graphql::Node organization_node(account::Organization organization);

// "2026-01-31T12:00:00Z"; null for 0.
Output time_output(Micros time);

}  // namespace treadle::serve
