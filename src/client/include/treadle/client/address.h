// Which server, and as whom: read from where the `wandb` SDK reads it.
#pragma once

#include <treadle/base/result.h>

#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace treadle::client {

// A server and who asks. Every text may be empty: not known.
struct Address {
  std::string base_url;  // "https://wandb.example.org", without a slash at its end
  std::string api_key;
  std::string key_source;  // where the key was found, for messages: "WANDB_API_KEY"
  std::string entity;      // what a name without one means; "" = the server's default
  std::string project;
  std::string ca_file;  // PEM of the authorities to trust; "" = the system's
  bool verify_tls = true;
};

// The environment and files of the process; tests hand in their own.
struct Surroundings {
  std::function<std::optional<std::string>(const char*)> variable;  // of the environment
  std::function<std::optional<std::string>(const std::string&)> file;
  static Surroundings of_process();
};

// Fills in what `given` leaves empty: the host from WANDB_BASE_URL; the key from WANDB_API_KEY, else
// the netrc file (NETRC, ~/.netrc, ~/_netrc); entity and project from WANDB_ENTITY, WANDB_PROJECT,
// else ./wandb/settings and ~/.config/wandb/settings; authorities from SSL_CERT_FILE,
// REQUESTS_CA_BUNDLE. base_url stays empty when nobody names a host: then nothing leaves this machine.
// kInvalidArgument: the host is no http or https URL.
Result<Address> find_address(Address given, const Surroundings& from = Surroundings::of_process());

// The host that WANDB_BASE_URL names, or "": what decides between a server and the home.
std::string named_host(const Surroundings& from = Surroundings::of_process());

// The key that a netrc text has for this URL's host: the password of its machine, or of `default`.
std::optional<std::string> netrc_key(std::string_view netrc, std::string_view base_url);
// Whether the URL's host is this machine's loopback.
bool is_loopback(std::string_view url);

}  // namespace treadle::client
