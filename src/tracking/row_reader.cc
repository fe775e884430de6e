#include "row_batch.h"
#include <treadle/base/json.h>

#include <algorithm>

namespace treadle::tracking {

std::vector<std::string> split_key(std::string_view key) {
  std::vector<std::string> names(1);
  for (std::size_t i = 0; i < key.size(); ++i) {
    if (key[i] == '.') {
      names.emplace_back();
    } else {
      if (key[i] == '\\' && i + 1 < key.size()) ++i;
      names.back() += key[i];
    }
  }
  return names;
}

std::string join_key(const std::vector<std::string>& names) {
  std::string key;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (i > 0) key += '.';
    for (const char c : names[i]) {
      if (c == '.' || c == '\\') key += '\\';
      key += c;
    }
  }
  return key;
}

std::string plain_key(std::string_view key) {
  std::string plain;
  for (std::size_t i = 0; i < key.size(); ++i) {
    if (key[i] == '\\' && i + 1 < key.size()) ++i;
    plain += key[i];
  }
  return plain;
}

RowReader::RowReader(const RowBatch& batch, const std::vector<std::string>& keys)
    : batch_(batch), keys_(keys), templates_(batch.shapes.size()) {
  cursors_.reserve(batch.columns.size());
  for (const Column& column : batch.columns) cursors_.emplace_back(column);
  if (keys_.empty()) {
    shape_cells_ = batch.shapes;
    return;
  }
  // A key names a nested value, or else a name that has dots in it.
  std::vector<std::int64_t> column_of_key;
  for (const std::string& key : keys_) {
    std::int64_t found = -1;
    for (std::size_t i = 0; i < batch.columns.size(); ++i) {
      if (batch.columns[i].key == key) found = static_cast<std::int64_t>(i);
    }
    for (std::size_t i = 0; found < 0 && i < batch.columns.size(); ++i) {
      if (plain_key(batch.columns[i].key) == key) found = static_cast<std::int64_t>(i);
    }
    column_of_key.push_back(found);
  }
  for (const RowBatch::Shape& shape : batch.shapes) {
    RowBatch::Shape& cells = shape_cells_.emplace_back();
    for (const std::int64_t column : column_of_key) {
      if (std::find(shape.begin(), shape.end(), column) == shape.end()) {
        cells.clear();
        break;
      }
      cells.push_back(static_cast<std::uint32_t>(column));
    }
  }
}

void RowReader::seek(std::int64_t row) {
  while (row_ < row) {
    const auto& [shape, run] = batch_.row_shapes[run_];
    const std::int64_t step = std::min(row - row_, run - in_run_);
    // Also columns of rows that are not complete must be walked.
    for (const std::uint32_t column : batch_.shapes[shape]) cursors_[column].skip(step);
    row_ += step;
    in_run_ += step;
    if (in_run_ == run) {
      ++run_;
      in_run_ = 0;
    }
  }
}

bool RowReader::complete() const {
  return keys_.empty() || shape_cells_[run_shape()].size() == keys_.size();
}

void RowReader::make_template(std::uint32_t shape) {
  Template& made = templates_[shape];
  made.made = true;
  std::vector<std::string> open;  // the objects that are open
  std::string text = "{";
  bool first = true;
  for (std::size_t i = 0; i < shape_cells_[shape].size(); ++i) {
    const std::string& key = batch_.columns[shape_cells_[shape][i]].key;
    std::vector<std::string> names;
    if (keys_.empty()) {
      names = split_key(key);
    } else {
      names = {keys_[i]};
    }
    std::size_t same = 0;
    while (same < open.size() && same + 1 < names.size() && open[same] == names[same]) ++same;
    text.append(open.size() - same, '}');
    if (!first) text += ',';
    open.resize(same);
    for (std::size_t n = same; n < names.size(); ++n) {
      append_json_string(text, names[n]);
      text += ':';
      if (n + 1 < names.size()) {
        text += '{';
        open.push_back(names[n]);
      }
    }
    made.before.push_back(std::move(text));
    text.clear();
    first = false;
  }
  if (made.before.empty()) {
    made.end = "{}";
  } else {
    made.end = std::string(open.size() + 1, '}');
  }
}

void RowReader::append_json(std::string& out) {
  const std::uint32_t shape = run_shape();
  if (!templates_[shape].made) make_template(shape);
  const Template& parts = templates_[shape];
  const RowBatch::Shape& cells = shape_cells_[shape];
  for (std::size_t i = 0; i < cells.size(); ++i) {
    out += parts.before[i];
    cursors_[cells[i]].append_json(out);
  }
  out += parts.end;
}

}  // namespace treadle::tracking
