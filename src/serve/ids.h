// Private to the room: ids as W&B's clients build and take them apart. Padded base64 of "Kind:...".
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace treadle::serve {

std::string make_id(std::string_view kind, std::int64_t number);  // "Project:7"
// The number of an id of that kind; nothing when it is another's, or nonsense.
std::optional<std::int64_t> number_of(std::string_view id, std::string_view kind);

// "Run:v1:<name>:<project>:<entity>".
struct RunId {
  std::string entity;
  std::string project;
  std::string name;
};
std::string make_run_id(const RunId& run);
std::optional<RunId> parse_run_id(std::string_view id);

// Base64 of any text with a kind: cursors, ids of things without a number.
std::string make_text_id(std::string_view kind, std::string_view text);
std::optional<std::string> text_of(std::string_view id, std::string_view kind);

}  // namespace treadle::serve
