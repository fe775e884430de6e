#include "row_batch.h"

#include <treadle/base/json.h>

#include <algorithm>
#include <cmath>
#include <optional>

namespace treadle::tracking {

void Column::remove_last() {
  switch (kinds.back().first) {
    case Kind::kInt:
      ints.pop_back();
      break;
    case Kind::kDouble:
      doubles.pop_back();
      break;
    case Kind::kText:
      text_bytes.resize(text_bytes.size() - text_sizes.back());
      text_sizes.pop_back();
      break;
    default:
      break;
  }
  --count;
  if (--kinds.back().second == 0) kinds.pop_back();
}

void Column::append(const Column& other, std::int64_t from, std::int64_t size) {
  if (size <= 0) return;
  std::size_t int_at = 0, double_at = 0, text_at = 0, byte_at = 0;
  std::int64_t at = 0;
  for (const auto& [kind, run] : other.kinds) {
    // The part of this run that lies before `from`, and the part that is wanted.
    const std::int64_t before = std::clamp<std::int64_t>(from - at, 0, run);
    const std::int64_t take = std::clamp<std::int64_t>(from + size - at, before, run) - before;
    at += run;
    const auto b = static_cast<std::size_t>(before);
    const auto t = static_cast<std::size_t>(take);
    const auto r = static_cast<std::size_t>(run);
    if (kind == Kind::kInt) {
      const auto begin = other.ints.begin() + static_cast<std::ptrdiff_t>(int_at + b);
      ints.insert(ints.end(), begin, begin + static_cast<std::ptrdiff_t>(t));
      int_at += r;
    } else if (kind == Kind::kDouble) {
      const auto begin = other.doubles.begin() + static_cast<std::ptrdiff_t>(double_at + b);
      doubles.insert(doubles.end(), begin, begin + static_cast<std::ptrdiff_t>(t));
      double_at += r;
    } else if (kind == Kind::kText) {
      for (std::size_t i = 0; i < r; ++i) {
        const std::size_t bytes = other.text_sizes[text_at + i];
        if (i >= b && i < b + t) {
          text_sizes.push_back(other.text_sizes[text_at + i]);
          text_bytes.append(other.text_bytes, byte_at, bytes);
        }
        byte_at += bytes;
      }
      text_at += r;
    }
    if (take == 0) continue;
    count += take;
    if (!kinds.empty() && kinds.back().first == kind) {
      kinds.back().second += take;
    } else {
      kinds.emplace_back(kind, take);
    }
  }
}

void ColumnCursor::append_json(std::string& out) const {
  switch (kind()) {
    case Kind::kNull:
      out += "null";
      return;
    case Kind::kFalse:
      out += "false";
      return;
    case Kind::kTrue:
      out += "true";
      return;
    case Kind::kInt:
      out += std::to_string(integer());
      return;
    case Kind::kDouble:
      append_json_number(out, column_->doubles[double_]);
      return;
    case Kind::kText:
      out += text();
      return;
  }
}

void ColumnCursor::skip(std::int64_t values) {
  index_ += values;
  while (values > 0 && run_ < column_->kinds.size()) {
    const auto& [kind, run] = column_->kinds[run_];
    const std::int64_t step = std::min(values, run - in_run_);
    const auto s = static_cast<std::size_t>(step);
    if (kind == Kind::kInt) int_ += s;
    if (kind == Kind::kDouble) double_ += s;
    if (kind == Kind::kText) {
      for (std::size_t i = 0; i < s; ++i) text_at_ += column_->text_sizes[text_++];
    }
    in_run_ += step;
    values -= step;
    if (in_run_ == run) {
      ++run_;
      in_run_ = 0;
    }
  }
}

std::size_t RowBatch::ShapeHash::operator()(const Shape& shape) const {
  return std::hash<std::string_view>()(
      {reinterpret_cast<const char*>(shape.data()), shape.size() * sizeof(shape[0])});
}

std::uint32_t RowBatch::column_of(std::string_view key) {
  if (column_index_.size() < columns.size()) index_columns();
  const auto it = column_index_.find(key);
  if (it != column_index_.end()) return it->second;
  const auto column = static_cast<std::uint32_t>(columns.size());
  columns.emplace_back(std::string(key));
  column_index_.emplace(key, column);
  return column;
}

// After the columns were read from a chunk.
void RowBatch::index_columns() {
  for (std::uint32_t i = 0; i < columns.size(); ++i) column_index_.emplace(columns[i].key, i);
  for (std::uint32_t i = 0; i < shapes.size(); ++i) shape_index_.emplace(shapes[i], i);
}

void RowBatch::add_row(const Shape& shape) {
  ++rows;
  if (!row_shapes.empty() && shapes[row_shapes.back().first] == shape) {
    ++row_shapes.back().second;
    return;
  }
  if (shape_index_.size() < shapes.size()) index_columns();
  const auto [it, added] = shape_index_.emplace(shape, static_cast<std::uint32_t>(shapes.size()));
  if (added) shapes.push_back(shape);
  row_shapes.emplace_back(it->second, 1);
}

void RowBatch::append(const RowBatch& other, std::int64_t from, std::int64_t to) {
  std::vector<std::uint32_t> here(other.columns.size());
  std::vector<std::int64_t> before(other.columns.size()), taken(other.columns.size());
  std::vector<bool> used(other.shapes.size());
  std::int64_t at = 0;
  for (const auto& [shape, run] : other.row_shapes) {
    const std::int64_t skip = std::clamp<std::int64_t>(from - at, 0, run);
    const std::int64_t take = std::clamp<std::int64_t>(to - at, skip, run) - skip;
    at += run;
    for (const std::uint32_t column : other.shapes[shape]) {
      before[column] += skip;
      taken[column] += take;
    }
    if (take > 0) used[shape] = true;
  }
  for (std::size_t i = 0; i < here.size(); ++i) {
    if (taken[i] == 0) continue;
    here[i] = column_of(other.columns[i].key);
    columns[here[i]].append(other.columns[i], before[i], taken[i]);
  }
  std::vector<std::uint32_t> shape_here(other.shapes.size());
  if (shape_index_.size() < shapes.size()) index_columns();
  for (std::size_t i = 0; i < used.size(); ++i) {
    if (!used[i]) continue;
    Shape shape;
    for (const std::uint32_t column : other.shapes[i]) shape.push_back(here[column]);
    const auto [it, added] =
        shape_index_.emplace(std::move(shape), static_cast<std::uint32_t>(shapes.size()));
    if (added) shapes.push_back(it->first);
    shape_here[i] = it->second;
  }
  at = 0;
  for (const auto& [shape, run] : other.row_shapes) {
    const std::int64_t skip = std::clamp<std::int64_t>(from - at, 0, run);
    const std::int64_t take = std::clamp<std::int64_t>(to - at, skip, run) - skip;
    at += run;
    if (take == 0) continue;
    rows += take;
    if (!row_shapes.empty() && row_shapes.back().first == shape_here[shape]) {
      row_shapes.back().second += take;
    } else {
      row_shapes.emplace_back(shape_here[shape], take);
    }
  }
}

std::int64_t RowBatch::cells() const {
  std::int64_t cells = 0;
  for (const Column& column : columns) cells += column.count;
  return cells;
}

const Column* RowBatch::find(std::string_view key) const {
  for (const Column& column : columns) {
    if (column.key == key) return &column;
  }
  return nullptr;
}

std::vector<std::int64_t> RowBatch::steps(std::int64_t first_line) const {
  std::vector<std::int64_t> steps;
  const Column* column = find("_step");
  if (column != nullptr && column->count == rows && column->only(Kind::kInt)) return column->ints;
  steps.reserve(static_cast<std::size_t>(rows));
  const auto index = column == nullptr ? 0 : static_cast<std::uint32_t>(column - columns.data());
  std::optional<ColumnCursor> cursor;
  if (column != nullptr) cursor.emplace(*column);
  std::int64_t line = first_line;
  for (const auto& [shape, run] : row_shapes) {
    const Shape& cells = shapes[shape];
    const bool has =
        column != nullptr && std::find(cells.begin(), cells.end(), index) != cells.end();
    for (std::int64_t i = 0; i < run; ++i, ++line) {
      std::int64_t step = line;
      if (has) {
        if (cursor->kind() == Kind::kInt) step = cursor->integer();
        if (cursor->kind() == Kind::kDouble && std::abs(cursor->number()) < 9e18) {
          step = static_cast<std::int64_t>(cursor->number());
        }
        cursor->skip(1);
      }
      steps.push_back(step);
    }
  }
  return steps;
}

}  // namespace treadle::tracking
