#include "types.h"

namespace treadle::serve {
namespace {

constexpr std::string_view kUserTypes = R"(
extend type Query {
  viewer: User
  user(userName: String, username: String): User
  users(query: String, first: Int, after: String): UserConnection
}
type User {
  id: ID! name: String! username: String email: String admin: Boolean flags: JSONString entity: String
  deletedAt: DateTime createdAt: DateTime accountType: String photoUrl: String
  apiKeys(first: Int, after: String): ApiKeyConnection
  teams(first: Int, after: String): EntityConnection
  organizations: [Organization!]
  defaultEntity: Entity
  code: String
}
type ApiKey { id: ID! name: String! description: String createdAt: DateTime }
)";

// Keys are hashed: their text is known only in the answer that made them.
struct ShownKey {
  account::Key key;
  std::string text;
};

}  // namespace

graphql::Node user_node(account::User user) {
  return graphql::node("User", std::move(user));
}

Output time_output(Micros time) {
  if (time == 0) return nullptr;
  return format_utc(time);
}

void define_users(graphql::Schema& schema) {
  using account::User;
  schema.define(kUserTypes);
  define_connection(schema, "User");
  define_connection(schema, "ApiKey");
  schema.resolve("Query", "viewer",
                 [](const Call& call) -> Result<Output> { return user_node(caller(call).user); });
  schema.resolve("Query", "user", [](const Call& call) -> Result<Output> {
    const std::string name =
        call.args.text("userName") + (call.args.has("userName") ? "" : call.args.text("username"));
    TREADLE_TRY(auto user, backend(call).accounts.find_user(name));
    if (!user) return nullptr;
    return user_node(*std::move(user));
  });
  schema.resolve("Query", "users", [](const Call& call) -> Result<Output> {
    const std::string query = call.args.text("query");
    std::vector<User> found;
    if (query.empty()) {
      TREADLE_TRY(found, backend(call).accounts.users());
    } else {
      TREADLE_TRY(auto user, backend(call).accounts.find_user(query));
      if (user) found.push_back(*std::move(user));
    }
    return connection_node("UserConnection",
                           page(call.args, found, [](const User& u) { return user_node(u); }));
  });
  schema.resolve<User>(
      "User",
      {{"id", [](const User& u, const Call&) { return make_id("User", u.id); }},
       {"name",
        [](const User& u, const Call&) { return u.full_name.empty() ? u.name : u.full_name; }},
       {"username", [](const User& u, const Call&) { return u.name; }},
       {"email", [](const User& u, const Call&) { return u.email; }},
       {"admin", [](const User& u, const Call&) { return u.admin; }},
       {"flags", [](const User&, const Call&) { return R"({"code_saving_enabled":true})"; }},
       {"entity", [](const User& u, const Call&) { return u.default_entity; }},
       {"deletedAt", [](const User&, const Call&) { return nullptr; }},
       {"createdAt", [](const User& u, const Call&) { return time_output(u.created); }},
       {"accountType", [](const User& u, const Call&) { return u.service ? "SERVICE" : "MEMBER"; }},
       {"photoUrl", [](const User&, const Call&) { return nullptr; }},
       {"code", [](const User&, const Call&) { return nullptr; }},
       {"apiKeys",
        [](const User& u, const Call& call) -> Result<Output> {
          std::vector<account::Key> keys;
          if (u.id == caller(call).user.id || caller(call).user.admin) {
            TREADLE_TRY(keys, backend(call).accounts.keys(u.id));
          }
          return connection_node("ApiKeyConnection",
                                 page(call.args, keys, [](const account::Key& key) {
                                   return graphql::node("ApiKey", ShownKey{key, key.hint});
                                 }));
        }},
       {"teams",
        [](const User& u, const Call& call) -> Result<Output> {
          TREADLE_TRY(const auto entities, backend(call).accounts.entities_of(u.id));
          return connection_node(
              "EntityConnection",
              page(call.args, entities, [](const account::Entity& e) { return entity_node(e); }));
        }},
       {"organizations",
        [](const User& u, const Call& call) -> Result<Output> {
          TREADLE_TRY(const auto found, backend(call).accounts.organizations(u.id));
          Outputs out;
          for (const account::Organization& o : found) out.push_back(organization_node(o));
          return out;
        }},
       {"defaultEntity",
        [](const User& u, const Call& call) { return entity_named(call, u.default_entity); }}});
  schema.resolve<ShownKey>(
      "ApiKey",
      {{"id", [](const ShownKey& k, const Call&) { return make_id("ApiKey", k.key.id); }},
       {"name", [](const ShownKey& k, const Call&) { return k.text; }},
       {"description", [](const ShownKey& k, const Call&) { return k.key.description; }},
       {"createdAt", [](const ShownKey& k, const Call&) { return time_output(k.key.created); }}});
}

