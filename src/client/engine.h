// Moves bytes: threads ("lanes"), each with one curl multi handle and its own open connections.
#pragma once

#include <treadle/client/connection.h>

#include <atomic>
#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <vector>

namespace treadle::client {

struct EngineOptions {
  std::string user_agent;
  std::string ca_file;
  bool verify_tls = true;
  std::chrono::milliseconds connect_timeout{10'000};
  std::chrono::milliseconds first_wait{2'000};
  int parallel = 64;
  int lanes = 2;
};

class Lane;

// Thread-safe. Destroyed, it cancels what is open and waits for its threads. The process that made it
// must be the one that destroys it.
class Engine {
 public:
  explicit Engine(EngineOptions options);
  ~Engine();
  void start(Request request, Done done);

 private:
  EngineOptions options_;
  std::vector<std::unique_ptr<Lane>> lanes_;
};

}  // namespace treadle::client
