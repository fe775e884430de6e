#include "head.h"

#include <array>
#include <ctime>

namespace treadle::http {
namespace {

std::string http_date() {
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  gmtime_r(&now, &parts);
  std::array<char, 64> text{};
  std::strftime(text.data(), text.size(), "%a, %d %b %Y %H:%M:%S GMT", &parts);
  return text.data();
}

// What could end the header early is left out: nobody splits an answer by what they named a file.
void append_header(std::string& out, std::string_view name, std::string_view value) {
  const auto append = [&](std::string_view text) {
    for (const char c : text) {
      if (c != '\r' && c != '\n' && c != '\0') out += c;
    }
  };
  append(name);
  out += ": ";
  append(value);
  out += "\r\n";
}

}  // namespace

std::string head_text(const Response& response, std::int64_t size, bool keep_alive) {
  std::string out = "HTTP/1.1 " + std::to_string(response.status) + " ";
  out += reason_phrase(response.status);
  out += "\r\n";
  append_header(out, "Date", http_date());
  for (const auto& [name, value] : response.headers) append_header(out, name, value);
  if (response.status != 204 && response.status != 304) {
    append_header(out, "Content-Length", std::to_string(size));
  }
  if (!keep_alive) append_header(out, "Connection", "close");
  out += "\r\n";
  return out;
}

}  // namespace treadle::http
