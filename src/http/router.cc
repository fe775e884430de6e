#include <treadle/http/router.h>

namespace treadle::http {

void Router::add(Route route) {
  Compiled compiled;
  std::string_view rest = route.pattern;
  while (rest.size() > 1) {
    rest.remove_prefix(1);
    const auto slash = rest.find('/');
    std::string_view part = rest.substr(0, slash);
    if (part.starts_with('{') && part.ends_with("...}")) {
      compiled.parts.push_back({Part::Kind::kRest, std::string(part.substr(1, part.size() - 5))});
    } else if (part.starts_with('{')) {
      compiled.parts.push_back({Part::Kind::kOne, std::string(part.substr(1, part.size() - 2))});
    } else {
      compiled.parts.push_back({Part::Kind::kLiteral, std::string(part)});
    }
    if (slash == std::string_view::npos) break;
    rest.remove_prefix(slash);
  }
  compiled.route = std::move(route);
  routes_.push_back(std::move(compiled));
}

Router::Match Router::match(Request& request) const {
  Match out;
  for (const Compiled& compiled : routes_) {
    std::vector<std::pair<std::string, std::string>> parameters;
    std::size_t at = 0;
    bool fits = true;
    for (const Part& part : compiled.parts) {
      if (at >= request.path.size()) {
        fits = false;
        break;
      }
      if (part.kind == Part::Kind::kRest) {
        std::string joined = request.path[at++];
        while (at < request.path.size()) joined += "/" + request.path[at++];
        fits = !joined.empty();
        parameters.emplace_back(part.text, std::move(joined));
        break;
      }
      if (part.kind == Part::Kind::kLiteral ? part.text != request.path[at]
                                            : request.path[at].empty()) {
        fits = false;
        break;
      }
      if (part.kind == Part::Kind::kOne) parameters.emplace_back(part.text, request.path[at]);
      ++at;
    }
    if (!fits || at != request.path.size()) continue;
    const std::string& method = compiled.route.method;
    if (method != "*" && method != request.method &&
        !(method == "GET" && request.method == "HEAD")) {
      if (!out.allow.empty()) out.allow += ", ";
      out.allow += method;
      continue;
    }
    request.parameters = std::move(parameters);
    out.route = &compiled.route;
    return out;
  }
  return out;
}

}  // namespace treadle::http
