// Text on its way to a terminal: made harmless, measured, cut. Pure.
#pragma once

#include <treadle/base/clock.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace treadle::cli {

// `text` on one line with nothing in it that a terminal would obey: control characters (C0, DEL,
// C1), invisible direction marks and line separators become visible escapes (\x1b, \n, \u202e),
// invalid UTF-8 becomes U+FFFD. Everything that comes from users, files or the record goes through
// here before it is printed.
std::string printable(std::string_view text);
// The same for a block of text: line feeds and tabs stay.
std::string printable_block(std::string_view text);

// Columns a terminal uses for UTF-8 text without control characters: 0 for combining marks, 2 for
// East Asian wide characters and emoji, else 1.
int display_width(std::string_view text);
// At most `width` columns; cut text ends in '…'. `width` >= 1.
std::string truncate_to(std::string_view text, int width);
// The same, keeping the end: "…ine/pipeline.py".
std::string truncate_front(std::string_view text, int width);
// Filled with spaces to `width` columns.
std::string pad_right(std::string_view text, int width);
std::string pad_left(std::string_view text, int width);
// Lines of at most `width` columns, broken at spaces; existing line breaks stay.
std::vector<std::string> wrap(std::string_view text, int width);
std::vector<std::string> split_lines(std::string_view text);
std::string indent(std::string_view text, std::string_view with);

std::string join(const std::vector<std::string>& parts, std::string_view separator);
// "1 asset", "3 assets".
std::string count_text(std::size_t count, std::string_view noun);
// "just now", "5 min ago", "3 h ago", "12 days ago", and the date from 60 days on.
std::string format_ago(Micros then, Micros now);
// "2026-01-31 12:00:00 UTC".
std::string format_time(Micros time);
// The first characters of a digest or id: enough to tell them apart.
std::string short_digest(std::string_view digest);
std::string short_id(std::string_view run_id);

}  // namespace treadle::cli
