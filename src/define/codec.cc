#include <treadle/define/codec.h>

namespace treadle {

Result<std::vector<Value>> Codec::split(const Value&, const std::vector<std::string>& keys) const {
  return fail(
      Errc::kUnsupported,
      "It was made for " + std::to_string(keys.size()) +
          " partitions at once, and its type does not say which part is whose. Return a map "
          "with the partition keys, or run one partition at a time "
          "(BackfillPolicy.multi_run()).");
}

Result<Value> Codec::decode_all(
    const std::vector<std::pair<std::string, Stored*>>& partitions) const {
  return fail(Errc::kUnsupported, "It has " + std::to_string(partitions.size()) +
                                      " partitions, and the parameter's type holds one. Take a map "
                                      "from partition keys to values.");
}

}  // namespace treadle
