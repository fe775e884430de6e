#include "parquet.h"

#include "thrift.h"
#include <treadle/base/compress.h>

#include <bit>
#include <cstring>
#include <limits>

namespace treadle::tracking {
namespace {

static_assert(std::endian::native == std::endian::little, "PLAIN values are little-endian");

constexpr std::string_view kMagic = "PAR1";
constexpr std::int32_t kPlain = 0;
constexpr std::int32_t kRle = 3;
constexpr std::int32_t kZstd = 6;
constexpr std::int32_t kOptional = 1;
constexpr std::int32_t kUtf8 = 0;

template <class T>
void append_little(std::string& out, T value) {
  char bytes[sizeof(T)];
  std::memcpy(bytes, &value, sizeof(T));
  out.append(bytes, sizeof(T));
}

}  // namespace

void ColumnValues::add_mark(bool there) {
  if (rows_ % 8 == 0) marks_ += '\0';
  if (there) marks_.back() = static_cast<char>(marks_.back() | (1 << (rows_ % 8)));
  ++rows_;
}

template <class T>
void ColumnValues::add_plain(T value) {
  add_mark(true);
  append_little(values_text_, value);
}
template void ColumnValues::add_plain(std::int64_t);
template void ColumnValues::add_plain(double);

void ColumnValues::add(bool value) {
  add_mark(true);
  if (values_ % 8 == 0) values_text_ += '\0';
  if (value) values_text_.back() = static_cast<char>(values_text_.back() | (1 << (values_ % 8)));
  ++values_;
}

void ColumnValues::add(std::string_view text) {
  add_mark(true);
  append_little(values_text_, static_cast<std::uint32_t>(text.size()));
  values_text_ += text;
}

std::string ColumnValues::page() const {
  // One bit-packed run of the RLE/bit-packing hybrid, eight rows a group.
  std::string levels;
  append_varint(levels, (marks_.size() << 1) | 1);
  levels += marks_;
  std::string out;
  append_little(out, static_cast<std::uint32_t>(levels.size()));
  return out + levels + values_text_;
}

Result<void> ParquetWriter::put(std::string_view bytes) {
  TREADLE_CHECK(sink_(bytes));
  written_ += static_cast<std::int64_t>(bytes.size());
  return {};
}

Result<void> ParquetWriter::begin() {
  return put(kMagic);
}

Result<void> ParquetWriter::write_column(const ColumnValues& values) {
  const std::string page = values.page();
  if (page.size() > std::numeric_limits<std::int32_t>::max()) {
    return fail(Errc::kUnsupported, "The values of '" + columns_[open_.size()].name +
                                        "' are too large for a Parquet file. Leave that key out.");
  }
  const std::string packed = zstd_frame(page);
  ThriftWriter w;
  w.begin();
  w.field(1, 0);  // a data page
  w.field(2, static_cast<std::int32_t>(page.size()));
  w.field(3, static_cast<std::int32_t>(packed.size()));
  w.field_struct(5);
  w.field(1, static_cast<std::int32_t>(values.rows()));
  w.field(2, kPlain);
  w.field(3, kRle);
  w.field(4, kRle);
  w.end();
  w.end();
  const std::string& header = w.text();
  const auto size = static_cast<std::int64_t>(header.size() + packed.size());
  open_.push_back(
      {written_, size, static_cast<std::int64_t>(header.size() + page.size()), values.rows()});
  TREADLE_CHECK(put(header));
  return put(packed);
}

void ParquetWriter::end_group() {
  groups_.push_back(std::move(open_));
  open_.clear();
}

std::string ParquetWriter::footer() const {
  std::int64_t rows = 0;
  for (const auto& group : groups_) rows += group.empty() ? 0 : group.front().rows;
  ThriftWriter w;
  w.begin();
  w.field(1, 1);  // version
  w.field_list(2, ThriftWriter::kStruct, columns_.size() + 1);
  w.begin();
  w.field(4, std::string_view("schema"));
  w.field(5, static_cast<std::int32_t>(columns_.size()));
  w.end();
  for (const ParquetColumn& column : columns_) {
    w.begin();
    w.field(1, static_cast<std::int32_t>(column.type));
    w.field(3, kOptional);
    w.field(4, std::string_view(column.name));
    if (column.type == ColumnType::kText) w.field(6, kUtf8);
    w.end();
  }
  w.field(3, rows);
  w.field_list(4, ThriftWriter::kStruct, groups_.size());
  for (const auto& group : groups_) {
    std::int64_t plain_size = 0;
    for (const Chunk& chunk : group) plain_size += chunk.plain_size;
    w.begin();
    w.field_list(1, ThriftWriter::kStruct, group.size());
    for (std::size_t i = 0; i < group.size(); ++i) {
      const Chunk& chunk = group[i];
      w.begin();
      w.field(2, chunk.offset);
      w.field_struct(3);
      w.field(1, static_cast<std::int32_t>(columns_[i].type));
      w.field_list(2, ThriftWriter::kI32, 2);
      w.element(kPlain);
      w.element(kRle);
      w.field_list(3, ThriftWriter::kBinary, 1);
      w.element(std::string_view(columns_[i].name));
      w.field(4, kZstd);
      w.field(5, chunk.rows);
      w.field(6, chunk.plain_size);
      w.field(7, chunk.size);
      w.field(9, chunk.offset);
      w.end();
      w.end();
    }
    w.field(2, plain_size);
    w.field(3, group.empty() ? std::int64_t{0} : group.front().rows);
    w.end();
  }
  w.field(6, std::string_view("treadle"));
  w.end();
  return w.text();
}

Result<void> ParquetWriter::finish() {
  std::string end = footer();
  append_little(end, static_cast<std::uint32_t>(end.size()));
  end += kMagic;
  return put(end);
}

}  // namespace treadle::tracking
