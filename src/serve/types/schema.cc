#include "types.h"

namespace treadle::serve {

graphql::Schema make_schema() {
  graphql::Schema schema;
  define_pages(schema);
  define_server(schema);
  define_users(schema);
  define_user_changes(schema);
  define_entities(schema);
  define_organizations(schema);
  define_projects(schema);
  define_runs(schema);
  define_run_changes(schema);
  define_run_history(schema);
  define_run_files(schema);
  define_sweeps(schema);
  define_launch(schema);
  define_automations(schema);
  define_views(schema);
  define_artifacts(schema);
  define_artifact_collections(schema);
  define_artifact_files(schema);
  define_artifact_lineage(schema);
  define_artifact_uploads(schema);
  define_artifact_writes(schema);
  define_artifact_changes(schema);
  define_registries(schema);
  return schema;
}

}  // namespace treadle::serve
