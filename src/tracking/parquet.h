// Private to the room: the Parquet file format, as much of it as flat tables need. PLAIN pages of optional
// values, one page per column and row group. https://parquet.apache.org/docs/file-format/
#pragma once

#include <treadle/base/result.h>
#include <treadle/tracking/export.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace treadle::tracking {

enum class ColumnType : std::uint8_t {
  kBoolean = 0,
  kInteger = 2,
  kDouble = 5,
  kText = 6
};  // Parquet's

struct ParquetColumn {
  std::string name;
  ColumnType type = ColumnType::kText;
};

// Values of one column in one row group: a mark for every row, a value for each that has one.
class ColumnValues {
 public:
  explicit ColumnValues(ColumnType type) : type_(type) {}
  void add_null() { add_mark(false); }
  void add(bool value);
  void add(std::int64_t value) { add_plain(value); }
  void add(double value) { add_plain(value); }
  void add(std::string_view text);
  ColumnType type() const { return type_; }
  std::int64_t rows() const { return rows_; }
  // The page's body: definition levels, then the values.
  std::string page() const;

 private:
  void add_mark(bool there);
  template <class T>
  void add_plain(T value);

  const ColumnType type_;
  std::int64_t rows_ = 0;
  std::int64_t values_ = 0;
  std::string marks_;        // a bit a row
  std::string values_text_;  // as PLAIN encodes them
};

class ParquetWriter {
 public:
  ParquetWriter(std::vector<ParquetColumn> columns, ByteSink sink)
      : columns_(std::move(columns)), sink_(std::move(sink)) {}

  Result<void> begin();
  // Columns in order, each with the same number of rows: write_column for all, then end_group.
  Result<void> write_column(const ColumnValues& values);
  void end_group();
  Result<void> finish();

 private:
  struct Chunk {
    std::int64_t offset = 0;
    std::int64_t size = 0;
    std::int64_t plain_size = 0;
    std::int64_t rows = 0;
  };
  Result<void> put(std::string_view bytes);
  std::string footer() const;

  const std::vector<ParquetColumn> columns_;
  const ByteSink sink_;
  std::int64_t written_ = 0;
  std::vector<std::vector<Chunk>> groups_;
  std::vector<Chunk> open_;
};

}  // namespace treadle::tracking
