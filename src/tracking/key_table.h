// Private to the room: what is known about each key of a stream, kept up as rows come in.
#pragma once

#include "row_batch.h"
#include <treadle/tracking/history.h>

#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace treadle::tracking {

class KeyTable {
 public:
  static Result<KeyTable> decode(std::string_view bytes);  // "" = empty
  std::string encode() const;
  // Rows that follow those before.
  void add(const RowBatch& batch);
  const std::vector<KeyInfo>& keys() const { return keys_; }  // key is the path
  void clear() { *this = KeyTable(); }

 private:
  void add(const Column& column, KeyInfo& info);
  std::vector<KeyInfo> keys_;
  std::unordered_map<std::string, std::size_t> index_;
};

// "number", "string", "map", "list", or a media's _type.
std::string type_of_text(std::string_view json);

}  // namespace treadle::tracking
