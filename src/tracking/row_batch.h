// Private to the room: rows taken apart into columns, as they are kept and read.
#pragma once

#include <treadle/base/result.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace treadle::tracking {

enum class Kind : std::uint8_t { kNull, kFalse, kTrue, kInt, kDouble, kText /* JSON text */ };

// The values of one key, in order of row; rows without the key are left out.
class Column {
 public:
  explicit Column(std::string key_path) : key(std::move(key_path)) {}

  std::string key;  // path with '.' between and '\.' within names
  std::int64_t count = 0;
  // Kinds, run after run; ints, doubles and texts in order of their kind.
  std::vector<std::pair<Kind, std::int64_t>> kinds;
  std::vector<std::int64_t> ints;
  std::vector<double> doubles;
  std::vector<std::uint32_t> text_sizes;
  std::string text_bytes;

  void add(Kind kind) {
    ++count;
    if (!kinds.empty() && kinds.back().first == kind) {
      ++kinds.back().second;
    } else {
      kinds.emplace_back(kind, 1);
    }
  }
  void add_int(std::int64_t value) {
    add(Kind::kInt);
    ints.push_back(value);
  }
  void add_double(double value) {
    add(Kind::kDouble);
    doubles.push_back(value);
  }
  void add_text(std::string_view json) {
    add(Kind::kText);
    text_sizes.push_back(static_cast<std::uint32_t>(json.size()));
    text_bytes += json;
  }
  void remove_last();
  // Adds values [from, from + size) of another column.
  void append(const Column& other, std::int64_t from, std::int64_t size);
  bool only(Kind kind) const { return kinds.size() == 1 && kinds[0].first == kind; }
  std::size_t bytes() const {
    return 8 * (ints.size() + doubles.size()) + text_bytes.size() + 4 * text_sizes.size();
  }
};

// Walks a column's values.
class ColumnCursor {
 public:
  explicit ColumnCursor(const Column& column) : column_(&column) {}
  bool done() const { return index_ >= column_->count; }
  std::int64_t index() const { return index_; }
  Kind kind() const { return column_->kinds[run_].first; }
  bool is_number() const { return kind() == Kind::kInt || kind() == Kind::kDouble; }
  double number() const {
    return kind() == Kind::kInt ? static_cast<double>(column_->ints[int_])
                                : column_->doubles[double_];
  }
  std::int64_t integer() const { return column_->ints[int_]; }
  std::string_view text() const {
    return {column_->text_bytes.data() + text_at_, column_->text_sizes[text_]};
  }
  void append_json(std::string& out) const;
  void next();
  void skip(std::int64_t values);  // fast over long runs

 private:
  const Column* column_;
  std::int64_t index_ = 0;
  std::size_t run_ = 0;
  std::int64_t in_run_ = 0;
  std::size_t int_ = 0, double_ = 0, text_ = 0, text_at_ = 0;
};

// Rows of one stream that follow each other. A row is a shape (which columns, in which order) and
// a value in each.
class RowBatch {
 public:
  using Shape = std::vector<std::uint32_t>;  // columns

  std::vector<Column> columns;
  std::vector<Shape> shapes;
  // Shape of the rows, run after run.
  std::vector<std::pair<std::uint32_t, std::int64_t>> row_shapes;
  std::int64_t rows = 0;

  // One JSON object. On an error the batch is unchanged; the message says what is wrong, not where.
  Result<void> add_line(std::string_view json);
  // Adds rows [from, to) of another batch.
  void append(const RowBatch& other, std::int64_t from, std::int64_t to);
  void append(const RowBatch& other) { append(other, 0, other.rows); }

  std::int64_t cells() const;
  const Column* find(std::string_view key) const;
  // The `_step` of each row, or its line number where it has none.
  std::vector<std::int64_t> steps(std::int64_t first_line) const;

 private:
  friend class LineParser;
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const {
      return std::hash<std::string_view>()(text);
    }
  };
  struct ShapeHash {
    std::size_t operator()(const Shape& shape) const;
  };
  std::uint32_t column_of(std::string_view key);
  void add_row(const Shape& shape);
  void index_columns();

  std::unordered_map<std::string, std::uint32_t, Hash, std::equal_to<>> column_index_;
  std::unordered_map<Shape, std::uint32_t, ShapeHash> shape_index_;
  // While parsing: the row so far, and for each column the last row that has it.
  Shape row_;
  std::vector<std::int64_t> last_row_;
  std::vector<std::string> literals_;  // how each column's key is written at the top, "" = nested
};

// Rows of a batch as JSON text, in order. `keys` chooses what and in what order (a nested key is
// then written as one name); empty = whole rows, nested as they were given.
class RowReader {
 public:
  explicit RowReader(const RowBatch& batch, const std::vector<std::string>& keys = {});
  // Goes to a row at or after the present one.
  void seek(std::int64_t row);
  // Whether the present row has all of `keys`.
  bool complete() const;
  void append_json(std::string& out);
  // The value of the present row in column `keys[i]`; the row must be complete.
  const ColumnCursor& value(std::size_t i) const { return cursors_[shape_cells_[run_shape()][i]]; }

 private:
  struct Template {
    std::vector<std::string> before;  // each value
    std::string end;
    bool made = false;
  };
  std::uint32_t run_shape() const { return batch_.row_shapes[run_].first; }
  void make_template(std::uint32_t shape);

  const RowBatch& batch_;
  std::vector<std::string> keys_;
  std::vector<ColumnCursor> cursors_;
  // Per shape: the columns to walk and print, empty when one of `keys` is missing.
  std::vector<RowBatch::Shape> shape_cells_;
  std::vector<Template> templates_;
  std::size_t run_ = 0;
  std::int64_t in_run_ = 0;
  std::int64_t row_ = 0;
};

// A key's names: "a.b" is a and b; "a\\.b" is one name with a dot.
std::vector<std::string> split_key(std::string_view key);
std::string join_key(const std::vector<std::string>& names);
// The key as users see it: names joined by dots, nothing escaped.
std::string plain_key(std::string_view key);

}  // namespace treadle::tracking
