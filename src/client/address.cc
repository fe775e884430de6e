#include <treadle/base/files.h>
#include <treadle/client/address.h>

#include <cstdlib>
#include <vector>

namespace treadle::client {
namespace {

std::string_view host_of(std::string_view url) {
  if (const auto scheme = url.find("://"); scheme != std::string_view::npos) {
    url.remove_prefix(scheme + 3);
  }
  url = url.substr(0, url.find_first_of("/?#"));
  if (const auto user = url.rfind('@'); user != std::string_view::npos) url.remove_prefix(user + 1);
  if (url.starts_with('[')) return url.substr(1, url.find(']') - 1);
  return url.substr(0, url.find(':'));
}

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1);
}

// The value of a key in the SDK's settings file: "[default]\nentity = someone\n".
std::string setting(std::string_view text, std::string_view name) {
  while (!text.empty()) {
    const auto end = text.find('\n');
    const std::string_view line = trimmed(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (line.starts_with('#') || line.starts_with(';')) continue;
    const auto equals = line.find_first_of("=:");
    if (equals == std::string_view::npos || trimmed(line.substr(0, equals)) != name) continue;
    return std::string(trimmed(line.substr(equals + 1)));
  }
  return {};
}

std::string first_variable(const Surroundings& from, std::initializer_list<const char*> names) {
  for (const char* name : names) {
    if (const auto value = from.variable(name); value && !value->empty()) return *value;
  }
  return {};
}

std::vector<std::string> settings_texts(const Surroundings& from) {
  std::string folder = from.variable("WANDB_CONFIG_DIR").value_or("");
  const std::string home = from.variable("HOME").value_or("");
  if (folder.empty()) folder = home + "/.config/wandb";
  std::vector<std::string> texts;
  for (const std::string& path : {std::string("wandb/settings"), folder + "/settings"}) {
    if (auto text = from.file(path)) texts.push_back(std::move(*text));
  }
  return texts;
}

void find_key(Address& address, const Surroundings& from) {
  if (!address.api_key.empty()) {
    address.key_source = address.key_source.empty() ? "the one given" : address.key_source;
    return;
  }
  address.api_key = first_variable(from, {"WANDB_API_KEY"});
  address.key_source = "WANDB_API_KEY";
  if (!address.api_key.empty()) return;
  const std::string home = from.variable("HOME").value_or("");
  std::vector<std::string> paths = {home + "/.netrc", home + "/_netrc"};
  if (const auto named = from.variable("NETRC"); named && !named->empty()) paths = {*named};
  for (const std::string& path : paths) {
    const auto text = from.file(path);
    if (!text) continue;
    if (auto key = netrc_key(*text, address.base_url)) {
      address.api_key = std::move(*key);
      address.key_source = path;
      return;
    }
  }
}

}  // namespace

Surroundings Surroundings::of_process() {
  return {[](const char* name) -> std::optional<std::string> {
            const char* value = std::getenv(name);
            return value == nullptr ? std::nullopt : std::optional<std::string>(value);
          },
          [](const std::string& path) -> std::optional<std::string> {
            auto text = read_file(real_files(), path);
            return text ? std::optional<std::string>(std::move(*text)) : std::nullopt;
          }};
}

std::string named_host(const Surroundings& from) {
  return first_variable(from, {"WANDB_BASE_URL"});
}

std::optional<std::string> netrc_key(std::string_view netrc, std::string_view base_url) {
  const std::string_view host = host_of(base_url);
  bool matches = false;
  std::string_view word_before;
  while (true) {
    const auto first = netrc.find_first_not_of(" \t\r\n");
    if (first == std::string_view::npos) return std::nullopt;
    netrc.remove_prefix(first);
    const auto end = netrc.find_first_of(" \t\r\n");
    const std::string_view word = netrc.substr(0, end);
    netrc.remove_prefix(word.size());
    if (word_before == "machine") {
      matches = word == host;
    } else if (word_before == "password" && matches) {
      return std::string(word);
    } else if (word == "default") {
      matches = true;
    }
    // A value that happens to read "machine" is no keyword.
    const bool is_keyword = word == "machine" || word == "password" || word == "login" ||
                            word == "account" || word == "macdef";
    const bool was_keyword = word_before == "machine" || word_before == "password" ||
                             word_before == "login" || word_before == "account";
    word_before = is_keyword && !was_keyword ? word : std::string_view();
  }
}

bool is_loopback(std::string_view url) {
  const std::string_view host = host_of(url);
  return host == "localhost" || host == "::1" || host.starts_with("127.");
}

Result<Address> find_address(Address address, const Surroundings& from) {
  if (address.base_url.empty()) address.base_url = named_host(from);
  while (address.base_url.ends_with('/')) address.base_url.pop_back();
  if (address.base_url.empty()) return address;
  if (!address.base_url.starts_with("http://") && !address.base_url.starts_with("https://")) {
    return fail(Errc::kInvalidArgument,
                "The W&B host '" + address.base_url +
                    "' is no URL: it must begin with http:// or https://, as in "
                    "https://wandb.example.org (argument `host`, or WANDB_BASE_URL).");
  }
  find_key(address, from);
  const auto texts = settings_texts(from);
  const auto fill = [&](std::string& field, const char* variable, const char* name) {
    if (field.empty()) field = first_variable(from, {variable});
    for (const std::string& text : texts) {
      if (field.empty()) field = setting(text, name);
    }
  };
  fill(address.entity, "WANDB_ENTITY", "entity");
  fill(address.project, "WANDB_PROJECT", "project");
  if (address.ca_file.empty()) {
    address.ca_file = first_variable(from, {"SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"});
  }
  const std::string insecure = first_variable(from, {"WANDB_INSECURE_DISABLE_SSL"});
  if (insecure == "true" || insecure == "True" || insecure == "1") address.verify_tls = false;
  return address;
}

}  // namespace treadle::client
