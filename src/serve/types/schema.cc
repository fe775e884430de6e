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
  return schema;
}

}  // namespace treadle::serve
