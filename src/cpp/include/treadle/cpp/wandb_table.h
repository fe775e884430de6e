// W&B tables from C++ values, byte for byte in the form that W&B's SDK and treadle.wandb write and read:
//
//   #include <treadle/cpp/wandb_table.h>
//   td::wandb::Table scores() {
//     td::wandb::Table table{.columns = {"name", "score"}};
//     table.rows.push_back({"setosa", 0.98});
//     return table;
//   }
//
// An asset that returns one is kept as the object `Table` of its artifact: Python reads it with
// `get: "Table"` as a Table, C++ with td::wandb::configuration({.get = "Table"}) or as it is.
#pragma once

#include <treadle/cpp/codec_for.h>
#include <treadle/cpp/wandb_image.h>

#include <cstdint>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace treadle::wandb {

// Nothing, truth, a whole or another number, text, a picture.
struct Cell : std::variant<std::monostate, bool, std::int64_t, double, std::string, Image> {
  using Base = std::variant<std::monostate, bool, std::int64_t, double, std::string, Image>;
  Cell() = default;
  Cell(bool value) : Base(value) {}
  Cell(int value) : Base(std::int64_t{value}) {}
  Cell(std::int64_t value) : Base(value) {}
  Cell(double value) : Base(value) {}
  Cell(const char* value) : Base(std::string(value)) {}
  Cell(std::string value) : Base(std::move(value)) {}
  Cell(Image value) : Base(std::move(value)) {}
  const Base& value() const { return *this; }
};

struct Table {
  std::vector<std::string> columns = {};
  std::vector<std::vector<Cell>> rows = {};  // each as long as `columns`
  bool operator==(const Table&) const = default;

  // The document, and the files of its pictures. kInvalidArgument names the row that is too long or
  // short, or the column whose values are of several types.
  Result<Document> to_document() const;
  // kUnsupported names a cell that C++ has no value for: a sound, a list.
  static Result<Table> from_document(std::string_view json, const ReadMedia& read);
};

}  // namespace treadle::wandb

template <>
struct treadle::CodecFor<treadle::wandb::Table> {
  static Result<Encoded> encode(const wandb::Table& table);
  static Result<wandb::Table> decode(Stored& stored);
};
