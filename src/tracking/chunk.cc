#include "chunk.h"

#include "bytes.h"
#include <treadle/base/compress.h>

#include <bit>

namespace treadle::tracking {
namespace {

constexpr char kInline = 1;
constexpr char kApart = 2;
constexpr std::size_t kMostRows = std::size_t{1} << 32;

tl::unexpected<Error> corrupt() {
  return fail(Errc::kCorrupt,
              "A chunk of a run's history is damaged. Restore treadle.db from a backup.");
}

// The k-th bytes of all doubles together: those of exponents repeat, and so do those of numbers
// that were floats.
void put_doubles(std::string& out, const std::vector<double>& doubles) {
  const std::size_t n = doubles.size();
  const std::size_t begin = out.size();
  out.resize(begin + 8 * n);
  auto* const to = reinterpret_cast<unsigned char*>(out.data() + begin);
  for (std::size_t i = 0; i < n; ++i) {
    const auto bits = std::bit_cast<std::uint64_t>(doubles[i]);
    for (unsigned k = 0; k < 8; ++k)
      to[k * n + i] = static_cast<unsigned char>(bits >> (56 - 8 * k));
  }
}

void take_doubles(std::string_view bytes, std::vector<double>& doubles) {
  const std::size_t n = bytes.size() / 8;
  const auto* const from = reinterpret_cast<const unsigned char*>(bytes.data());
  doubles.resize(n);
  for (std::size_t i = 0; i < n; ++i) {
    std::uint64_t bits = 0;
    for (unsigned k = 0; k < 8; ++k) bits = (bits << 8) | from[k * n + i];
    doubles[i] = std::bit_cast<double>(bits);
  }
}

void put_column(std::string& out, const Column& column) {
  put_varint(out, column.kinds.size());
  for (const auto& [kind, run] : column.kinds) {
    out += static_cast<char>(kind);
    put_varint(out, static_cast<std::uint64_t>(run));
  }
  std::int64_t before = 0;
  for (const std::int64_t value : column.ints) {
    put_signed(out, static_cast<std::int64_t>(static_cast<std::uint64_t>(value) -
                                              static_cast<std::uint64_t>(before)));
    before = value;
  }
  put_doubles(out, column.doubles);
  for (const std::uint32_t size : column.text_sizes) put_varint(out, size);
  out += column.text_bytes;
}

Result<void> take_column(std::string_view bytes, Column& column) {
  ByteReader reader(bytes);
  std::size_t ints = 0, doubles = 0, texts = 0;
  column.count = 0;
  const std::size_t runs = reader.count();
  for (std::size_t i = 0; i < runs; ++i) {
    const std::string_view kind_byte = reader.take(1);
    const std::size_t run = reader.count(kMostRows);
    // A cursor stands on a value: a run of none would be read past.
    if (!reader.ok() || run == 0 || kind_byte[0] > static_cast<char>(Kind::kText) ||
        kind_byte[0] < 0) {
      return corrupt();
    }
    const auto kind = static_cast<Kind>(kind_byte[0]);
    column.kinds.emplace_back(kind, static_cast<std::int64_t>(run));
    column.count += static_cast<std::int64_t>(run);
    if (kind == Kind::kInt) ints += run;
    if (kind == Kind::kDouble) doubles += run;
    if (kind == Kind::kText) texts += run;
  }
  if (ints > reader.left() || doubles > reader.left() / 8 || texts > reader.left())
    return corrupt();
  std::uint64_t before = 0;
  column.ints.reserve(ints);
  for (std::size_t i = 0; i < ints; ++i) {
    before += static_cast<std::uint64_t>(reader.signed_varint());
    column.ints.push_back(static_cast<std::int64_t>(before));
  }
  take_doubles(reader.take(8 * doubles), column.doubles);
  std::size_t text_bytes = 0;
  column.text_sizes.reserve(texts);
  for (std::size_t i = 0; i < texts; ++i) {
    column.text_sizes.push_back(static_cast<std::uint32_t>(reader.varint()));
    text_bytes += column.text_sizes.back();
  }
  column.text_bytes = reader.take(text_bytes);
  if (!reader.ok() || reader.left() > 0 || column.doubles.size() != doubles) return corrupt();
  return {};
}

Column sample_of(const Column& column) {
  Column sample(column.key);
  for (std::int64_t i = 0; i < column.count; i += kSampleStride) sample.append(column, i, 1);
  sample.append(column, column.count - 1, 1);
  return sample;
}

}  // namespace

ChunkText encode_chunk(const RowBatch& batch) {
  ChunkText text;
  std::string head;
  const bool apart = batch.cells() >= kSeparateFrom;
  std::vector<std::int32_t> number(batch.columns.size(), -1);
  std::vector<const Column*> columns;
  for (std::size_t i = 0; i < batch.columns.size(); ++i) {
    if (batch.columns[i].count == 0) continue;
    number[i] = static_cast<std::int32_t>(columns.size());
    columns.push_back(&batch.columns[i]);
  }
  put_varint(head, static_cast<std::uint64_t>(batch.rows));
  put_varint(head, columns.size());
  for (const Column* column : columns) {
    put_text(head, column->key);
    put_varint(head, static_cast<std::uint64_t>(column->count));
  }
  put_varint(head, batch.shapes.size());
  for (const RowBatch::Shape& shape : batch.shapes) {
    put_varint(head, shape.size());
    for (const std::uint32_t column : shape) {
      put_varint(head, static_cast<std::uint64_t>(number[column]));
    }
  }
  put_varint(head, batch.row_shapes.size());
  for (const auto& [shape, run] : batch.row_shapes) {
    put_varint(head, shape);
    put_varint(head, static_cast<std::uint64_t>(run));
  }
  text.content += apart ? kApart : kInline;
  if (apart) {
    std::string payload;
    for (const Column* column : columns) {
      payload.clear();
      put_column(payload, *column);
      append_compressed(text.columns.emplace_back(), payload);
      std::string& sample = text.samples.emplace_back();
      if (column->count < kSampledFrom) continue;
      payload.clear();
      put_column(payload, sample_of(*column));
      append_compressed(sample, payload);
    }
  } else {
    std::string payload;
    for (const Column* column : columns) {
      payload.clear();
      put_column(payload, *column);
      put_text(head, payload);
    }
  }
  append_compressed(text.content, head);
  return text;
}

Result<ChunkHead> decode_head(std::string_view content) {
  if (content.empty() || (content[0] != kInline && content[0] != kApart)) return corrupt();
  ChunkHead head;
  TREADLE_TRY(std::string bytes, decompress(content.substr(1)));
  head.bytes = std::make_shared<const std::string>(std::move(bytes));
  ByteReader reader(*head.bytes);
  RowBatch& batch = head.batch;
  batch.rows = static_cast<std::int64_t>(reader.count(kMostRows));
  const std::size_t columns = reader.count();
  for (std::size_t i = 0; i < columns; ++i) {
    batch.columns.emplace_back(std::string(reader.text()));
    head.counts.push_back(static_cast<std::int64_t>(reader.count(kMostRows)));
  }
  const std::size_t shapes = reader.count();
  for (std::size_t i = 0; i < shapes; ++i) {
    RowBatch::Shape& shape = batch.shapes.emplace_back();
    const std::size_t cells = reader.count();
    for (std::size_t k = 0; k < cells; ++k) {
      shape.push_back(static_cast<std::uint32_t>(reader.varint()));
      if (shape.back() >= columns) return corrupt();
    }
  }
  const std::size_t runs = reader.count();
  std::int64_t rows = 0;
  for (std::size_t i = 0; i < runs; ++i) {
    const auto shape = static_cast<std::uint32_t>(reader.varint());
    const auto run = static_cast<std::int64_t>(reader.count(kMostRows));
    if (!reader.ok() || run == 0 || shape >= shapes) return corrupt();
    batch.row_shapes.emplace_back(shape, run);
    rows += run;
  }
  if (!reader.ok() || rows != batch.rows) return corrupt();
  // Every row has a value in each column of its shape.
  std::vector<std::int64_t> expected(columns);
  for (const auto& [shape, run] : batch.row_shapes) {
    for (const std::uint32_t column : batch.shapes[shape]) expected[column] += run;
  }
  if (expected != head.counts) return corrupt();
  if (content[0] == kInline) {
    for (std::size_t i = 0; i < columns; ++i) head.payloads.push_back(reader.text());
  }
  if (!reader.ok() || reader.left() > 0) return corrupt();
  return head;
}

Result<void> ChunkHead::load(std::size_t column) {
  if (batch.columns[column].count > 0) return {};
  TREADLE_CHECK(take_column(payloads[column], batch.columns[column]));
  return batch.columns[column].count == counts[column] ? Result<void>() : corrupt();
}

Result<void> decode_column(std::string_view content, Column& column) {
  TREADLE_TRY(const std::string bytes, decompress(content));
  return take_column(bytes, column);
}

}  // namespace treadle::tracking
