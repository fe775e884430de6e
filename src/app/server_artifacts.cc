#include "server_artifacts.h"

#include <treadle/artifact/store.h>

#include <chrono>
#include <map>

namespace treadle::app {
namespace {

using std::chrono::milliseconds;

constexpr const char* kEmbedded = "embedded";
// A question about staleness waits no longer for a server that is away.
constexpr milliseconds kQuestionConnect{1'000};
constexpr milliseconds kQuestionPatience{5'000};

Result<std::shared_ptr<client::Connection>> connect(client::Address given, bool patient) {
  client::ConnectionOptions options;
  options.user_agent = "treadle/" TREADLE_VERSION;
  TREADLE_TRY(options.address, client::find_address(std::move(given)));
  if (!patient) {
    options.connect_timeout = kQuestionConnect;
    options.patience = kQuestionPatience;
  }
  return client::Connection::open(std::move(options));
}

}  // namespace

bool is_on_server(const std::string& address) {
  return address.find("://") != std::string::npos;
}

Result<std::shared_ptr<artifact::ArtifactService>> artifacts_for(Home& home,
                                                                 const io::ServerPlace& wanted) {
  std::string host = wanted.host;
  if (host.empty()) host = client::named_host();
  if (host.empty() || host == kEmbedded) {
    // Not owned.
    return std::shared_ptr<artifact::ArtifactService>(std::shared_ptr<void>(), &home.store());
  }
  client::Address given;
  given.base_url = host;
  given.api_key = wanted.api_key;
  TREADLE_TRY(auto server, connect(std::move(given), true));
  client::ArtifactsOptions options;
  options.entity = wanted.entity.empty() ? server->address().entity : wanted.entity;
  options.project = wanted.project.empty() ? server->address().project : wanted.project;
  options.cache_folder = home.cache_folder();
  options.run = {"dagster-run-", wanted.run_tags};
  return std::shared_ptr<artifact::ArtifactService>(
      client::Artifacts::over(std::move(server), std::move(options)));
}

Result<std::shared_ptr<client::Artifacts>> artifacts_on(const Home& home, const std::string& host) {
  client::Address given;
  given.base_url = host;
  TREADLE_TRY(auto server, connect(std::move(given), true));
  client::ArtifactsOptions options;
  options.cache_folder = home.cache_folder();
  return client::Artifacts::over(std::move(server), std::move(options));
}

std::unordered_set<std::string> gone_from_servers(const Home& home,
                                                  const std::vector<std::string>& addresses) {
  std::map<std::string, std::vector<std::string>> by_host;
  for (const std::string& address : addresses) {
    if (const auto ref = parse_artifact_ref(address); ref && !ref->host.empty())
      by_host[ref->host].push_back(address);
  }
  std::unordered_set<std::string> gone;
  for (const auto& [host, asked] : by_host) {
    client::Address given;
    given.base_url = host;
    auto server = connect(std::move(given), false);
    if (!server) continue;
    client::ArtifactsOptions options;
    options.cache_folder = home.cache_folder();
    const auto there = client::Artifacts::over(*server, std::move(options))->existing(asked);
    if (!there) continue;
    for (const std::string& address : asked) {
      if (!there->contains(address)) gone.insert(address);
    }
  }
  return gone;
}

}  // namespace treadle::app
