// Tables for people: aligned columns that fit the terminal. Pure.
#pragma once

#include "terminal.h"

#include <string>
#include <vector>

namespace treadle::cli {

struct Cell {
  std::string text;  // made printable() by the table
  Style style = Style::kPlain;
  Cell(std::string t, Style s = Style::kPlain) : text(std::move(t)), style(s) {}  // NOLINT
  Cell(const char* t, Style s = Style::kPlain) : text(t), style(s) {}             // NOLINT
};

struct Column {
  std::string title;
  enum class Align { kLeft, kRight } align = Align::kLeft;
  // Columns give up width in this order when the table is too wide (0 = never); what is cut ends in
  // '…'.
  int shrink = 0;
  bool keep_end = false;  // cut at the front instead (paths)
};

struct Table {
  std::vector<Column> columns;
  std::vector<std::vector<Cell>> rows;  // each as long as columns
};

// Lines ending in '\n', without trailing spaces; columns that are empty in every row are left out.
// Nothing for a table without rows.
std::string render_table(const Table& table, const Terminal& terminal);

}  // namespace treadle::cli
