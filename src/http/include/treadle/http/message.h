// One HTTP exchange as plain values. Knows nothing of sockets.
#pragma once

#include <treadle/base/files.h>
#include <treadle/base/result.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace treadle::http {

// In the order they were sent; names compare without regard to case.
using Headers = std::vector<std::pair<std::string, std::string>>;
const std::string* find_header(const Headers& headers, std::string_view name);

struct Request {
  std::string method;  // upper case
  std::string target;  // as sent: "/files/a%2Fb?x=1"
  // The path in its parts, percent-decoded, without the query: {"files", "a/b"}. "/" has none.
  std::vector<std::string> path;
  std::vector<std::pair<std::string, std::string>> query;       // decoded, in order
  std::vector<std::pair<std::string, std::string>> parameters;  // what a route's {names} matched
  Headers headers;
  std::string body;  // already inflated; empty when the route takes it piece by piece
  std::string peer;  // the address of the other side
  bool loopback = false;
  bool secure = false;               // came over TLS
  std::int64_t content_length = -1;  // as announced; -1 = unknown

  const std::string* header(std::string_view name) const { return find_header(headers, name); }
  // The first value of that name; "" when there is none.
  const std::string& parameter(std::string_view name) const;
  const std::string* query_value(std::string_view name) const;
};

// A part of a file on disk, sent without being held in memory.
struct FileSlice {
  std::shared_ptr<OpenFile> file;
  std::int64_t offset = 0;
  std::int64_t size = 0;
};

struct Response {
  int status = 200;
  Headers headers;  // without Content-Length, Connection and Date, which the server writes
  std::string body;
  std::optional<FileSlice> file;  // instead of `body`
  int delay_ms = 0;               // held back that long: answers to failed keys
  bool close = false;             // the connection ends after this
  std::string note;               // for the access log: who asked, which operation

  Response& with(std::string name, std::string value) &;
  Response&& with(std::string name, std::string value) &&;
};

Response text_response(int status, std::string_view text);
Response html_response(int status, std::string text);
Response json_response(int status, std::string json);
// {"errors":[{"message":...}]}: what W&B's clients read and show.
Response error_response(int status, std::string_view message);

// Answers a Range header (one range) for content of `whole` bytes: narrows `response` to 206, or
// turns it into 416. Anything else leaves it whole, as the standard allows.
void apply_range(const Request& request, Response& response);

// Nothing when it is not well formed, or decodes to a NUL.
std::optional<std::string> percent_decode(std::string_view text, bool plus_is_space = false);
// Everything but letters, digits and -._~ is escaped.
std::string percent_encode(std::string_view text);
// Fills in path and query from target. False: not a valid target.
bool split_target(Request& request);

// "Not Found" for 404; "Status" where there is no name.
std::string_view reason_phrase(int status);

}  // namespace treadle::http