void define_user_changes(graphql::Schema& schema) {
  schema.define(R"(
    type Mutation {
      createUser(input: CreateUserInput!): UserPayload
      updateUser(input: UpdateUserInput!): UserPayload
      deleteUser(input: DeleteUserInput!): SuccessPayload
      generateApiKey(input: GenerateApiKeyInput!): ApiKeyPayload
      deleteApiKey(input: DeleteApiKeyInput!): SuccessPayload
    }
    input CreateUserInput { email: String!, username: String, admin: Boolean, clientMutationId: String }
    input UpdateUserInput { defaultEntity: String, clientMutationId: String }
    input DeleteUserInput { id: ID!, clientMutationId: String }
    input GenerateApiKeyInput { description: String, name: String, clientMutationId: String }
    input DeleteApiKeyInput { id: ID!, clientMutationId: String }
    type UserPayload { user: User clientMutationId: String }
    type ApiKeyPayload { apiKey: ApiKey clientMutationId: String }
    type SuccessPayload { success: Boolean! clientMutationId: String }
  )");
  schema.resolve("SuccessPayload", "success", [](const Call&) -> Result<Output> { return true; });
  for (const char* type : {"SuccessPayload", "UserPayload", "ApiKeyPayload"}) {
    schema.resolve(type, "clientMutationId", [](const Call&) -> Result<Output> { return nullptr; });
  }
  schema.resolve<account::User>(
      "UserPayload", {{"user", [](const account::User& u, const Call&) { return user_node(u); }}});
  schema.resolve<ShownKey>(
      "ApiKeyPayload",
      {{"apiKey", [](const ShownKey& k, const Call&) { return graphql::node("ApiKey", k); }}});
  schema.resolve("Mutation", "createUser", [](const Call& call) -> Result<Output> {
    TREADLE_CHECK(require_admin(call));
    const auto input = call.args.object("input");
    const std::string email = input.text("email");
    const std::string name =
        input.has("username") ? input.text("username") : email.substr(0, email.find('@'));
    TREADLE_CHECK(audit(call, name, email));
    TREADLE_TRY(auto user, backend(call).accounts.add_user(name, email, input.flag("admin")));
    return graphql::node("UserPayload", std::move(user));
  });
  schema.resolve("Mutation", "updateUser", [](const Call& call) -> Result<Output> {
    const auto input = call.args.object("input");
    account::User user = caller(call).user;
    if (const auto entity = input.text_if("defaultEntity")) {
      TREADLE_CHECK(require(call, account::Role::kViewer, *entity));
      TREADLE_CHECK(backend(call).accounts.set_default_entity(user.id, *entity));
      user.default_entity = *entity;
    }
    return graphql::node("UserPayload", std::move(user));
  });
  schema.resolve("Mutation", "deleteUser", [](const Call& call) -> Result<Output> {
    TREADLE_CHECK(require_admin(call));
    const auto id = number_of(call.args.object("input").text("id"), "User").value_or(0);
    TREADLE_TRY(const auto user, backend(call).accounts.find_user(id));
    if (!user) return fail(Errc::kNotFound, "There is no such user.");
    TREADLE_CHECK(audit(call, user->name));
    TREADLE_CHECK(backend(call).accounts.remove_user(user->name));
    return graphql::node("SuccessPayload", 0);
  });
  schema.resolve("Mutation", "generateApiKey", [](const Call& call) -> Result<Output> {
    TREADLE_CHECK(audit(call, caller(call).user.name));
    TREADLE_TRY(auto made,
                backend(call).accounts.add_key(caller(call).user.id,
                                               call.args.object("input").text("description")));
    return graphql::node("ApiKeyPayload", ShownKey{made.key, made.text});
  });
  schema.resolve("Mutation", "deleteApiKey", [](const Call& call) -> Result<Output> {
    const auto id = number_of(call.args.object("input").text("id"), "ApiKey").value_or(0);
    TREADLE_TRY(const auto key, backend(call).accounts.find_key(id));
    if (!key || (key->user_id != caller(call).user.id && !caller(call).user.admin)) {
      return fail(Errc::kNotFound, "There is no such key of yours.");
    }
    TREADLE_CHECK(audit(call, key->hint));
    TREADLE_CHECK(backend(call).accounts.revoke_key(id));
    return graphql::node("SuccessPayload", 0);
  });
}

}  // namespace treadle::serve
