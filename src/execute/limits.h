// How many steps of a kind may run at once, and which of those that wait come first. Not thread-safe.
#pragma once

#include "pool_places.h"
#include <treadle/execute/run.h>
#include <treadle/plan/plan.h>

#include <cstdint>
#include <list>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace treadle::execute {

class Limits {
 public:
  // Borrows both. `at_once`: steps of any kind.
  Limits(const plan::Plan& plan, const RunOptions& options, int at_once);

  // False: every step may start as soon as it is ready, and the runner counts.
  bool any() const { return any_; }
  // Puts a step, or an instance of it, behind those that wait with the same or a higher priority.
  void wait(std::uint32_t id, std::uint32_t step);
  // Those that may start now, in order; they count as running from here on.
  std::vector<std::uint32_t> take();
  void ended(std::uint32_t step);
  // Limits of shared pools as they are now; one without is not limited any more.
  void change_pools(const std::map<std::string, int>& limits);
  // Shared pools without a place for anybody, for which steps wait that it did not name before.
  std::vector<std::string> newly_paused();
  // Whether steps wait for places that other processes have: it is to be asked again in a while.
  bool waits_for_others() const { return shared_ && !waiting_.empty(); }
  // Gives back all that wait.
  std::vector<std::uint32_t> clear();

 private:
  struct Waiting {
    std::uint32_t id;
    std::uint32_t step;
    int priority;
  };
  struct Needs {
    std::vector<std::size_t> counters;
    int priority = 0;
  };
  struct Counter {
    int limit = 0;
    int running = 0;
    std::string pool;               // whose places are shared with other processes; "" = none
    std::vector<PoolPlace> places;  // those that steps of this run hold
    bool told = false;              // newly_paused() named it, and it is paused still
  };
  void need(Needs& needs, const std::string& name, int limit, const std::string& pool = {});
  // A place of each shared pool it needs, or none at all.
  bool take_places(const std::vector<std::size_t>& needed);

  const std::string pools_folder_;
  bool shared_ = false;

  const int at_once_;
  bool any_ = false;
  int running_ = 0;
  std::vector<Counter> counters_;
  std::map<std::string, std::size_t> by_name_;
  std::vector<Needs> needs_;  // by step of the plan
  std::list<Waiting> waiting_;
};

}  // namespace treadle::execute
