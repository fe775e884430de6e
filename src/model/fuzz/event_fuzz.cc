// What is read back from a record must not depend on who wrote it: any bytes are an event or an error, and an event that was read
// is written and read the same again.
#include <treadle/model/event.h>

#include <cstdint>
#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto event = treadle::event_from_json(text)) {
    const auto again = treadle::event_from_json(treadle::event_to_json(*event));
    if (!again) std::abort();
    (void)treadle::provenance_of(*event);
  }
  (void)treadle::provenance_from_json(text);
  if (const auto metadata = treadle::metadata_from_json(text)) {
    if (!treadle::metadata_from_json(treadle::metadata_to_json(*metadata))) std::abort();
  }
  return 0;
}
