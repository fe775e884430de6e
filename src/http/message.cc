#include <treadle/base/json.h>
#include <treadle/http/message.h>

#include <algorithm>
#include <charconv>

namespace treadle::http {
namespace {

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool same_name(std::string_view a, std::string_view b) {
  return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(),
                                            [](char x, char y) { return lower(x) == lower(y); });
}

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  c = lower(c);
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

std::optional<std::int64_t> number(std::string_view text) {
  std::int64_t out = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (text.empty() || error != std::errc() || end != text.data() + text.size() || out < 0) {
    return std::nullopt;
  }
  return out;
}

// The one range of "bytes=a-b" as [first, last]; nothing when there is no such, or it is no range.
struct Range {
  std::int64_t first = 0;
  std::int64_t last = 0;
};
std::optional<Range> parse_range(std::string_view text, std::int64_t whole) {
  if (!text.starts_with("bytes=")) return std::nullopt;
  text.remove_prefix(6);
  const auto dash = text.find('-');
  if (dash == std::string_view::npos || text.find(',') != std::string_view::npos) {
    return std::nullopt;
  }
  const auto first = number(text.substr(0, dash));
  const auto last = number(text.substr(dash + 1));
  if (first) {
    if (dash + 1 < text.size() && (!last || *last < *first)) return std::nullopt;
    return Range{*first, last ? std::min(*last, whole - 1) : whole - 1};
  }
  if (dash != 0 || !last) return std::nullopt;
  return Range{std::max<std::int64_t>(0, whole - *last), whole - 1};
}

}  // namespace

const std::string* find_header(const Headers& headers, std::string_view name) {
  for (const auto& [key, value] : headers) {
    if (same_name(key, name)) return &value;
  }
  return nullptr;
}

const std::string& Request::parameter(std::string_view name) const {
  static const std::string none;
  for (const auto& [key, value] : parameters) {
    if (key == name) return value;
  }
  return none;
}

const std::string* Request::query_value(std::string_view name) const {
  for (const auto& [key, value] : query) {
    if (key == name) return &value;
  }
  return nullptr;
}

Response& Response::with(std::string name, std::string value) & {
  headers.emplace_back(std::move(name), std::move(value));
  return *this;
}

Response&& Response::with(std::string name, std::string value) && {
  headers.emplace_back(std::move(name), std::move(value));
  return std::move(*this);
}

Response text_response(int status, std::string_view text) {
  Response response;
  response.status = status;
  response.body = text;
  return std::move(response).with("Content-Type", "text/plain; charset=utf-8");
}

Response html_response(int status, std::string text) {
  Response response;
  response.status = status;
  response.body = std::move(text);
  return std::move(response).with("Content-Type", "text/html; charset=utf-8");
}

Response json_response(int status, std::string json) {
  Response response;
  response.status = status;
  response.body = std::move(json);
  return std::move(response).with("Content-Type", "application/json");
}

Response error_response(int status, std::string_view message) {
  JsonWriter w;
  w.begin_object().key("errors").begin_array().begin_object().field("message", message);
  w.end_object().end_array().end_object();
  return json_response(status, std::move(w).str());
}

void apply_range(const Request& request, Response& response) {
  response.with("Accept-Ranges", "bytes");
  const std::string* header = request.header("Range");
  if (header == nullptr || response.status != 200) return;
  const std::int64_t whole =
      response.file ? response.file->size : static_cast<std::int64_t>(response.body.size());
  const auto range = parse_range(*header, whole);
  if (!range) return;
  if (range->first >= whole) {
    Response refused = error_response(416, "The range begins after the end of the file.");
    refused.with("Content-Range", "bytes */" + std::to_string(whole));
    response = std::move(refused);
    return;
  }
  response.status = 206;
  response.with("Content-Range", "bytes " + std::to_string(range->first) + "-" +
                                     std::to_string(range->last) + "/" + std::to_string(whole));
  const std::int64_t size = range->last - range->first + 1;
  if (response.file) {
    response.file->offset += range->first;
    response.file->size = size;
  } else {
    response.body = response.body.substr(static_cast<std::size_t>(range->first),
                                         static_cast<std::size_t>(size));
  }
}

std::optional<std::string> percent_decode(std::string_view text, bool plus_is_space) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (c == '%') {
      if (i + 2 >= text.size()) return std::nullopt;
      const int high = hex_value(text[i + 1]);
      const int low = hex_value(text[i + 2]);
      if (high < 0 || low < 0) return std::nullopt;
      c = static_cast<char>(high * 16 + low);
      i += 2;
    } else if (c == '+' && plus_is_space) {
      c = ' ';
    }
    if (c == '\0') return std::nullopt;
    out += c;
  }
  return out;
}

std::string percent_encode(std::string_view text) {
  static constexpr char kHex[] = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '-' || c == '.' || c == '_' || c == '~';
    if (plain) {
      out += c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      out += '%';
      out += kHex[byte >> 4];
      out += kHex[byte & 15];
    }
  }
  return out;
}

bool split_target(Request& request) {
  std::string_view target = request.target;
  if (target.empty() || target.front() != '/') return false;
  const auto mark = target.find('?');
  std::string_view path = target.substr(0, mark);
  while (!path.empty()) {
    path.remove_prefix(1);
    const auto slash = path.find('/');
    auto part = percent_decode(path.substr(0, slash));
    if (!part || !is_valid_utf8(*part)) return false;
    request.path.push_back(*std::move(part));
    if (slash == std::string_view::npos) break;
    path.remove_prefix(slash);
  }
  if (request.path.size() == 1 && request.path.front().empty()) request.path.clear();
  if (mark == std::string_view::npos) return true;
  std::string_view query = target.substr(mark + 1);
  while (!query.empty()) {
    const auto amp = query.find('&');
    const std::string_view pair = query.substr(0, amp);
    const auto equals = pair.find('=');
    auto key = percent_decode(pair.substr(0, equals), true);
    auto value = equals == std::string_view::npos ? std::optional<std::string>("")
                                                  : percent_decode(pair.substr(equals + 1), true);
    if (!key || !value) return false;
    request.query.emplace_back(*std::move(key), *std::move(value));
    if (amp == std::string_view::npos) break;
    query.remove_prefix(amp + 1);
  }
  return true;
}

std::string_view reason_phrase(int status) {
  switch (status) {
    case 100:
      return "Continue";
    case 200:
      return "OK";
    case 201:
      return "Created";
    case 204:
      return "No Content";
    case 206:
      return "Partial Content";
    case 301:
      return "Moved Permanently";
    case 302:
      return "Found";
    case 303:
      return "See Other";
    case 304:
      return "Not Modified";
    case 307:
      return "Temporary Redirect";
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 408:
      return "Request Timeout";
    case 409:
      return "Conflict";
    case 410:
      return "Gone";
    case 411:
      return "Length Required";
    case 413:
      return "Content Too Large";
    case 415:
      return "Unsupported Media Type";
    case 416:
      return "Range Not Satisfiable";
    case 422:
      return "Unprocessable Content";
    case 429:
      return "Too Many Requests";
    case 431:
      return "Request Header Fields Too Large";
    case 500:
      return "Internal Server Error";
    case 501:
      return "Not Implemented";
    case 503:
      return "Service Unavailable";
    case 507:
      return "Insufficient Storage";
    default:
      return "Status";
  }
}

}  // namespace treadle::http
