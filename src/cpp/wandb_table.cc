#include "wandb_document.h"
#include <treadle/base/json.h>
#include <treadle/cpp/json.h>
#include <treadle/cpp/wandb_table.h>

#include <algorithm>
#include <array>
#include <numeric>

namespace treadle {
namespace wandb {
namespace {

// By the index of Cell::Base: whole and other numbers are one type.
constexpr std::array<const char*, 6> kTypes = {"none",   "boolean", "number",
                                               "number", "string",  "image-file"};
// What the SDK says of a column of pictures without boxes, masks and classes.
constexpr std::string_view kImageType =
    R"({"params":{"box_class_maps":{"params":{"is_set":false,"val":{}},"wb_type":"const"},)"
    R"("box_layers":{"params":{"is_set":false,"val":{}},"wb_type":"const"},)"
    R"("box_score_keys":{"params":{"is_set":true,"val":[]},"wb_type":"const"},)"
    R"("class_map":{"params":{"is_set":false,"val":{}},"wb_type":"const"},)"
    R"("mask_class_maps":{"params":{"is_set":false,"val":{}},"wb_type":"const"},)"
    R"("mask_layers":{"params":{"is_set":false,"val":{}},"wb_type":"const"}},"wb_type":"image-file"})";

void write_type(JsonWriter& w, std::string_view type) {
  if (type == "image-file") {
    w.raw(kImageType);
  } else {
    w.begin_object().field("wb_type", type).end_object();
  }
}

// A type or nothing, in the SDK's order.
void write_either(JsonWriter& w, std::string_view first, std::string_view second) {
  w.begin_object().key("params").begin_object().key("allowed_types").begin_array();
  write_type(w, first);
  write_type(w, second);
  w.end_array().end_object().field("wb_type", "union").end_object();
}

Result<void> write_column_type(JsonWriter& w, const Table& table, std::size_t column) {
  std::string_view known;
  for (std::size_t row = 0; row < table.rows.size(); ++row) {
    const std::string_view type = kTypes[table.rows[row][column].value().index()];
    if (type == "none" || type == known) continue;
    if (!known.empty())
      return fail(Errc::kInvalidArgument, "The column '" + table.columns[column] + "' holds a " +
                                              std::string(known) + " before row " +
                                              std::to_string(row) + ", and a " + std::string(type) +
                                              " in it. Make the values of a column alike.");
    known = type;
  }
  if (table.rows.empty()) {
    write_either(w, "none", "unknown");
  } else if (known.empty()) {
    write_type(w, "none");
  } else if (known < "none") {
    write_either(w, known, "none");
  } else {
    write_either(w, "none", known);
  }
  return {};
}

Result<void> write_cell(JsonWriter& w, const Cell& cell, std::vector<MediaFile>& files) {
  if (const Image* image = std::get_if<Image>(&cell.value())) return write_image(w, *image, files);
  std::visit(
      [&](const auto& value) {
        using Kind = std::decay_t<decltype(value)>;
        if constexpr (std::is_same_v<Kind, std::monostate>) {
          w.null();
        } else if constexpr (!std::is_same_v<Kind, Image>) {
          w.value(value);
        }
      },
      cell.value());
  return {};
}

Result<Cell> read_cell(JsonRef json, std::size_t row, const std::string& column,
                       const ReadMedia& read) {
  if (json.is_null()) return Cell();
  if (const auto truth = json.as_bool()) return Cell(*truth);
  if (const auto whole = json.as_int()) return Cell(*whole);
  if (const auto number = json.as_double()) return Cell(*number);
  if (const auto text = json.as_string()) return Cell(std::string(*text));
  if (json["_type"].as_string() == "image-file") {
    TREADLE_TRY(Image image, read_image(json, read));
    return Cell(std::move(image));
  }
  return fail(Errc::kUnsupported,
              "The column '" + column + "' of the table has " + std::string(json.kind_name()) +
                  " in row " + std::to_string(row) + ", which a td::wandb::Table cannot hold.");
}

}  // namespace

Result<Document> Table::to_document() const {
  for (std::size_t row = 0; row < rows.size(); ++row) {
    if (rows[row].size() == columns.size()) continue;
    return fail(Errc::kInvalidArgument, "Row " + std::to_string(row) + " of the table has " +
                                            std::to_string(rows[row].size()) + " values for " +
                                            std::to_string(columns.size()) + " columns.");
  }
  Document out;
  JsonWriter w;
  w.begin_object().field("_type", "table").key("column_types").begin_object();
  w.key("params").begin_object().key("type_map").begin_object();
  std::vector<std::size_t> by_name(columns.size());
  std::iota(by_name.begin(), by_name.end(), 0);
  std::sort(by_name.begin(), by_name.end(),
            [&](std::size_t a, std::size_t b) { return columns[a] < columns[b]; });
  for (const std::size_t at : by_name) {
    w.key(columns[at]);
    TREADLE_CHECK(write_column_type(w, *this, at));
  }
  w.end_object().end_object().field("wb_type", "typedDict").end_object();
  w.key("columns").begin_array();
  for (const std::string& column : columns) w.value(column);
  w.end_array().key("data").begin_array();
  for (const std::vector<Cell>& row : rows) {
    w.begin_array();
    for (const Cell& cell : row) TREADLE_CHECK(write_cell(w, cell, out.files));
    w.end_array();
  }
  w.end_array().field("log_mode", "IMMUTABLE");
  w.field("ncols", static_cast<std::int64_t>(columns.size()));
  w.field("nrows", static_cast<std::int64_t>(rows.size())).end_object();
  out.json = as_the_sdk_writes(std::move(w).str());
  return out;
}

Result<Table> Table::from_document(std::string_view text, const ReadMedia& read) {
  TREADLE_TRY(const Json json, Json::parse(text));
  if (json["_type"].as_string() != "table")
    return fail(Errc::kInvalidArgument, "This is not the document of a W&B table.");
  Table out;
  for (std::size_t at = 0; at < json["columns"].size(); ++at) {
    const JsonRef name = json["columns"][at];
    out.columns.push_back(name.as_string() ? std::string(*name.as_string()) : name.dump());
  }
  for (std::size_t row = 0; row < json["data"].size(); ++row) {
    const JsonRef cells = json["data"][row];
    if (cells.size() != out.columns.size())
      return fail(Errc::kCorrupt, "Row " + std::to_string(row) + " of the table has " +
                                      std::to_string(cells.size()) + " values for " +
                                      std::to_string(out.columns.size()) + " columns.");
    std::vector<Cell>& into = out.rows.emplace_back();
    for (std::size_t at = 0; at < cells.size(); ++at) {
      TREADLE_TRY(Cell cell, read_cell(cells[at], row, out.columns[at], read));
      into.push_back(std::move(cell));
    }
  }
  return out;
}

}  // namespace wandb

Result<Encoded> CodecFor<wandb::Table>::encode(const wandb::Table& table) {
  TREADLE_TRY(wandb::Document document, table.to_document());
  return wandb::encoded(std::move(document), "Table.table.json", "wandb.Table");
}

Result<wandb::Table> CodecFor<wandb::Table>::decode(Stored& stored) {
  TREADLE_TRY(const std::string json, stored.bytes());
  return wandb::Table::from_document(json, wandb::media_of(stored));
}

}  // namespace treadle
