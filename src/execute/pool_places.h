// The places of a pool that all processes of a home share: a step holds one while it runs. A process that dies
// gives its places back, whatever killed it.
#pragma once

#include <cstddef>
#include <optional>
#include <string>

namespace treadle::execute {

// One place, given back by the destructor. Movable.
class PoolPlace {
 public:
  PoolPlace(std::string path, int place) : path_(std::move(path)), place_(place) {}
  PoolPlace(PoolPlace&& other) noexcept : path_(std::move(other.path_)), place_(other.place_) {
    other.place_ = -1;
  }
  PoolPlace& operator=(PoolPlace&&) = delete;
  ~PoolPlace();

 private:
  std::string path_;
  int place_;
};

// A free place of the pool whose places are locked in `folder`; nothing when all `places` are taken,
// or when the folder cannot be written. Thread-safe.
std::optional<PoolPlace> take_place(const std::string& folder, const std::string& pool, int places);

}  // namespace treadle::execute
