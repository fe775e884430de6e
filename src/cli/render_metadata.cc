#include "render.h"
#include "table.h"
#include "text.h"
#include <treadle/base/json_parse.h>

#include <boost/json.hpp>
#include <fmt/format.h>

#include <algorithm>

namespace treadle::cli {
namespace {

namespace json = boost::json;

bool is_table_line(std::string_view line) {
  const auto first = line.find_first_not_of(' ');
  return first != std::string_view::npos && line[first] == '|' &&
         line.find('|', first + 1) != std::string_view::npos;
}

std::vector<std::string> table_cells(std::string_view line) {
  line.remove_prefix(line.find('|') + 1);
  while (line.ends_with(' ')) line.remove_suffix(1);
  if (line.ends_with('|')) line.remove_suffix(1);
  std::vector<std::string> cells;
  std::string cell;
  for (std::size_t i = 0; i <= line.size(); ++i) {
    if (i < line.size() && line[i] == '\\' && i + 1 < line.size() && line[i + 1] == '|') {
      cell += "\\|";
      ++i;
    } else if (i == line.size() || line[i] == '|') {
      const auto begin = cell.find_first_not_of(' ');
      const auto end = cell.find_last_not_of(' ');
      cells.push_back(begin == std::string::npos ? "" : cell.substr(begin, end - begin + 1));
      cell.clear();
    } else {
      cell += line[i];
    }
  }
  return cells;
}

bool is_ruler(const std::vector<std::string>& cells) {
  return !cells.empty() && std::all_of(cells.begin(), cells.end(), [](const std::string& cell) {
    return !cell.empty() && cell.find_first_not_of("-: ") == std::string::npos;
  });
}

std::string align_rows(const std::vector<std::string>& lines) {
  std::vector<std::vector<std::string>> rows;
  std::vector<int> widths;
  for (const std::string& line : lines) {
    rows.push_back(table_cells(line));
    if (rows.back().size() > widths.size()) widths.resize(rows.back().size(), 3);
    if (is_ruler(rows.back())) continue;
    for (std::size_t i = 0; i < rows.back().size(); ++i)
      widths[i] = std::max(widths[i], display_width(rows.back()[i]));
  }
  std::string out;
  for (const auto& row : rows) {
    const bool ruler = is_ruler(row);
    out += '|';
    for (std::size_t i = 0; i < row.size(); ++i)
      out += ruler ? " " + std::string(static_cast<std::size_t>(widths[i]), '-') + " |"
                   : " " + pad_right(row[i], widths[i]) + " |";
    out += '\n';
  }
  return out;
}

std::string cell_text(const json::value& value) {
  if (value.is_string()) return std::string(value.get_string());
  if (value.is_null()) return "";
  return json_value_text(value);
}

// {"records": [{...}], "schema": {"columns": [{"name": ...}]}}; "" when it is none.
std::string render_table_value(const std::string& text, const Terminal& terminal) {
  json::value value;
  if (!parse_json_value(text, value) || !value.is_object()) return {};
  const auto* records = value.get_object().if_contains("records");
  if (!records || !records->is_array()) return {};
  std::vector<std::string> names;
  const auto add_name = [&](std::string name) {
    if (std::find(names.begin(), names.end(), name) == names.end())
      names.push_back(std::move(name));
  };
  if (const auto* schema = value.get_object().if_contains("schema"); schema && schema->is_object())
    if (const auto* columns = schema->get_object().if_contains("columns");
        columns && columns->is_array())
      for (const json::value& column : columns->get_array())
        if (column.is_object() && column.get_object().contains("name"))
          add_name(cell_text(column.get_object().at("name")));
  for (const json::value& record : records->get_array())
    if (record.is_object() && record.get_object().contains("data") &&
        record.get_object().at("data").is_object())
      for (const auto& field : record.get_object().at("data").get_object())
        add_name(std::string(field.key()));
    else if (record.is_object())
      for (const auto& field : record.get_object()) add_name(std::string(field.key()));
  Table table;
  for (const std::string& name : names)
    table.columns.push_back({printable(name), Column::Align::kLeft, 1, false});
  for (const json::value& record : records->get_array()) {
    if (!record.is_object()) continue;
    const json::object* fields = &record.get_object();
    if (const auto* data = fields->if_contains("data"); data && data->is_object())
      fields = &data->get_object();
    auto& row = table.rows.emplace_back();
    for (const std::string& name : names) {
      const auto* field = fields->if_contains(name);
      row.emplace_back(field ? cell_text(*field) : "");
    }
  }
  return render_table(table, terminal);
}

}  // namespace

std::string align_markdown(std::string_view markdown) {
  std::string out;
  std::vector<std::string> rows;
  const auto flush = [&] {
    if (!rows.empty()) out += align_rows(rows);
    rows.clear();
  };
  for (const std::string& line : split_lines(markdown)) {
    if (is_table_line(line)) {
      rows.push_back(line);
      continue;
    }
    flush();
    out += line + '\n';
  }
  flush();
  return out;
}

std::string render_metadata(const Metadata& metadata, const Terminal& terminal) {
  int width = 0;
  for (const auto& [name, value] : metadata)
    width = std::max(width, display_width(printable(name)));
  width = std::min(width, 30);
  std::string out;
  for (const auto& [name, value] : metadata) {
    std::string block;
    if (value.kind() == MetadataKind::kMarkdown) {
      block = align_markdown(printable_block(value.display()));
    } else if (value.kind() == MetadataKind::kTable &&
               std::holds_alternative<std::string>(value.data())) {
      block = render_table_value(std::get<std::string>(value.data()), terminal);
    }
    if (block.empty()) block = printable_block(value.display());
    while (block.ends_with('\n')) block.pop_back();
    const std::string title = terminal.paint(Style::kDim, pad_right(printable(name), width));
    if (block.find('\n') == std::string::npos) {
      out += fmt::format("{}  {}\n", title, block);
    } else {
      out += terminal.paint(Style::kDim, printable(name)) + "\n" + indent(block, "  ") + "\n";
    }
  }
  return out;
}

}  // namespace treadle::cli
