// Any bytes as a request's target, its Range header and its packed body: matched or refused, never more than
// the limit comes out.
#include <treadle/http/gzip.h>
#include <treadle/http/router.h>

#include <cstdint>
#include <cstdlib>

using namespace treadle::http;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  static const Router router = [] {
    Router out;
    for (const char* pattern :
         {"/files/{entity}/{project}/{run}/file_stream", "/storage/{path...}", "/"}) {
      out.add({.method = "GET", .pattern = pattern});
    }
    return out;
  }();
  // Lines: the target, the Range header; the rest is the body.
  const auto first = std::min(text.find('\n'), text.size());
  const std::string_view after = text.substr(std::min(first + 1, text.size()));
  const auto second = std::min(after.find('\n'), after.size());
  Request request;
  request.method = "GET";
  request.target = text.substr(0, first);
  request.headers = {{"Range", std::string(after.substr(0, second))}};
  if (split_target(request)) (void)router.match(request);
  Response response;
  response.body = std::string(1000, 'x');
  apply_range(request, response);
  if (response.body.size() > 1000) std::abort();
  const auto plain = gunzip(after.substr(std::min(second + 1, after.size())), 1 << 16);
  if (plain && plain->size() > 1 << 16) std::abort();
  return 0;
}
