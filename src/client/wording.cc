#include "wording.h"

#include <treadle/base/json_parse.h>

#include <boost/json.hpp>

namespace treadle::client {
namespace {

namespace json = boost::json;

std::string message_of(const json::value& error) {
  if (error.is_string()) return std::string(error.get_string());
  if (!error.is_object()) return {};
  const json::value* message = error.get_object().if_contains("message");
  return message != nullptr && message->is_string() ? std::string(message->get_string()) : "";
}

void append_message(std::string& text, const std::string& message) {
  if (message.empty()) return;
  if (!text.empty()) text += "; ";
  text += message;
}

Errc code_of(int status) {
  switch (status) {
    case 401:
    case 403:
      return Errc::kPermissionDenied;
    case 404:
    case 410:
      return Errc::kNotFound;
    case 409:
      return Errc::kAlreadyExists;
    case 501:
      return Errc::kUnsupported;
    default:
      return status == 429 || status >= 500 ? Errc::kBusy : Errc::kInvalidArgument;
  }
}

}  // namespace

std::string origin_of(std::string_view url) {
  const auto scheme = url.find("://");
  const auto start = scheme == std::string_view::npos ? 0 : scheme + 3;
  return std::string(url.substr(0, url.find_first_of("/?#", start)));
}

std::string server_messages(std::string_view body) {
  json::value document;
  if (!parse_json_value(body, document) || !document.is_object()) return {};
  std::string text;
  const json::object& object = document.get_object();
  if (const json::value* errors = object.if_contains("errors");
      errors != nullptr && errors->is_array()) {
    for (const json::value& error : errors->get_array()) append_message(text, message_of(error));
  }
  if (const json::value* error = object.if_contains("error"))
    append_message(text, message_of(*error));
  return text;
}

Error status_error(std::string_view method, std::string_view url, int status,
                   std::string_view body) {
  const std::string server = origin_of(url);
  std::string said = server_messages(body);
  if (!said.empty()) said = ": " + said;
  const std::string number = " (HTTP " + std::to_string(status) + ")";
  std::string text;
  switch (status) {
    case 401:
      text = "The server " + server + " does not accept the API key" + number + said +
             ". Take one from " + server + "/authorize, and set it as WANDB_API_KEY.";
      break;
    case 403:
      text = "The server " + server + " does not allow it" + number + said + ".";
      break;
    case 429:
    case 500:
    case 502:
    case 503:
    case 504:
      text = "The server " + server + " is not able to answer now" + number + said +
             ". Nothing is lost by trying again later.";
      break;
    default:
      text = "The server " + server + " refused " + std::string(method) + number + said +
             (said.ends_with('.') ? "" : ".");
  }
  return {code_of(status), std::move(text)};
}

Error unreached_error(std::string_view url, std::string_view why, int tries) {
  if (why.find("ertificate") != std::string_view::npos ||
      why.find("SSL") != std::string_view::npos) {
    return {Errc::kPermissionDenied,
            "The server " + origin_of(url) + " cannot be trusted: " + std::string(why) +
                ". If its certificate is one of your own, name it: SSL_CERT_FILE=chain.pem."};
  }
  std::string text = "The server " + origin_of(url) + " cannot be reached: " + std::string(why) +
                     " (tried " + (tries == 1 ? "once" : std::to_string(tries) + " times") +
                     "). Check the address (argument `host`, or WANDB_BASE_URL), the network, and "
                     "that the server runs.";
  return {Errc::kBusy, std::move(text)};
}

}  // namespace treadle::client
