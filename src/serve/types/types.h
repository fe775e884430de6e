// Private to the room: each adds the types of one topic, with their resolvers, to the schema. The
// definitions stand in GraphQL's notation in the file named after them.
#pragma once

#include "../backend.h"
#include "../connection.h"
#include "../document_filter.h"
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
void define_projects(graphql::Schema& schema);
void define_runs(graphql::Schema& schema);
void define_run_changes(graphql::Schema& schema);
void define_run_history(graphql::Schema& schema);
void define_run_files(graphql::Schema& schema);
void define_sweeps(graphql::Schema& schema);
void define_launch(graphql::Schema& schema);
void define_automations(graphql::Schema& schema);
void define_views(graphql::Schema& schema);
void define_artifacts(graphql::Schema& schema);
void define_artifact_collections(graphql::Schema& schema);
void define_artifact_lineage(graphql::Schema& schema);
void define_artifact_files(graphql::Schema& schema);
void define_artifact_uploads(graphql::Schema& schema);
void define_artifact_writes(graphql::Schema& schema);
void define_artifact_changes(graphql::Schema& schema);
void define_registries(graphql::Schema& schema);

// The whole schema.
graphql::Schema make_schema();

// Objects of other topics, made from what names them.
graphql::Node user_node(account::User user);
graphql::Node entity_node(account::Entity entity);
Result<Output> entity_named(const Call& call, const std::string& name);
graphql::Node organization_node(account::Organization organization);

graphql::Node project_node(account::Project project);
// Nothing when there is none, or the caller may not see it.
Result<std::optional<account::Project>> find_project(const Call& call, const std::string& entity,
                                                     const std::string& name);
Result<Output> project_named(const Call& call, const std::string& entity, const std::string& name);
// The one there is, or a new one; the caller must be able to write in it.
Result<account::Project> make_project(const Call& call, const std::string& entity,
                                      const std::string& name);
Lookup project_lookup(const account::Project& project);
// Those that meet the call's `filters`, in its `order`.
Result<std::vector<account::Project>> filter_projects(const Call& call,
                                                      std::vector<account::Project> projects);

graphql::Node run_node(tracking::Run run);
// The sweep a run belongs to, and the agent that was told to do it; null for most.
Result<Output> sweep_of_run(const tracking::Run& run, const Call& call);
Result<Output> agent_of_run(const tracking::Run& run, const Call& call);
// By a run's id of ours; kNotFound, and kPermissionDenied, as require().
Result<tracking::Run> run_of_id(const Call& call, const std::string& id, account::Role role);
Result<tracking::Run> run_named(const Call& call, const std::string& entity,
                                const std::string& project, const std::string& name,
                                account::Role role);

// A file of a run or an artifact, as W&B's File.
struct StoredFile {
  std::string id;
  std::string name;
  std::int64_t size = 0;
  std::string md5;  // base64
  std::string mimetype;
  Micros updated = 0;
  std::string storage_path;  // below /storage
  std::string upload_path;   // "" = it cannot be uploaded, or is there
  std::vector<std::string> upload_headers;
  std::vector<Part> parts;  // of a file that is to come in parts
  std::string parts_id;
  std::string reference;  // URI instead of content
  std::int64_t artifact_id = 0;
  std::optional<graphql::Node> artifact;  // the node of it, where it is at hand
  std::string write_entity;               // who may upload it: members of this project
  std::string write_project;
};
Result<Output> artifact_numbered(const Call& call, std::int64_t id);

// "2026-01-31T12:00:00Z"; null for 0.
Output time_output(Micros time);

}  // namespace treadle::serve
