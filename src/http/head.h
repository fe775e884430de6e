// The head of an answer as it goes over the wire.
#pragma once

#include <treadle/http/message.h>

#include <cstdint>
#include <string>

namespace treadle::http {

// With the date, the status line and `size` as its Content-Length, where the status has one.
std::string head_text(const Response& response, std::int64_t size, bool keep_alive);

}  // namespace treadle::http
