#include "engine.h"
#include "libcurl.h"
#include <treadle/client/address.h>
#include <treadle/client/fetch.h>

#include <future>

namespace treadle::client {

Result<std::string> fetch_text(const std::string& url, std::chrono::milliseconds patience) {
  constexpr std::size_t kLongest = 1 << 20;
  TREADLE_TRY(const Address address, find_address({.base_url = url}));
  TREADLE_CHECK(load_libcurl());
  Engine engine({.user_agent = "treadle",
                 .ca_file = address.ca_file,
                 .connect_timeout = patience,
                 .parallel = 1,
                 .lanes = 1});
  std::string body;
  std::promise<Result<Reply>> answered;
  engine.start({.url = url,
                .sink = [&](std::string_view piece) -> Result<void> {
                  if (body.size() + piece.size() > kLongest) {
                    return fail(Errc::kInvalidArgument, "'" + url + "' is larger than 1 MiB.");
                  }
                  body += piece;
                  return {};
                },
                .retries = 1,
                .timeout = patience,
                .patience = patience},
               [&](Result<Reply> reply) { answered.set_value(std::move(reply)); });
  TREADLE_CHECK(answered.get_future().get());
  return body;
}

}  // namespace treadle::client
