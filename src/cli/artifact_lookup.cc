#include "artifact_lookup.h"

#include <treadle/base/files.h>
#include <treadle/client/runs.h>

#include <iterator>

namespace treadle::cli {

std::unique_ptr<app::Home> open_store_for_reading(Session& session, int& code) {
  auto home = session.open_existing_home_to_mend();
  if (!home) {
    code = session.fail(home.error());
    return nullptr;
  }
  if (!*home) code = session.fail(kExitNotFound, "not_found", session.no_home_text());
  return std::move(*home);
}

Error with_override_hint(Error error) {
  if (error.code == Errc::kPermissionDenied) error.message += " (--override-protection)";
  return error;
}

Result<artifact::Version> get_version(app::Home& home, const std::string& text) {
  TREADLE_TRY(const ArtifactRef ref, parse_artifact_ref(text));
  return home.store().get(ref);
}

Result<artifact::Version> Artifacts::get(const std::string& text) const {
  TREADLE_TRY(const ArtifactRef ref, parse_artifact_ref(text));
  return library->get(ref);
}

Result<std::vector<artifact::Collection>> Artifacts::collections(
    artifact::CollectionFilter filter) const {
  if (!server || !filter.project.empty() || !connection->address().project.empty()) {
    return library->collections(filter);
  }
  TREADLE_TRY(const auto runs, client::open_runs(connection));
  TREADLE_TRY(const std::vector<tracking::Project> projects, runs->projects(filter.entity));
  std::vector<artifact::Collection> out;
  for (const tracking::Project& project : projects) {
    filter.entity = project.entity;
    filter.project = project.name;
    TREADLE_TRY(auto found, library->collections(filter));
    std::move(found.begin(), found.end(), std::back_inserter(out));
  }
  return out;
}

Result<artifact::Lineage> Artifacts::lineage(const artifact::Version& version,
                                             const artifact::LineageOptions& options) const {
  return server ? server->lineage(version, options)
                : artifact::lineage(home->store(), version, options);
}

Result<void> Artifacts::flush() const {
  return home ? home->store().flush() : Result<void>();
}

namespace {

Result<Artifacts> on_server(Session& session, const std::string& url, const std::string& ref) {
  TREADLE_TRY(const app::HomeOptions home, session.home_options());
  Artifacts out;
  TREADLE_TRY(out.connection, session.connect(url));
  client::ArtifactsOptions options;
  options.entity = out.connection->address().entity;
  options.project = out.connection->address().project;
  if (const auto place = parse_artifact_ref(ref)) {
    if (!place->entity.empty()) options.entity = place->entity;
    if (!place->project.empty()) options.project = place->project;
  }
  options.cache_folder = join_path(app::resolve_home(home), "cache");
  out.library = out.server = client::Artifacts::over(out.connection, std::move(options));
  return out;
}

}  // namespace

Artifacts open_artifacts(Session& session, const std::string& host, Access access, int& code,
                         const std::string& ref) {
  Artifacts out;
  if (const std::string url = session.server(host); !url.empty()) {
    auto server = on_server(session, url, ref);
    if (server) return *std::move(server);
    code = session.fail(server.error());
    return out;
  }
  if (access == Access::kRead || access == Access::kWrite) {
    out.home = open_store_for_reading(session, code);
    if (!out.home) return out;
  }
  if (access != Access::kRead) {
    auto home = access == Access::kLook ? session.open_existing_home() : session.open_home();
    if (!home) {
      code = session.fail(home.error());
      return out;
    }
    out.home = std::move(*home);
  }
  if (out.home) out.library = artifact::local_library(out.home->store());
  return out;
}

}  // namespace treadle::cli
