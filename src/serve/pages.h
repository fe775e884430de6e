// Private to the room: the addresses the SDK prints, answered with plain pages of the record.
#pragma once

#include "backend.h"
#include "gate.h"
#include <treadle/http/router.h>

#include <functional>

namespace treadle::serve {

class Pages {
 public:
  Pages(Backend& backend, Gate& gate) : backend_(backend), gate_(gate) {}
  void add_routes(const std::function<void(http::Route)>& add);

 private:
  using Page = http::Response (Pages::*)(const Caller&, const http::Request&);
  http::Route page(const std::string& pattern, Page make);
  http::Response login(const http::Request& request);
  http::Response home(const Caller& caller, const http::Request& request);
  http::Response project(const Caller& caller, const http::Request& request);
  http::Response run(const Caller& caller, const http::Request& request);
  http::Response artifact(const Caller& caller, const http::Request& request);

  Backend& backend_;
  Gate& gate_;
};

}  // namespace treadle::serve
