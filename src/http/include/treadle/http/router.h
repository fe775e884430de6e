// Which function answers which request.
#pragma once

#include <treadle/http/message.h>

#include <functional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace treadle::http {

using Answer = std::function<void(Response)>;

// Takes a body piece by piece, in constant memory. Called by one thread at a time; destroyed without
// finish() when the sender went away.
class BodySink {
 public:
  virtual ~BodySink() = default;
  // An answer ends the exchange before the body does.
  virtual std::optional<Response> write(std::string_view piece) = 0;
  // The body is whole. `answer` is called once, from any thread: perhaps before this returns, perhaps later, so
  // that no thread need wait. From then on the sink may be gone, and nothing is thrown.
  virtual void finish(Answer answer) = 0;
};

// May block (they run on worker threads) and may throw (which is answered with 500).
using Handler = std::function<Response(Request&)>;
using OpenSink = std::function<std::variant<std::unique_ptr<BodySink>, Response>(const Request&)>;

struct Route {
  std::string method;   // "GET" also answers HEAD; "*" = any
  std::string pattern;  // "/files/{entity}/{name...}": {x} is one part, {x...} the rest, not empty
  Handler handler;
  std::size_t body_limit = 1 << 20;  // bytes, before and after inflating; more is answered with 413
  OpenSink open_sink;                // instead of `handler`
};

class Router {
 public:
  // Routes are tried in the order they were added.
  void add(Route route);
  struct Match {
    const Route* route = nullptr;
    std::string allow;  // methods of routes whose pattern matched: 405 when not empty
  };
  // Fills in request.parameters.
  Match match(Request& request) const;

 private:
  struct Part {
    enum class Kind { kLiteral, kOne, kRest } kind;
    std::string text;
  };
  struct Compiled {
    Route route;
    std::vector<Part> parts;
  };
  std::vector<Compiled> routes_;
};

}  // namespace treadle::http
