// Partition keys in their order, with an index: of static and dynamic partitions. Of a million keys
// the text and twelve bytes each; growing costs by what is added.
#pragma once

#include <treadle/base/result.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace treadle {

// Immutable, thread-safe. Keys are numbered from 0.
class PartitionKeys {
 public:
  // `numbering`: equal for as long as no key has got another number than it had; "" = unknown.
  explicit PartitionKeys(const std::vector<std::string>& keys, std::string numbering = {});
  // Those of `base` and, behind them, these.
  PartitionKeys(std::shared_ptr<const PartitionKeys> base, const std::vector<std::string>& more);

  std::int64_t size() const { return first_ + static_cast<std::int64_t>(ends_.size()); }
  std::string_view at(std::int64_t number) const;  // 0 <= number < size()
  std::optional<std::int64_t> find(std::string_view key) const;
  const std::string& numbering() const { return numbering_; }

 private:
  void add(std::string_view key);
  void index();
  std::string_view own(std::size_t i) const;

  std::shared_ptr<const PartitionKeys> base_;  // has none itself; null: none
  std::int64_t first_ = 0;                     // the number of the first key here
  std::string text_;                           // one key after the other
  std::vector<std::size_t> ends_;
  std::vector<std::uint32_t> slots_;  // of the index: a place in ends_, plus 1; a power of two
  std::string numbering_;
};

// Where dynamic keys are kept: the home, or a test's map.
class DynamicKeys {
 public:
  virtual ~DynamicKeys() = default;
  // In the order in which they were added; of a name that nobody added to none.
  virtual Result<std::shared_ptr<const PartitionKeys>> keys(const std::string& name) const = 0;
};

}  // namespace treadle
