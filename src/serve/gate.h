// Private to the room: who is at the door.
#pragma once

#include "backend.h"
#include <treadle/http/message.h>

#include <chrono>
#include <map>
#include <mutex>
#include <string>
#include <variant>

namespace treadle::serve {

// Finds out who sent a request, by its key only. Wrong keys are answered ever more slowly, address by
// address, so that nobody tries many.
class Gate {
 public:
  explicit Gate(Backend& backend) : backend_(backend) {}
  // The user, or the answer that says no.
  std::variant<account::User, http::Response> admit(const http::Request& request);
  // The answer to somebody at this address who is nobody: held back the longer, the more there were.
  http::Response refuse(const std::string& peer, std::string_view message);

 private:
  Backend& backend_;
  std::mutex mutex_;
  struct Failures {
    int count = 0;
    std::chrono::steady_clock::time_point last{};
  };
  std::map<std::string, Failures> failures_;
};

}  // namespace treadle::serve
