// Any bytes as a chunk: an error, or rows that can be walked.
#include "../chunk.h"

#include <cstdint>

using namespace treadle;
using namespace treadle::tracking;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  // The body plain, so that the fuzzer need not learn zstd.
  std::string content(reinterpret_cast<const char*>(data), size);
  if (content.size() > 1) content[1] = 0;
  auto head = decode_head(content);
  if (!head || head->payloads.size() != head->batch.columns.size()) return 0;
  for (std::size_t i = 0; i < head->batch.columns.size(); ++i) {
    if (!head->load(i)) return 0;
  }
  RowReader reader(head->batch);
  std::string json;
  for (std::int64_t row = 0; row < head->batch.rows && row < 100; ++row) {
    reader.seek(row);
    json.clear();
    reader.append_json(json);
  }
  return 0;
}
