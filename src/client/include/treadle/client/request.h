// One HTTP exchange of the client, as a value: what is sent, from where, to where, how long it is tried.
#pragma once

#include <treadle/base/result.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace treadle::client {

using Headers = std::vector<std::pair<std::string, std::string>>;

// What is tried again, as the SDK does: lost connections and timeouts always.
enum class Retry : std::uint8_t {
  kQuery,   // every status but 400 401 403 404 409 410 413 422 501
  kUpsert,  // as kQuery, and 409 too
  kStream,  // as kQuery
  kFile,    // 429 and 5xx other than 501
  kNever,   // nothing, not even a lost connection
};

// How a store of objects is told who asks: Amazon's "Signature Version 4", made by libcurl. The header x-amz-content-sha256 must be
// among those of the request.
struct Signature {
  std::string scope;  // "aws:amz:eu-central-1:s3"; "" = none
  std::string key;
  std::string secret;
};

struct Request {
  std::string method = "GET";
  std::string url;  // absolute, or "/path" below the base URL
  Headers headers;
  // The key goes with it, if the URL lies below the base URL. Upload and download URLs authorize
  // themselves.
  bool with_key = false;

  std::string body;
  // Instead of `body`: a part of a file, streamed; the whole of it with size -1.
  std::string from_file;
  std::int64_t from_offset = 0;
  std::int64_t from_size = -1;
  bool hash_sent = false;  // Reply::sent_sha256 says what of the file was sent

  // Where a 2xx answer's body goes: into Reply::body, or to a new file at this path (through
  // "<path>.part", which a broken transfer continues, also that of an earlier process), or piece by
  // piece to `sink`, which is called in order on a thread of the connection, each byte once.
  std::string to_file;
  std::function<Result<void>(std::string_view)> sink;
  // Base64 of what the body must have ("" = not checked), bytes it must have (-1 = not checked).
  // kCorrupt when it has not. A file is fetched anew once before.
  std::string md5;
  std::int64_t size = -1;

  Retry retry = Retry::kFile;
  int retries = 20;
  std::chrono::milliseconds timeout{0};   // of one try; 0 = none, but 60 s without a byte end it
  std::chrono::milliseconds patience{0};  // of all tries with the waits between them; 0 = no limit
  std::stop_token stop;  // ends it soon after: with the error of its last try, or kCancelled
  Signature signature;
};

struct Reply {
  int status = 0;  // 2xx
  Headers headers;
  std::string body;
  std::string sent_sha256;                                 // hex, see Request::hash_sent
  const std::string* header(std::string_view name) const;  // null: absent; any case
};

// A status of 400 or more, and no answer at all, are errors. Codes: kPermissionDenied 401 403,
// kNotFound 404 410, kAlreadyExists 409, kInvalidArgument 400 413 422 and others, kUnsupported 501,
// kBusy: not reached, or 429 and 5xx to the last try.
using Done = std::function<void(Result<Reply>)>;

}  // namespace treadle::client
