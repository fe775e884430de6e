// Private to the room: /storage, where content comes in and goes out by signed URL; and the addresses
// the SDK builds itself when it was given none.
#pragma once

#include "backend.h"
#include "gate.h"
#include <treadle/http/router.h>

namespace treadle::serve {

class Storage {
 public:
  Storage(Backend& backend, Gate& gate) : backend_(backend), gate_(gate) {}
  http::Response get(http::Request& request);
  // What a browser asks before a page of another origin puts or gets: that is allowed, for whoever has
  // the URL may anyway.
  http::Response options(http::Request& request);
  // "/artifactsV2/..." and, for the layout before it, "/artifacts/{entity}/{md5}"; with a key.
  http::Response get_by_digest(http::Request& request);
  http::Response get_by_digest_v1(http::Request& request);
  std::variant<std::unique_ptr<http::BodySink>, http::Response> open_put(
      const http::Request& request);
  // PUT /contents/{entity}/{project}, with a key: content before anybody says what it is for.
  std::variant<std::unique_ptr<http::BodySink>, http::Response> open_ahead(
      const http::Request& request);

 private:
  http::Response signed_content(http::Request& request);

  Backend& backend_;
  Gate& gate_;
};

// Content of the home's blobs as an answer, whole or a range.
http::Response blob_response(Backend& backend, const http::Request& request,
                             const std::string& sha256_hex, const std::string& name,
                             const std::string& mimetype);
http::Response error_answer(const Error& error);
// That content was taken in.
http::Response stored_answer(const std::string& etag);

}  // namespace treadle::serve
