// Private to the room: POST /graphql.
#pragma once

#include "gate.h"
#include <treadle/graphql/engine.h>
#include <treadle/http/router.h>

namespace treadle::serve {

// HTTP's status for a refusal: what clients must not try again is a 4xx.
int status_for(Errc code);

class GraphqlEndpoint {
 public:
  GraphqlEndpoint(Backend& backend, Gate& gate);
  http::Response answer(http::Request& request);

 private:
  Backend& backend_;
  Gate& gate_;
  graphql::Engine engine_;
};

}  // namespace treadle::serve
