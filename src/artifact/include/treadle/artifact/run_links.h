// Which run of which project used or logged a version. Store::use() knows a run by its id alone, which
// is enough where ids are made up; a server has many projects, and two of them may have a run `r1`.
#pragma once

#include <treadle/artifact/store.h>

#include <cstdint>
#include <string>
#include <vector>

namespace treadle::artifact {

struct RunPlace {
  std::string entity;
  std::string project;
  std::string run_id;
  bool operator==(const RunPlace&) const = default;
};

enum class RunLink : std::uint8_t {
  kUsed = 0,
  kLogged = 1,  // beside the run that made it: logged again with the same content
};

// Thread-safe.
class RunLinks {
 public:
  explicit RunLinks(Store& store);
  // Twice is once.
  Result<void> add(const Version& version, const RunPlace& run, RunLink link);
  // In order of time.
  Result<std::vector<RunPlace>> runs(const Version& version, RunLink link);
  Result<std::vector<Version>> versions(const RunPlace& run, RunLink link);

 private:
  Store& store_;
};

}  // namespace treadle::artifact
