#include "engine.h"
#include "libcurl.h"
#include "wording.h"
#include <treadle/base/digest.h>
#include <treadle/base/json.h>
#include <treadle/base/json_parse.h>
#include <treadle/client/connection.h>

#include <boost/json.hpp>

#include <cctype>
#include <condition_variable>
#include <map>
#include <mutex>
#include <optional>
#include <unistd.h>

namespace treadle::client {
namespace {

namespace json = boost::json;
using std::chrono::milliseconds;

// "Viewer" of "query Viewer($x: Int) {...}"; "" when it has no name.
std::string_view operation_name(std::string_view document) {
  for (const std::string_view kind : {"query", "mutation"}) {
    const auto at = document.find(kind);
    if (at == std::string_view::npos) continue;
    document.remove_prefix(at + kind.size());
    const auto first = document.find_first_not_of(" \n");
    if (first == std::string_view::npos) return {};
    document.remove_prefix(first);
    std::size_t size = 0;
    while (
        size < document.size() &&
        (std::isalnum(static_cast<unsigned char>(document[size])) != 0 || document[size] == '_')) {
      ++size;
    }
    return document.substr(0, size);
  }
  return {};
}

bool is_unknown_to_server(std::string_view messages) {
  return messages.find("Cannot query field") != std::string::npos ||
         messages.find("Unknown argument") != std::string::npos ||
         messages.find("is not defined by type") != std::string::npos;
}

Error refused(std::string_view document, const std::string& url, const std::string& messages) {
  const std::string what = "The server " + origin_of(url) + " refused " +
                           std::string(operation_name(document)) + ": " + messages;
  if (!is_unknown_to_server(messages)) return {Errc::kInvalidArgument, what};
  return {Errc::kUnsupported, what + ". It is an older server that cannot do this."};
}

class CurlConnection final : public Connection {
 public:
  explicit CurlConnection(ConnectionOptions options) : options_(std::move(options)) {
    if (options_.first_wait.count() <= 0) {
      options_.first_wait = milliseconds(is_loopback(base()) ? 200 : 2'000);
    }
    authorization_ = "Basic " + to_base64("api:" + options_.address.api_key);
  }
  ~CurlConnection() override {
    // In a forked child there are no threads to be waited for.
    if (process_ != ::getpid()) (void)engine_.release();
  }

  const Address& address() const override { return options_.address; }

  Result<void> graphql(std::string_view document, std::string_view variables, json::value& data,
                       const QueryOptions& options) override {
    JsonWriter body;
    body.begin_object().field("query", document).key("variables").raw(variables);
    body.field("operationName", operation_name(document)).end_object();
    Request request;
    request.method = "POST";
    request.url = "/graphql";
    request.headers = {{"Content-Type", "application/json"}};
    request.with_key = true;
    request.body = std::move(body).str();
    request.retry = options.retry;
    request.timeout = options_.query_timeout;
    request.patience = options.patience.count() > 0 ? options.patience : options_.patience;
    request.stop = options.stop;
    auto asked = perform(std::move(request));
    if (!asked) {
      Error error = std::move(asked).error();
      // Some servers say it with a status.
      if (is_unknown_to_server(error.message)) error.code = Errc::kUnsupported;
      return fail(std::move(error));
    }
    const Reply reply = std::move(*asked);
    json::value answer;
    if (auto parsed = parse_json_value(reply.body, answer); !parsed || !answer.is_object()) {
      return fail(Errc::kInvalidArgument,
                  base() + "/graphql does not answer as a W&B server does: is it one?");
    }
    const json::value* errors = answer.get_object().if_contains("errors");
    if (errors != nullptr && errors->is_array() && !errors->get_array().empty()) {
      return fail(refused(document, base(), server_messages(reply.body)));
    }
    json::value* found = answer.get_object().if_contains("data");
    if (found == nullptr || !found->is_object()) {
      return fail(Errc::kInvalidArgument, "The server " + base() + " answered " +
                                              std::string(operation_name(document)) +
                                              " without data.");
    }
    data = std::move(*found);
    return {};
  }

  Result<bool> has_feature(std::string_view name) override {
    const std::scoped_lock lock(asked_mutex_);
    if (!features_) {
      json::value data;
      auto asked = graphql("query ServerFeaturesQuery{serverInfo{features{name isEnabled}}}", "{}",
                           data, {});
      // A server that does not know the question has none.
      if (!asked && asked.error().code != Errc::kUnsupported) return fail(std::move(asked).error());
      features_.emplace();
      if (asked) read_features(data);
    }
    const auto it = features_->find(name);
    return it != features_->end() && it->second;
  }

  Result<std::string> default_entity() override {
    const std::scoped_lock lock(asked_mutex_);
    if (!entity_) {
      json::value data;
      TREADLE_CHECK(graphql("query Viewer{viewer{id entity username}}", "{}", data, {}));
      const json::value* viewer = data.get_object().if_contains("viewer");
      if (viewer == nullptr || !viewer->is_object()) {
        return fail(status_error("POST", base(), 401, ""));
      }
      const json::value* entity = viewer->get_object().if_contains("entity");
      entity_ = entity != nullptr && entity->is_string() ? entity->get_string().c_str() : "";
    }
    return *entity_;
  }

  Result<Reply> perform(Request request) override {
    struct Waiting {
      std::mutex mutex;
      std::condition_variable changed;
      std::optional<Result<Reply>> result;
    } waiting;
    start(std::move(request), [&waiting](Result<Reply> result) {
      const std::scoped_lock lock(waiting.mutex);
      waiting.result = std::move(result);
      waiting.changed.notify_one();
    });
    std::unique_lock lock(waiting.mutex);
    waiting.changed.wait(lock, [&] { return waiting.result.has_value(); });
    return std::move(*waiting.result);
  }

  void start(Request request, Done done) override {
    if (request.url.starts_with('/')) request.url = base() + request.url;
    if (request.with_key && is_below_base(request.url)) {
      request.headers.emplace_back("Authorization", authorization_);
      request.headers.insert(request.headers.end(), options_.headers.begin(),
                             options_.headers.end());
    }
    engine().start(std::move(request), std::move(done));
  }

  Result<void> perform_all(std::size_t count,
                           const std::function<Result<Request>(std::size_t)>& make,
                           const std::function<Result<void>(std::size_t, Reply)>& done,
                           int parallel) override;

 private:
  const std::string& base() const { return options_.address.base_url; }

  // The rest of the URL must begin a path: "http://host.evil" is not below "http://host".
  bool is_below_base(std::string_view url) const {
    if (!url.starts_with(base())) return false;
    url.remove_prefix(base().size());
    return url.empty() || url.front() == '/' || url.front() == '?';
  }

  // A forked child has none of its parent's threads: it leaves the parent's engine alone and makes its own.
  Engine& engine() {
    const std::scoped_lock lock(engine_mutex_);
    if (engine_ && process_ != ::getpid()) (void)engine_.release();
    if (!engine_) {
      process_ = ::getpid();
      engine_ = std::make_unique<Engine>(EngineOptions{
          options_.user_agent, options_.address.ca_file, options_.address.verify_tls,
          options_.connect_timeout, options_.first_wait, options_.parallel, options_.lanes});
    }
    return *engine_;
  }

  void read_features(const json::value& data) {
    const json::value* info = data.get_object().if_contains("serverInfo");
    if (info == nullptr || !info->is_object()) return;
    const json::value* found = info->get_object().if_contains("features");
    if (found == nullptr || !found->is_array()) return;
    for (const json::value& feature : found->get_array()) {
      if (!feature.is_object()) continue;
      const json::value* name = feature.get_object().if_contains("name");
      const json::value* on = feature.get_object().if_contains("isEnabled");
      if (name == nullptr || !name->is_string()) continue;
      (*features_)[name->get_string().c_str()] = on != nullptr && on->is_bool() && on->get_bool();
    }
  }

  ConnectionOptions options_;
  std::string authorization_;
  std::mutex engine_mutex_;
  pid_t process_ = 0;
  std::unique_ptr<Engine> engine_;
  std::mutex asked_mutex_;
  std::optional<std::map<std::string, bool, std::less<>>> features_;
  std::optional<std::string> entity_;
};

Result<void> CurlConnection::perform_all(
    std::size_t count, const std::function<Result<Request>(std::size_t)>& make,
    const std::function<Result<void>(std::size_t, Reply)>& done, int parallel) {
  struct Ended {
    std::size_t index;
    Result<Reply> result;
  };
  struct Waiting {
    std::mutex mutex;
    std::condition_variable changed;
    std::vector<Ended> ended;
  } waiting;
  const auto limit = static_cast<std::size_t>(parallel > 0 ? parallel : options_.parallel);
  std::stop_source stop;
  std::optional<Error> error;
  std::size_t next = 0;
  std::size_t open = 0;
  while (open > 0 || (next < count && !error)) {
    while (next < count && open < limit && !error) {
      auto request = make(next);
      if (!request) {
        error = std::move(request).error();
        break;
      }
      // A stop of the caller's own ends the exchange too, and with it, as an error, all others.
      if (!request->stop.stop_possible()) request->stop = stop.get_token();
      ++open;
      start(std::move(*request), [&waiting, index = next](Result<Reply> result) {
        const std::scoped_lock lock(waiting.mutex);
        waiting.ended.push_back({index, std::move(result)});
        waiting.changed.notify_one();
      });
      ++next;
    }
    if (error) stop.request_stop();
    if (open == 0) break;
    std::vector<Ended> ended;
    {
      std::unique_lock lock(waiting.mutex);
      waiting.changed.wait(lock, [&] { return !waiting.ended.empty(); });
      ended.swap(waiting.ended);
    }
    open -= ended.size();
    for (Ended& one : ended) {
      if (error) continue;
      auto handled = one.result ? done(one.index, std::move(*one.result))
                                : Result<void>(fail(std::move(one.result).error()));
      if (!handled) error = std::move(handled).error();
    }
  }
  if (error) return fail(std::move(*error));
  return {};
}

}  // namespace

Result<std::shared_ptr<Connection>> Connection::open(ConnectionOptions options) {
  const Address& address = options.address;
  if (address.base_url.empty()) {
    return fail(Errc::kInvalidArgument,
                "No W&B server is named: give its URL as `host`, or set WANDB_BASE_URL.");
  }
  if (address.api_key.empty()) {
    return fail(Errc::kPermissionDenied, "There is no API key for the server " + address.base_url +
                                             ": set WANDB_API_KEY, or add the host to ~/.netrc "
                                             "(`wandb login --host " +
                                             address.base_url + "` does).");
  }
  TREADLE_CHECK(load_libcurl());
  return std::make_shared<CurlConnection>(std::move(options));
}

}  // namespace treadle::client
