// Reports and saved workspaces, which W&B calls views; presets of custom charts.
#include "types.h"

namespace treadle::serve {
namespace {

using account::Role;
using desk::View;

constexpr std::string_view kViewsTypes = R"(
extend type Query { view(id: ID!): View }
extend type Project {
  allViews(viewType: String, viewName: String, userName: String, first: Int, after: String): ViewConnection!
}
enum ViewSource { WANDB_SDK WEAVE_UI UI }
type View {
  id: ID! type: String name: String displayName: String description: String user: User spec: String
  project: Project entityName: String createdAt: DateTime updatedAt: DateTime locked: Boolean
  accessTokens: [AccessToken!]!
}
type AccessToken { token: String! type: String revokedAt: DateTime projects: [Project!]! }
extend type Mutation {
  upsertView(input: UpsertViewInput!): ViewPayload
  deleteView(input: DeleteViewInput!): DeleteViewPayload
  createCustomChart(input: CreateCustomChartInput!): CustomChartPayload
}
input UpsertViewInput {
  id: ID, entityName: String, projectName: String, type: String, name: String, displayName: String,
  description: String, spec: String, createdUsing: ViewSource, locked: Boolean, parentId: ID,
  previewUrl: String, coverUrl: String, clientMutationId: String
}
type ViewPayload { view: View inserted: Boolean clientMutationId: String }
input DeleteViewInput { id: ID!, deleteDrafts: Boolean, clientMutationId: String }
type DeleteViewPayload { success: Boolean pendingDrafts: Boolean clientMutationId: String }
input CreateCustomChartInput {
  entity: String!, name: String!, displayName: String!, type: String!, access: String!, spec: JSONString!,
  clientMutationId: String
}
type CustomChart { id: ID! name: String displayName: String }
type CustomChartPayload { chart: CustomChart clientMutationId: String }
)";

struct Upserted {
  View view;
  bool inserted = false;
};

Result<View> view_of_id(const Call& call, const std::string& id, Role role) {
  const auto number = number_of(id, "View");
  TREADLE_TRY(auto found, backend(call).desk.find_view(number.value_or(0)));
  if (found) {
    TREADLE_TRY(const auto project, backend(call).accounts.find_project(found->project_id));
    if (project && may(call, Role::kRestrictedViewer, project->entity, project->name)) {
      TREADLE_CHECK(require(call, role, project->entity, project->name));
      return *std::move(found);
    }
  }
  return fail(Errc::kNotFound, "There is no report or workspace with the id '" + id + "'.");
}

Result<Output> upsert_view(const Call& call) {
  const auto input = call.args.object("input");
  Backend& b = backend(call);
  const desk::ViewChanges changes{input.text_if("type"), input.text_if("name"),
                                  input.text_if("displayName"), input.text_if("description"),
                                  input.text_if("spec")};
  if (input.has("id")) {
    TREADLE_TRY(const View known, view_of_id(call, input.text("id"), Role::kMember));
    TREADLE_CHECK(audit(call, known.name));
    TREADLE_TRY(auto now, b.desk.change_view(known.id, changes));
    return graphql::node("ViewPayload", Upserted{std::move(now), false});
  }
  TREADLE_TRY(const auto project,
              make_project(call, entity_or_default(call, input.text("entityName")),
                           input.text("projectName")));
  View made;
  made.project_id = project.id;
  made.type = changes.type.value_or("runs");
  made.name = changes.name.value_or("");
  made.display_name = changes.display_name.value_or("");
  made.description = changes.description.value_or("");
  made.spec = changes.spec.value_or("{}");
  made.user_id = caller(call).user.id;
  TREADLE_CHECK(audit(call, project.entity + "/" + project.name, made.name));
  TREADLE_TRY(made, b.desk.add(made));
  return graphql::node("ViewPayload", Upserted{std::move(made), true});
}

Result<Output> delete_view(const Call& call) {
  TREADLE_TRY(const View known,
              view_of_id(call, call.args.object("input").text("id"), Role::kMember));
  TREADLE_CHECK(audit(call, known.name));
  TREADLE_CHECK(backend(call).desk.remove_view(known.id));
  return graphql::node("DeleteViewPayload", 0);
}

Result<Output> views_of(const account::Project& project, const Call& call) {
  TREADLE_TRY(auto views, backend(call).desk.views(project.id, call.args.text("viewType")));
  if (const auto name = call.args.text_if("viewName"); name && !name->empty()) {
    std::erase_if(views, [&](const View& v) { return v.name != *name; });
  }
  if (const auto name = call.args.text_if("userName"); name && !name->empty()) {
    TREADLE_TRY(const auto user, backend(call).accounts.find_user(*name));
    std::erase_if(views, [&](const View& v) { return !user || v.user_id != user->id; });
  }
  return connection_node("ViewConnection", page(call.args, views, [](const View& v) {
                           return graphql::node("View", v);
                         }));
}

Result<std::optional<account::Project>> project_of(const View& view, const Call& call) {
  return backend(call).accounts.find_project(view.project_id);
}

Result<Output> create_chart(const Call& call) {
  const auto input = call.args.object("input");
  const std::string entity = input.text("entity");
  TREADLE_CHECK(require(call, Role::kMember, entity));
  TREADLE_TRY(const auto owner, backend(call).accounts.find_entity(entity));
  desk::Chart made;
  made.entity_id = owner->id;
  made.name = input.text("name");
  if (made.name.empty() || made.name.size() > 255) {
    return fail(Errc::kInvalidArgument, "A chart's name has 1 to 255 characters.");
  }
  made.display_name = input.text("displayName");
  made.type = input.text("type");
  made.access = input.text("access");
  made.spec = input.text("spec");
  made.user_id = caller(call).user.id;
  TREADLE_CHECK(audit(call, entity, made.name));
  TREADLE_TRY(made, backend(call).desk.put(made));
  return graphql::node("CustomChartPayload", std::move(made));
}

}  // namespace

