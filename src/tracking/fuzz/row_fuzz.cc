// Any bytes as lines of a history: refused, or taken apart, packed, and given back the same.
#include "../chunk.h"

#include <cstdint>
#include <cstdlib>

using namespace treadle;
using namespace treadle::tracking;

namespace {

std::vector<std::string> printed(const RowBatch& batch) {
  std::vector<std::string> rows;
  RowReader reader(batch);
  for (std::int64_t row = 0; row < batch.rows; ++row) {
    reader.seek(row);
    reader.append_json(rows.emplace_back());
  }
  return rows;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view text(reinterpret_cast<const char*>(data), size);
  RowBatch batch;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    (void)batch.add_line(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  if (batch.rows == 0) return 0;
  auto head = decode_head(encode_chunk(batch).content);
  if (!head) std::abort();
  if (head->payloads.empty() && !head->batch.columns.empty()) return 0;  // the columns are apart
  for (std::size_t i = 0; i < head->batch.columns.size(); ++i) {
    if (!head->load(i)) std::abort();
  }
  const auto rows = printed(batch);
  if (printed(head->batch) != rows) std::abort();
  RowBatch again;
  for (const std::string& row : rows) {
    if (!again.add_line(row)) std::abort();
  }
  return 0;
}
