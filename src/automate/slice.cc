#include <treadle/automate/slice.h>

namespace treadle::automate {

Slice Slice::of(PartitionSubset subset, std::int64_t size) {
  if (subset.empty()) return none();
  if (subset.size() >= size) return all();
  Slice out(Kind::kSome);
  out.some_ = std::move(subset);
  return out;
}

PartitionSubset Slice::subset(std::int64_t size) const {
  return kind_ == Kind::kAll ? PartitionSubset::range(0, size) : some_;
}

std::int64_t Slice::count(std::int64_t size) const {
  return kind_ == Kind::kAll ? size : some_.size();
}

Slice Slice::unite(const Slice& a, const Slice& b, std::int64_t size) {
  if (a.is_none() || b.is_all()) return b;
  if (b.is_none() || a.is_all()) return a;
  return of(a.some_ | b.some_, size);
}

Slice Slice::intersect(const Slice& a, const Slice& b, std::int64_t size) {
  if (a.is_none() || b.is_all()) return a;
  if (b.is_none() || a.is_all()) return b;
  return of(a.some_ & b.some_, size);
}

Slice Slice::subtract(const Slice& a, const Slice& b, std::int64_t size) {
  if (a.is_none() || b.is_none()) return a;
  if (b.is_all()) return none();
  return of(a.subset(size) - b.some_, size);
}

}  // namespace treadle::automate
