// What all topics share: asking, pages, and what the answers say as values.
#include "remote_artifacts.h"

#include "artifact_documents.h"
#include <treadle/base/digest.h>
#include <treadle/base/json.h>
#include <treadle/base/suggest.h>
#include <treadle/base/time_format.h>

#include <boost/json.hpp>

#include <algorithm>
#include <charconv>

namespace treadle::client {
namespace {

using artifact::Membership;
using artifact::Version;

constexpr std::string_view kIdKind = "Artifact";

std::mutex odd_ids_mutex;

// Ids that are not of W&B's form, by the number that was made of them.
std::map<std::int64_t, std::string>& odd_ids() {
  static std::map<std::int64_t, std::string> ids;
  return ids;
}

bool same_place(const Node& collection, const Version& v) {
  return collection["name"].text() == v.collection &&
         collection["project.name"].text() == v.project &&
         collection["project.entity.name"].text() == v.entity;
}

}  // namespace

std::int64_t number_of_id(const std::string& id) {
  const auto text = from_base64(id);
  const auto colon = text ? text->find(':') : std::string::npos;
  if (colon != std::string::npos && text->compare(0, colon, kIdKind) == 0) {
    std::int64_t number = 0;
    const char* begin = text->data() + colon + 1;
    const char* end = text->data() + text->size();
    const auto [stop, error] = std::from_chars(begin, end, number);
    if (begin != end && stop == end && error == std::errc() && number > 0) return number;
  }
  const Sha256 digest = sha256(id);
  std::int64_t number = 0;
  for (std::size_t i = 0; i < 7; ++i) number = number * 256 + digest[i];
  number = -number - 1;
  const std::lock_guard lock(odd_ids_mutex);
  odd_ids()[number] = id;
  return number;
}

std::string id_of_number(std::int64_t number) {
  if (number > 0) return to_base64(std::string(kIdKind) + ":" + std::to_string(number));
  const std::lock_guard lock(odd_ids_mutex);
  const auto found = odd_ids().find(number);
  return found == odd_ids().end() ? std::string() : found->second;
}

Micros time_of(const Node& text) {
  std::string said = text.text();
  // Fractions and zones vary; the first part does not. The protocol's times are UTC.
  const auto parsed = parse_time(said.substr(0, 19), "%Y-%m-%dT%H:%M:%S");
  if (!parsed) return 0;
  return local_seconds(parsed->time) * kMicrosPerSecond;
}

std::shared_ptr<Artifacts> Artifacts::over(std::shared_ptr<Connection> server,
                                           ArtifactsOptions options) {
  return std::make_shared<RemoteArtifacts>(std::move(server), std::move(options));
}

RemoteArtifacts::RemoteArtifacts(std::shared_ptr<Connection> server, ArtifactsOptions options)
    : server_(std::move(server)), options_(std::move(options)) {}

Result<void> RemoteArtifacts::ask(std::string_view document,
                                  const std::function<void(JsonWriter&)>& write,
                                  boost::json::value& data) {
  JsonWriter variables;
  variables.begin_object();
  write(variables);
  variables.end_object();
  return server_->graphql(document, variables.str(), data);
}

Result<void> RemoteArtifacts::ask_pages(std::string_view document,
                                        const std::function<void(JsonWriter&)>& write,
                                        std::string_view path,
                                        const std::function<void(const Node&)>& page) {
  std::string cursor;
  while (true) {
    boost::json::value data;
    TREADLE_CHECK(ask(
        document,
        [&](JsonWriter& w) {
          write(w);
          if (!cursor.empty()) w.field("cursor", cursor);
        },
        data));
    const Node connection = Node(data)[path];
    page(connection);
    if (!connection["pageInfo.hasNextPage"].flag()) return {};
    const std::string next = connection["pageInfo.endCursor"].text();
    if (next.empty() || next == cursor) return {};
    cursor = next;
  }
}

Result<ArtifactRef> RemoteArtifacts::whole(const ArtifactRef& ref) {
  ArtifactRef out = ref;
  const std::string& here = server_->address().base_url;
  if (!out.host.empty() && out.host != here) {
    return fail(Errc::kInvalidArgument,
                "'" + ref.text() + "' is on another server than " + here + ", which was asked.");
  }
  out.host = here;
  if (out.entity.empty()) out.entity = options_.entity;
  if (out.entity.empty()) {
    TREADLE_TRY(out.entity, server_->default_entity());
  }
  if (out.project.empty()) out.project = options_.project;
  if (out.project.empty()) out.project = "uncategorized";
  return out;
}

Version RemoteArtifacts::version_of(const Node& a) {
  Version v;
  v.id = number_of_id(a["id"].text());
  v.host = server_->address().base_url;
  v.entity = a["artifactSequence.project.entity.name"].text();
  v.project = a["artifactSequence.project.name"].text();
  v.collection = a["artifactSequence.name"].text();
  v.type = a["artifactType.name"].text();
  v.index = static_cast<int>(a["versionIndex"].integer(-1));
  for (const Node& alias : a["aliases"].items()) {
    const std::string name = alias["alias"].text();
    if (!is_version_name(name) && same_place(alias["artifactCollection"], v))
      v.aliases.push_back(name);
  }
  for (const Node& tag : a["tags"].items()) v.tags.push_back(tag["name"].text());
  v.digest = a["digest"].text();
  v.description = a["description"].text();
  v.metadata = a["metadata"].text();
  if (v.metadata.empty()) v.metadata = "{}";
  v.size = a["size"].integer();
  v.file_count = a["fileCount"].integer();
  v.created = time_of(a["createdAt"]);
  v.updated = a["updatedAt"].empty() ? v.created : time_of(a["updatedAt"]);
  v.ttl_effective = a["ttlDurationSeconds"].integer(artifact::kTtlNone);
  v.ttl_seconds = a["ttlIsInherited"].flag() ? artifact::kTtlInherit : v.ttl_effective;
  if (!a["historyStep"].empty()) v.history_step = a["historyStep"].integer();
  v.run_id = a["createdBy.name"].text();
  return v;
}

Membership RemoteArtifacts::membership_of(const Node& m) {
  Membership out;
  const Node collection = m["artifactCollection"];
  out.entity = collection["project.entity.name"].text();
  out.project = collection["project.name"].text();
  out.collection = collection["name"].text();
  out.kind = collection["__typename"].text() == "ArtifactPortfolio"
                 ? artifact::CollectionKind::kPortfolio
                 : artifact::CollectionKind::kSequence;
  out.index = static_cast<int>(m["versionIndex"].integer(-1));
  for (const Node& alias : m["aliases"].items()) {
    if (const std::string name = alias["alias"].text(); !is_version_name(name))
      out.aliases.push_back(name);
  }
  out.created = time_of(m["createdAt"]);
  if (!m["artifact"].empty()) out.version = version_of(m["artifact"]);
  return out;
}

Result<Version> RemoteArtifacts::get_version(std::int64_t id) {
  return version_by_id(id_of_number(id));
}

Result<Version> RemoteArtifacts::version_by_id(const std::string& id) {
  boost::json::value data;
  TREADLE_CHECK(ask(kArtifactById, [&](JsonWriter& w) { w.field("id", id); }, data));
  const Node artifact = Node(data)["artifact"];
  if (artifact.empty()) {
    return fail(Errc::kNotFound, "The server " + server_->address().base_url +
                                     " has no artifact with the id '" + id + "'.");
  }
  return version_of(artifact);
}

Result<std::optional<Membership>> RemoteArtifacts::find_member(const ArtifactRef& ref) {
  TREADLE_TRY(const ArtifactRef at, whole(ref));
  boost::json::value data;
  TREADLE_CHECK(ask(
      kArtifactMembershipByName,
      [&](JsonWriter& w) {
        w.field("entity", at.entity).field("project", at.project);
        w.field("name", at.collection + ":" + (at.version.empty() ? "latest" : at.version));
      },
      data));
  const Node found = Node(data)["project.artifactCollectionMembership"];
  if (found.empty() || found["artifact"].empty()) return std::nullopt;
  return membership_of(found);
}

Result<std::optional<Version>> RemoteArtifacts::find(const ArtifactRef& ref) {
  TREADLE_TRY(auto member, find_member(ref));
  if (!member) return std::nullopt;
  return std::move(member->version);
}

Result<Version> RemoteArtifacts::get(const ArtifactRef& ref) {
  TREADLE_TRY(auto found, find(ref));
  if (found) return *std::move(found);
  TREADLE_TRY(const ArtifactRef at, whole(ref));
  return fail(missing(at));
}

Error RemoteArtifacts::missing(const ArtifactRef& at) {
  const std::string what = "There is no artifact '" + at.entity + "/" + at.project + "/" +
                           at.collection + (at.version.empty() ? "" : ":" + at.version) +
                           "' on the server " + at.host + ".";
  const auto known = collections({.entity = at.entity, .project = at.project});
  if (!known) return {Errc::kNotFound, what};
  std::vector<std::string> names;
  for (const artifact::Collection& each : *known) names.push_back(each.name);
  if (std::find(names.begin(), names.end(), at.collection) != names.end()) {
    return {Errc::kNotFound, what + " The collection is there, without such a version or alias."};
  }
  return {Errc::kNotFound, what + did_you_mean(at.collection, names)};
}

Result<std::set<std::string>> RemoteArtifacts::existing(const std::vector<std::string>& texts) {
  constexpr std::size_t kBatch = 100;
  std::set<std::string> out;
  for (std::size_t begin = 0; begin < texts.size(); begin += kBatch) {
    const std::size_t end = std::min(texts.size(), begin + kBatch);
    // One document with a field for each; their names are given as literals of the document.
    std::string document = "query ArtifactMembershipsByName{";
    for (std::size_t i = begin; i < end; ++i) {
      TREADLE_TRY(const ArtifactRef ref, parse_artifact_ref(texts[i]));
      TREADLE_TRY(const ArtifactRef at, whole(ref));
      JsonWriter entity;
      JsonWriter project;
      JsonWriter name;
      entity.value(at.entity);
      project.value(at.project);
      name.value(at.collection + ":" + at.version);
      document += "a" + std::to_string(i) + ":project(entityName:" + entity.str() +
                  ",name:" + project.str() + "){artifactCollectionMembership(name:" + name.str() +
                  "){artifact{state}}}";
    }
    document += "}";
    boost::json::value data;
    TREADLE_CHECK(server_->graphql(document, "{}", data));
    for (std::size_t i = begin; i < end; ++i) {
      const Node state =
          Node(data)["a" + std::to_string(i)]["artifactCollectionMembership.artifact.state"];
      if (state.text() == "COMMITTED") out.insert(texts[i]);
    }
  }
  return out;
}

}  // namespace treadle::client
