// Private to the room: POST /oidc/token, where programs exchange an identity token for an access token
// (RFC 7523). The SDK does it when WANDB_IDENTITY_TOKEN_FILE is set.
#pragma once

#include "gate.h"

namespace treadle::serve {

class TokenEndpoint {
 public:
  TokenEndpoint(Backend& backend, Gate& gate) : backend_(backend), gate_(gate) {}
  http::Response answer(http::Request& request);

 private:
  Backend& backend_;
  Gate& gate_;
};

}  // namespace treadle::serve
