// Content from the server: manifests, single files, whole versions.
#include "artifact_documents.h"
#include "object_cache.h"
#include "remote_artifacts.h"
#include <treadle/artifact/reading.h>
#include <treadle/base/files.h>
#include <treadle/base/json.h>
#include <treadle/base/json_parse.h>

#include <boost/json.hpp>

#include <algorithm>

namespace treadle::client {
namespace {

using artifact::Entry;
using artifact::Version;

constexpr std::size_t kManifestsKept = 8;
constexpr int kUrlsPerPage = 5000;

std::map<std::string, std::string> birth_ids_of(std::string_view document) {
  std::map<std::string, std::string> ids;
  boost::json::value value;
  if (!parse_json_value(document, value) || !value.is_object()) return ids;
  const auto* contents = value.get_object().if_contains("contents");
  if (contents == nullptr || !contents->is_object()) return ids;
  for (const auto& [path, entry] : contents->get_object()) {
    if (const std::string id = Node(entry)["birthArtifactID"].text(); !id.empty())
      ids.emplace(std::string(path), id);
  }
  return ids;
}

}  // namespace

Result<std::shared_ptr<const RemoteManifest>> RemoteArtifacts::manifest_of(const Version& version) {
  {
    const std::lock_guard lock(mutex_);
    const auto known = manifests_.find(version.id);
    if (known != manifests_.end()) return known->second;
  }
  boost::json::value data;
  TREADLE_CHECK(ask(
      kFetchArtifactManifest, [&](JsonWriter& w) { w.field("id", id_of_number(version.id)); },
      data));
  const std::string url = Node(data)["artifact.currentManifest.file.directUrl"].text();
  if (url.empty()) {
    return fail(Errc::kNotFound,
                version.address() + " has no manifest: it was deleted, or is not committed yet.");
  }
  TREADLE_TRY(const Reply reply, server_->perform({.url = url}));
  auto manifest = std::make_shared<RemoteManifest>();
  TREADLE_TRY(manifest->manifest, artifact::parse_manifest(reply.body));
  const std::string digest = artifact::manifest_digest(manifest->manifest);
  if (!version.digest.empty() && digest != version.digest) {
    return fail(Errc::kCorrupt, "The manifest of " + version.address() + " has the digest " +
                                    digest + ", but the version has " + version.digest + ".");
  }
  manifest->birth_ids = birth_ids_of(reply.body);
  const std::lock_guard lock(mutex_);
  if (manifests_.size() >= kManifestsKept) manifests_.erase(manifests_.begin());
  manifests_[version.id] = manifest;
  return manifest;
}

Result<std::vector<Entry>> RemoteArtifacts::entries(const Version& version) {
  TREADLE_TRY(const auto manifest, manifest_of(version));
  return manifest->manifest.entries;
}

Result<std::map<std::string, std::string>> RemoteArtifacts::urls_of(const Version& version,
                                                                    const std::string& only_path) {
  std::map<std::string, std::string> urls;
  const auto write = [&](JsonWriter& w) {
    w.field("entity", version.entity).field("project", version.project);
    w.field("collection", version.collection).field("alias", "v" + std::to_string(version.index));
    if (only_path.empty()) {
      w.field("perPage", kUrlsPerPage);
    } else {
      w.key("fileNames").begin_array().value(only_path).end_array();
    }
  };
  TREADLE_CHECK(ask_pages(
      only_path.empty() ? kGetArtifactMembershipFileUrls : kArtifactMembershipFiles, write,
      "project.artifactCollection.artifactMembership.files", [&](const Node& page) {
        for (const Node& file : page.nodes())
          urls.insert_or_assign(file["name"].text(), file["directUrl"].text());
      }));
  return urls;
}

Result<std::set<std::string>> RemoteArtifacts::fetch(const Version& version,
                                                     const std::vector<const Entry*>& wanted,
                                                     const std::string& only_path) {
  ObjectCache cache(options_.cache_folder);
  // One exchange for each content, however many paths have it.
  std::map<std::string, const Entry*> needed;
  for (const Entry* entry : wanted) {
    TREADLE_TRY(std::string place, cache.place(entry->md5));
    if (!cache.has(place, entry->size)) needed.emplace(std::move(place), entry);
  }
  std::set<std::string> fetched;
  if (needed.empty()) return fetched;
  TREADLE_TRY(const auto urls, urls_of(version, only_path));
  const std::vector<std::pair<std::string, const Entry*>> list(needed.begin(), needed.end());
  for (const auto& [place, entry] : list) fetched.insert(place);
  TREADLE_CHECK(server_->perform_all(
      list.size(),
      [&](std::size_t i) -> Result<Request> {
        const auto& [place, entry] = list[i];
        Request request;
        const auto url = urls.find(entry->path);
        if (url == urls.end() || url->second.empty()) {
          return fail(Errc::kNotFound, "The server " + version.host + " does not say where '" +
                                           entry->path + "' of " + version.text() + " is.");
        }
        request.url = url->second;
        request.to_file = place;
        request.md5 = entry->md5;
        request.size = entry->size;
        return request;
      },
      [&](std::size_t i, const Reply&) -> Result<void> {
        return ObjectCache::seal(list[i].first);
      }));
  return fetched;
}

Result<std::string> RemoteArtifacts::read(const Version& version, const std::string& path,
                                          std::int64_t limit) {
  TREADLE_TRY(const auto manifest, manifest_of(version));
  TREADLE_TRY(const Entry* entry, artifact::find_entry(manifest->manifest, version, path));
  if (entry->size > limit) {
    return fail(Errc::kInvalidArgument, "'" + path + "' of " + version.address() + " has " +
                                            std::to_string(entry->size) + " bytes, more than " +
                                            std::to_string(limit) + ". Download it instead.");
  }
  ObjectCache cache(options_.cache_folder);
  TREADLE_TRY(const std::string place, cache.place(entry->md5));
  if (cache.has(place, entry->size)) return read_file(real_files(), place);
  TREADLE_TRY(const auto urls, urls_of(version, path));
  const auto url = urls.find(path);
  if (url == urls.end()) {
    return fail(Errc::kNotFound, "The server " + version.host + " does not say where '" + path +
                                     "' of " + version.text() + " is.");
  }
  Request request;
  request.url = url->second;
  request.md5 = entry->md5;
  request.size = entry->size;
  TREADLE_TRY(Reply reply, server_->perform(std::move(request)));
  return std::move(reply.body);
}

Result<std::vector<std::string>> RemoteArtifacts::download(const Version& version,
                                                           const std::string& folder,
                                                           const std::string& only_path) {
  TREADLE_TRY(const auto manifest, manifest_of(version));
  std::vector<const Entry*> wanted;
  if (!only_path.empty()) {
    TREADLE_TRY(const Entry* entry, artifact::find_entry(manifest->manifest, version, only_path));
    wanted.push_back(entry);
  } else {
    for (const Entry& entry : manifest->manifest.entries) {
      if (entry.reference.empty()) wanted.push_back(&entry);
    }
  }
  TREADLE_TRY(const std::set<std::string> fetched, fetch(version, wanted, only_path));
  const std::string root = absolute_path(folder);
  TREADLE_CHECK(real_files().make_folders(root));
  artifact::EntryFolders folders(real_files(), root);
  ObjectCache cache(options_.cache_folder);
  std::map<std::string, int> uses;
  for (const Entry* entry : wanted) ++uses[entry->md5];
  std::vector<std::string> written;
  for (const Entry* entry : wanted) {
    TREADLE_CHECK(check_entry_path(entry->path));
    const auto slash = entry->path.rfind('/');
    if (slash != std::string::npos)
      TREADLE_CHECK(folders.make(std::string_view(entry->path).substr(0, slash)));
    TREADLE_TRY(const std::string place, cache.place(entry->md5));
    std::string target = join_path(root, entry->path);
    TREADLE_CHECK(cache.deliver(place, target, fetched.contains(place) && --uses[entry->md5] == 0));
    written.push_back(std::move(target));
  }
  return written;
}

Result<void> RemoteArtifacts::use(const Version& version, const std::string& run_id) {
  TREADLE_CHECK(join_run(run_id));
  TREADLE_TRY(const ArtifactRef run, whole({.collection = run_id}));
  boost::json::value data;
  return ask(
      kUseArtifact,
      [&](JsonWriter& w) {
        w.key("input").begin_object().field("artifactID", id_of_number(version.id));
        w.field("entityName", run.entity).field("projectName", run.project);
        w.field("runName", run_id).field("artifactEntityName", version.entity);
        w.field("artifactProjectName", version.project).end_object();
      },
      data);
}

}  // namespace treadle::client
