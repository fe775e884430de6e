#include <treadle/define/partition_subset.h>

#include <algorithm>

namespace treadle {

PartitionSubset PartitionSubset::range(std::int64_t begin, std::int64_t end) {
  PartitionSubset subset;
  if (begin < end) subset.append({begin, end});
  return subset;
}

PartitionSubset PartitionSubset::of(std::vector<std::int64_t> numbers) {
  std::sort(numbers.begin(), numbers.end());
  PartitionSubset subset;
  for (const std::int64_t n : numbers) subset.append({n, n + 1});
  return subset;
}

PartitionSubset PartitionSubset::of_ranges(std::vector<Range> ranges) {
  std::sort(ranges.begin(), ranges.end(),
            [](const Range& a, const Range& b) { return a.begin < b.begin; });
  PartitionSubset subset;
  for (const Range& r : ranges) {
    if (r.begin < r.end) subset.append(r);
  }
  return subset;
}

void PartitionSubset::append(Range range) {
  if (!ranges_.empty() && range.begin <= ranges_.back().end) {
    Range& last = ranges_.back();
    if (range.end <= last.end) return;
    size_ += range.end - last.end;
    last.end = range.end;
    return;
  }
  size_ += range.size();
  ranges_.push_back(range);
}

bool PartitionSubset::contains(std::int64_t number) const {
  const auto after = std::upper_bound(ranges_.begin(), ranges_.end(), number,
                                      [](std::int64_t n, const Range& r) { return n < r.begin; });
  return after != ranges_.begin() && number < std::prev(after)->end;
}

bool PartitionSubset::intersects(const PartitionSubset& other) const {
  std::size_t a = 0, b = 0;
  while (a < ranges_.size() && b < other.ranges_.size()) {
    const Range &x = ranges_[a], &y = other.ranges_[b];
    if (x.begin < y.end && y.begin < x.end) return true;
    (x.end <= y.end ? a : b) += 1;
  }
  return false;
}

std::int64_t PartitionSubset::nth(std::int64_t n) const {
  for (const Range& r : ranges_) {
    if (n < r.size()) return r.begin + n;
    n -= r.size();
  }
  return last();
}

std::vector<std::int64_t> PartitionSubset::numbers() const {
  std::vector<std::int64_t> all;
  all.reserve(static_cast<std::size_t>(size_));
  for_each([&](std::int64_t n) { all.push_back(n); });
  return all;
}

PartitionSubset PartitionSubset::operator|(const PartitionSubset& other) const {
  PartitionSubset result;
  std::size_t a = 0, b = 0;
  while (a < ranges_.size() || b < other.ranges_.size()) {
    const bool take_a = b == other.ranges_.size() ||
                        (a < ranges_.size() && ranges_[a].begin <= other.ranges_[b].begin);
    result.append(take_a ? ranges_[a++] : other.ranges_[b++]);
  }
  return result;
}

PartitionSubset PartitionSubset::operator&(const PartitionSubset& other) const {
  PartitionSubset result;
  std::size_t a = 0, b = 0;
  while (a < ranges_.size() && b < other.ranges_.size()) {
    const Range &x = ranges_[a], &y = other.ranges_[b];
    const Range common{std::max(x.begin, y.begin), std::min(x.end, y.end)};
    if (common.begin < common.end) result.append(common);
    (x.end <= y.end ? a : b) += 1;
  }
  return result;
}

PartitionSubset PartitionSubset::operator-(const PartitionSubset& other) const {
  PartitionSubset result;
  std::size_t b = 0;
  for (Range left : ranges_) {
    while (b < other.ranges_.size() && other.ranges_[b].end <= left.begin) ++b;
    // Those that reach beyond this range cut the next one, too.
    for (std::size_t i = b; i < other.ranges_.size() && other.ranges_[i].begin < left.end; ++i) {
      const Range& cut = other.ranges_[i];
      if (left.begin < cut.begin) result.append({left.begin, cut.begin});
      left.begin = std::max(left.begin, cut.end);
      if (left.begin >= left.end) break;
    }
    if (left.begin < left.end) result.append(left);
  }
  return result;
}

PartitionSubset PartitionSubset::shifted(std::int64_t by, std::int64_t size) const {
  PartitionSubset result;
  for (const Range& r : ranges_) {
    const Range moved{std::max<std::int64_t>(0, r.begin + by), std::min(size, r.end + by)};
    if (moved.begin < moved.end) result.append(moved);
  }
  return result;
}

namespace {

// 7 bits a byte, the lowest first; the top bit says that more follow.
void append_number(std::string& out, std::uint64_t n) {
  while (n >= 0x80) {
    out += static_cast<char>(n | 0x80);
    n >>= 7;
  }
  out += static_cast<char>(n);
}

bool read_number(std::string_view& in, std::uint64_t& n) {
  n = 0;
  for (int shift = 0; shift < 63; shift += 7) {
    if (in.empty()) return false;
    const auto byte = static_cast<unsigned char>(in.front());
    in.remove_prefix(1);
    n |= static_cast<std::uint64_t>(byte & 0x7f) << shift;
    if (byte < 0x80) return true;
  }
  return false;
}

}  // namespace

// The gap before a range and its length, in turn. docs/formats/record.md, "Partition ranges".
std::string PartitionSubset::encode() const {
  std::string bytes;
  std::int64_t at = 0;
  for (const Range& r : ranges_) {
    append_number(bytes, static_cast<std::uint64_t>(r.begin - at));
    append_number(bytes, static_cast<std::uint64_t>(r.size()));
    at = r.end;
  }
  return bytes;
}

Result<PartitionSubset> PartitionSubset::decode(std::string_view bytes) {
  PartitionSubset subset;
  std::int64_t at = 0;
  while (!bytes.empty()) {
    std::uint64_t gap = 0, length = 0;
    constexpr std::uint64_t kMost = std::uint64_t{1} << 62;
    if (!read_number(bytes, gap) || !read_number(bytes, length) || length == 0 || gap > kMost ||
        length > kMost || static_cast<std::uint64_t>(at) + gap + length > kMost) {
      return fail(Errc::kCorrupt, "These bytes are not a subset of partitions.");
    }
    at += static_cast<std::int64_t>(gap);
    subset.append({at, at + static_cast<std::int64_t>(length)});
    at += static_cast<std::int64_t>(length);
  }
  return subset;
}

}  // namespace treadle
