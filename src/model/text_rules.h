// Private to the room: which bytes may stand in names.
#pragma once

#include <string>
#include <string_view>

namespace treadle {

// Well-formed UTF-8 without overlong forms and surrogates.
bool is_utf8(std::string_view text);
// A byte below 0x20, 0x7f, or a C1 control, line separator or bidirectional override in UTF-8: what
// could hide or change text on a screen. `text` is valid UTF-8.
bool has_control(std::string_view text);
// For messages: control and invalid bytes shown as \xNN, cut to 80 bytes.
std::string printable(std::string_view text);

}  // namespace treadle