void define_views(graphql::Schema& schema) {
  schema.define(kViewsTypes);
  define_connection(schema, "View");
  schema.resolve("Query", "view", [](const Call& call) -> Result<Output> {
    auto found = view_of_id(call, call.args.text("id"), Role::kRestrictedViewer);
    if (!found) {
      if (found.error().code == Errc::kNotFound) return nullptr;
      return fail(std::move(found).error());
    }
    return graphql::node("View", *std::move(found));
  });
  schema.resolve<account::Project>("Project", {{"allViews", views_of}});
  schema.resolve<View>(
      "View",
      {{"id", [](const View& v, const Call&) { return make_id("View", v.id); }},
       {"type", [](const View& v, const Call&) { return v.type; }},
       {"name", [](const View& v, const Call&) { return v.name; }},
       {"displayName", [](const View& v, const Call&) { return v.display_name; }},
       {"description", [](const View& v, const Call&) { return v.description; }},
       {"spec", [](const View& v, const Call&) { return v.spec; }},
       {"createdAt", [](const View& v, const Call&) { return time_output(v.created); }},
       {"updatedAt", [](const View& v, const Call&) { return time_output(v.updated); }},
       {"locked", [](const View&, const Call&) { return false; }},
       // Nobody reads a report here without a key.
       {"accessTokens", [](const View&, const Call&) -> Result<Output> { return Outputs(); }},
       {"user",
        [](const View& v, const Call& call) -> Result<Output> {
          TREADLE_TRY(auto user, backend(call).accounts.find_user(v.user_id));
          return user ? Output(user_node(*std::move(user))) : Output();
        }},
       {"project",
        [](const View& v, const Call& call) -> Result<Output> {
          TREADLE_TRY(auto project, project_of(v, call));
          return project ? Output(project_node(*std::move(project))) : Output();
        }},
       {"entityName", [](const View& v, const Call& call) -> Result<Output> {
          TREADLE_TRY(const auto project, project_of(v, call));
          return project ? Output(project->entity) : Output();
        }}});
  for (const auto& [name, field] : schema.find("AccessToken")->fields) {
    schema.resolve("AccessToken", name, [](const Call&) -> Result<Output> { return nullptr; });
  }
  schema.resolve<Upserted>(
      "ViewPayload",
      {{"view", [](const Upserted& u, const Call&) { return graphql::node("View", u.view); }},
       {"inserted", [](const Upserted& u, const Call&) { return u.inserted; }},
       {"clientMutationId", [](const Upserted&, const Call&) { return nullptr; }}});
  schema.resolve<int>("DeleteViewPayload",
                      {{"success", [](const int&, const Call&) { return true; }},
                       {"pendingDrafts", [](const int&, const Call&) { return false; }},
                       {"clientMutationId", [](const int&, const Call&) { return nullptr; }}});
  schema.resolve<desk::Chart>(
      "CustomChartPayload",
      {{"chart", [](const desk::Chart& c, const Call&) { return graphql::node("CustomChart", c); }},
       {"clientMutationId", [](const desk::Chart&, const Call&) { return nullptr; }}});
  schema.resolve<desk::Chart>(
      "CustomChart",
      {{"id", [](const desk::Chart& c, const Call&) { return make_id("CustomChart", c.id); }},
       {"name", [](const desk::Chart& c, const Call&) { return c.name; }},
       {"displayName", [](const desk::Chart& c, const Call&) { return c.display_name; }}});
  schema.resolve("Mutation", "upsertView", upsert_view);
  schema.resolve("Mutation", "deleteView", delete_view);
  schema.resolve("Mutation", "createCustomChart", create_chart);
}

}  // namespace treadle::serve
