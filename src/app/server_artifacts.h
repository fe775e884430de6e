// Private to the room: artifacts that a server keeps instead of the home.
#pragma once

#include <treadle/app/home.h>
#include <treadle/client/artifacts.h>
#include <treadle/io/artifact_io_manager.h>

#include <memory>
#include <string>
#include <unordered_set>
#include <vector>

namespace treadle::app {

// The server that is wanted, by itself or by WANDB_BASE_URL; else the home's store, which must outlive it.
Result<std::shared_ptr<artifact::ArtifactService>> artifacts_for(Home& home,
                                                                 const io::ServerPlace& wanted);
// The artifacts of a server by its URL, with the key that the environment or ~/.netrc has for it.
Result<std::shared_ptr<client::Artifacts>> artifacts_on(const Home& home, const std::string& host);

// Which of these versions, by their addresses, are no longer on their servers: asked once for each server
// and hundred versions. What cannot be asked, for want of a key or a way there, counts as there.
std::unordered_set<std::string> gone_from_servers(const Home& home,
                                                  const std::vector<std::string>& addresses);
bool is_on_server(const std::string& address);

// As load_facts(home, graph), which asks servers.
Result<plan::Facts> load_facts(Home& home, const plan::AssetGraph& graph, bool ask_servers);

}  // namespace treadle::app
