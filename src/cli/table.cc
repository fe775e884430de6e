#include "table.h"

#include "text.h"

#include <algorithm>
#include <numeric>

namespace treadle::cli {
namespace {

constexpr int kGap = 2;
constexpr int kLeast = 8;  // columns are not cut below this

// Takes what is too much from the columns that may shrink, the first in order first.
void shrink_to(int limit, const std::vector<Column>& columns, std::vector<int>& widths) {
  const int gaps = kGap * (static_cast<int>(widths.size()) - 1);
  int excess = std::accumulate(widths.begin(), widths.end(), gaps) - limit;
  std::vector<std::size_t> order(columns.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::erase_if(order, [&](std::size_t i) { return columns[i].shrink == 0; });
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return columns[a].shrink < columns[b].shrink;
  });
  for (const std::size_t i : order) {
    if (excess <= 0) return;
    const int least = std::min(widths[i], std::max(kLeast, display_width(columns[i].title)));
    const int taken = std::min(excess, widths[i] - least);
    widths[i] -= taken;
    excess -= taken;
  }
}

}  // namespace

std::string render_table(const Table& table, const Terminal& terminal) {
  if (table.rows.empty()) return {};
  std::vector<Column> columns;
  std::vector<std::size_t> kept;
  for (std::size_t i = 0; i < table.columns.size(); ++i) {
    const bool empty = std::all_of(table.rows.begin(), table.rows.end(),
                                   [i](const auto& row) { return row[i].text.empty(); });
    if (empty) continue;
    kept.push_back(i);
    columns.push_back(table.columns[i]);
  }
  std::vector<std::vector<Cell>> rows;
  rows.reserve(table.rows.size());
  std::vector<int> widths;
  for (const Column& column : columns) widths.push_back(display_width(column.title));
  for (const auto& row : table.rows) {
    auto& cells = rows.emplace_back();
    for (std::size_t i = 0; i < kept.size(); ++i) {
      cells.emplace_back(printable(row[kept[i]].text), row[kept[i]].style);
      widths[i] = std::max(widths[i], display_width(cells.back().text));
    }
  }
  if (terminal.width > 0) shrink_to(terminal.width, columns, widths);

  std::string out;
  const auto add_row = [&](const std::vector<Cell>& cells) {
    std::string line;
    for (std::size_t i = 0; i < cells.size(); ++i) {
      if (i > 0) line.append(kGap, ' ');
      const std::string text = columns[i].keep_end ? truncate_front(cells[i].text, widths[i])
                                                   : truncate_to(cells[i].text, widths[i]);
      const std::size_t blank = static_cast<std::size_t>(widths[i] - display_width(text));
      if (columns[i].align == Column::Align::kRight) line.append(blank, ' ');
      line += terminal.paint(cells[i].style, text);
      if (columns[i].align == Column::Align::kLeft && i + 1 < cells.size()) line.append(blank, ' ');
    }
    line.erase(line.find_last_not_of(' ') + 1);
    out += line + '\n';
  };
  std::vector<Cell> titles;
  for (const Column& column : columns) titles.emplace_back(column.title, Style::kDim);
  add_row(titles);
  for (const auto& row : rows) add_row(row);
  return out;
}

}  // namespace treadle::cli
