// A version made on the server: announced, its contents put, its manifest, and the commit that shows it.
#include "artifact_documents.h"
#include "artifact_upload.h"
#include "remote_artifacts.h"
#include <treadle/base/content_digest.h>
#include <treadle/base/json.h>
#include <treadle/base/json_parse.h>
#include <treadle/base/random.h>
#include <treadle/http/message.h>

#include <boost/json.hpp>

#include <algorithm>
#include <future>
#include <map>
#include <optional>

namespace treadle::client {
namespace {

using artifact::Draft;
using artifact::DraftSpec;
using artifact::Logged;
using artifact::Version;

// Names of one CreateArtifactFiles; the first few go alone, so that bytes move soon.
constexpr std::size_t kFirstBatch = 200;
constexpr std::size_t kBatch = 1000;
constexpr int kAheadAtOnce = 2;  // each keeps three of the server's threads busy

// As the SDK makes them: 128 characters that nobody else makes.
std::string client_id() {
  std::string out;
  while (out.size() < 128) {
    for (const char c : random_uuid()) {
      if (c != '-') out += c;
    }
  }
  out.resize(128);
  return out;
}

std::vector<artifact::DraftFolder> folders_of(const Draft& draft) {
  std::vector<artifact::DraftFolder> folders;
  if (!draft.folder.empty()) folders.push_back({draft.folder, draft.folder_prefix});
  folders.insert(folders.end(), draft.more_folders.begin(), draft.more_folders.end());
  return folders;
}

DraftSpec spec_of(const Draft& draft, const ArtifactRef& at) {
  DraftSpec spec;
  spec.entity = at.entity;
  spec.project = at.project;
  spec.collection = at.collection;
  spec.type = draft.type;
  spec.description = draft.description;
  spec.metadata = draft.metadata;
  spec.aliases = draft.aliases;
  spec.tags = draft.tags;
  spec.ttl_seconds = draft.ttl_seconds;
  spec.history_step = draft.history_step;
  spec.run_id = draft.run_id;
  return spec;
}

void write_create(JsonWriter& w, const DraftSpec& spec, const std::string& digest,
                  bool deduplicate) {
  w.key("input").begin_object();
  w.field("entityName", spec.entity).field("projectName", spec.project);
  w.field("artifactTypeName", spec.type).field("artifactCollectionName", spec.collection);
  w.key("runName");
  spec.run_id.empty() ? w.null() : w.value(spec.run_id);
  w.field("digest", digest).field("digestAlgorithm", "MANIFEST_MD5");
  if (!spec.description.empty()) w.field("description", spec.description);
  w.key("aliases").begin_array();
  for (const std::string& alias : spec.aliases) {
    w.begin_object();
    w.field("artifactCollectionName", spec.collection).field("alias", alias).end_object();
  }
  w.end_array().key("tags").begin_array();
  for (const std::string& tag : spec.tags) w.begin_object().field("tagName", tag).end_object();
  w.end_array().field("metadata", spec.metadata);
  if (spec.ttl_seconds != artifact::kTtlInherit) w.field("ttlDurationSeconds", spec.ttl_seconds);
  if (spec.history_step) w.field("historyStep", *spec.history_step);
  w.field("enableDigestDeduplication", deduplicate);
  if (!spec.distributed_id.empty()) w.field("distributedID", spec.distributed_id);
  w.field("clientID", spec.client_id.empty() ? client_id() : spec.client_id);
  w.field("sequenceClientID", client_id());
  w.end_object();
}

// "Name:value" each.
Headers headers_of(const Node& list) {
  Headers headers;
  for (const Node& item : list.items()) {
    const std::string line = item.text();
    const auto colon = line.find(':');
    if (colon != std::string::npos)
      headers.emplace_back(line.substr(0, colon), line.substr(colon + 1));
  }
  return headers;
}

std::string manifest_name(std::string_view kind) {
  if (kind == "PATCH") return "wandb_manifest.patch.json";
  return kind == "INCREMENTAL" ? "wandb_manifest.incremental.json" : "wandb_manifest.json";
}

// Where the content of one item goes; of a file in parts, where each of them goes.
struct Target {
  std::size_t item = 0;
  std::string url;
  Headers headers;
  std::int64_t offset = 0;
  std::int64_t size = -1;  // -1: the whole item
  std::size_t part = 0;    // counted from 1; 0 = it is whole
  std::string etag;
};

// Parts of one file that are to be put together when all are up.
struct Multipart {
  std::string upload_id;
  std::string storage_path;
  std::string birth_id;
  std::size_t first = 0;  // of the targets
  std::size_t end = 0;
};

}  // namespace

Result<void> RemoteArtifacts::join_run(const std::string& run_id) {
  return join_run_of(run_id, nullptr);
}

Result<void> RemoteArtifacts::join_run_of(const std::string& run_id,
                                          const artifact::CodeSource* code) {
  {
    const std::lock_guard lock(mutex_);
    if (joined_.contains(run_id)) return {};
  }
  TREADLE_TRY(const ArtifactRef at, whole({.collection = run_id}));
  boost::json::value data;
  TREADLE_CHECK(ask(
      kRun,
      [&](JsonWriter& w) {
        w.field("entity", at.entity).field("project", at.project).field("name", run_id);
      },
      data));
  const Node run = Node(data)["project.run"];
  std::vector<std::string> tags;
  for (const Node& tag : run["tags"].items()) tags.push_back(tag.text());
  const std::size_t had = tags.size();
  for (const std::string& tag : options_.run.tags) {
    if (std::find(tags.begin(), tags.end(), tag) == tags.end()) tags.push_back(tag);
  }
  if (run.empty() || tags.size() > had) {
    boost::json::value done;
    TREADLE_CHECK(ask(
        kUpsertBucket,
        [&](JsonWriter& w) {
          w.field("name", run_id).field("project", at.project).field("entity", at.entity);
          if (run.empty() && !options_.run.name_prefix.empty())
            w.field("displayName", options_.run.name_prefix + run_id.substr(0, 8));
          w.key("tags").begin_array();
          for (const std::string& tag : tags) w.value(tag);
          w.end_array();
          if (run.empty() && code != nullptr)
            w.field("commit", code->commit).field("repo", code->repository);
        },
        done));
  }
  if (run.empty()) {
    // Nobody streams to it: without an end it would count as crashed.
    Request request;
    request.method = "POST";
    request.url = "/files/" + http::percent_encode(at.entity) + "/" +
                  http::percent_encode(at.project) + "/" + http::percent_encode(run_id) +
                  "/file_stream";
    request.headers = {{"Content-Type", "application/json"}};
    request.with_key = true;
    request.body = R"({"complete":true,"exitcode":0})";
    request.retry = Retry::kStream;
    TREADLE_TRY(const Reply reply, server_->perform(std::move(request)));
    (void)reply;
  }
  const std::lock_guard lock(mutex_);
  joined_.insert(run_id);
  return {};
}

Result<Logged> RemoteArtifacts::log(const Draft& draft) {
  TREADLE_TRY(const ArtifactRef at, whole({draft.entity, draft.project, draft.collection, {}}));
  TREADLE_CHECK(artifact::check_draft(draft, at));
  TREADLE_TRY(Upload upload, prepare(draft.entries, folders_of(draft), at));
  if (draft.base != 0) {
    TREADLE_TRY(const Version base, version_by_id(id_of_number(draft.base)));
    TREADLE_TRY(const auto manifest, manifest_of(base));
    TREADLE_CHECK(add_base(upload, manifest->manifest, manifest->birth_ids, draft.removed));
  }
  TREADLE_CHECK(complete(upload));
  upload.progress = draft.progress;
  bool deduplicate = true;
  if (draft.extra_counts) {
    TREADLE_TRY(deduplicate, latest_has_extras(at, upload));
  }
  if (!draft.run_id.empty()) TREADLE_CHECK(join_run_of(draft.run_id, draft.code.get()));
  return make_version(spec_of(draft, at), upload, deduplicate);
}

Result<Upload> RemoteArtifacts::prepare(std::span<const artifact::DraftEntry> entries,
                                        std::span<const artifact::DraftFolder> folders,
                                        const ArtifactRef& at) {
  // W&B's protocol wants the MD5 of a file before it says where to put it: a large one would be read twice, one
  // time after the other. A server of ours takes it first. Over a real network sending is what takes the time,
  // and content that is there must not be sent; nor what was logged before and has not changed since.
  const bool loopback = is_loopback(server_->address().base_url);
  std::optional<DigestMemory> memory;
  std::map<std::string, FileStat> unknown;  // by path, from before they are read
  const auto large = [&](std::span<UploadItem* const> items) -> Result<void> {
    memory.emplace(real_files(), join_path(options_.cache_folder, "digests"));
    std::vector<UploadItem*> left;
    for (UploadItem* item : items) {
      TREADLE_TRY(const FileStat stat, real_files().stat(item->file));
      item->entry.size = stat.size;
      item->entry.md5 = memory->find(item->file, stat);
      if (!item->entry.md5.empty()) continue;
      unknown.emplace(item->file, stat);
      left.push_back(item);
    }
    if (!loopback || left.empty()) return {};
    TREADLE_TRY(const bool takes, server_->has_feature("TREADLE_CONTENT_FIRST"));
    return takes ? send_ahead(left, at) : Result<void>();
  };
  TREADLE_TRY(Upload upload, prepare_upload(entries, folders, large));
  for (const UploadItem& item : upload.items) {
    const auto it = unknown.find(item.file);
    if (it != unknown.end()) memory->remember(item.file, it->second, item.entry.md5);
  }
  if (!unknown.empty()) (void)memory->save();
  return upload;
}

Result<void> RemoteArtifacts::send_ahead(std::span<UploadItem* const> items,
                                         const ArtifactRef& at) {
  return server_->perform_all(
      items.size(),
      [&](std::size_t i) -> Result<Request> {
        Request request;
        request.method = "PUT";
        request.url =
            "/contents/" + http::percent_encode(at.entity) + "/" + http::percent_encode(at.project);
        request.with_key = true;
        request.from_file = items[i]->file;
        request.hash_sent = true;
        return request;
      },
      [&](std::size_t i, const Reply& reply) -> Result<void> {
        boost::json::value came;
        TREADLE_CHECK(parse_json_value(reply.body, came));
        if (Node(came)["sha256"].text() != reply.sent_sha256) {
          return fail(Errc::kCorrupt, "The server " + server_->address().base_url + " got '" +
                                          items[i]->file +
                                          "' with other content than was sent. Log it again.");
        }
        items[i]->entry.md5 = Node(came)["md5"].text();
        items[i]->entry.size = Node(came)["size"].integer();
        return {};
      },
      kAheadAtOnce);
}

Result<bool> RemoteArtifacts::latest_has_extras(const ArtifactRef& at, const Upload& upload) {
  TREADLE_TRY(const auto latest, find(at));
  if (!latest || latest->digest != upload.digest) return true;
  TREADLE_TRY(const auto before, manifest_of(*latest));
  const auto& entries = before->manifest.entries;
  return std::equal(
      entries.begin(), entries.end(), upload.items.begin(), upload.items.end(),
      [](const artifact::Entry& a, const UploadItem& b) {
        boost::json::error_code ignored;
        const auto one = boost::json::parse(a.extra.empty() ? "{}" : a.extra, ignored);
        const auto two = boost::json::parse(b.entry.extra.empty() ? "{}" : b.entry.extra, ignored);
        return one == two;
      });
}

Result<RemoteArtifacts::Created> RemoteArtifacts::create(const DraftSpec& spec,
                                                         const std::string& digest,
                                                         bool deduplicate) {
  boost::json::value data;
  TREADLE_CHECK(ask(
      kCreateArtifact, [&](JsonWriter& w) { write_create(w, spec, digest, deduplicate); }, data));
  const Node made = Node(data)["createArtifact.artifact"];
  return Created{made["id"].text(), made["artifactSequence.latestArtifact.id"].text(),
                 made["state"].text() == "COMMITTED"};
}

Result<Logged> RemoteArtifacts::make_version(const DraftSpec& spec, Upload& upload,
                                             bool deduplicate) {
  TREADLE_TRY(const Created created, create(spec, upload.digest, deduplicate));
  if (created.committed) {
    TREADLE_TRY(Version version, version_by_id(created.id));
    return Logged{std::move(version), false};
  }
  TREADLE_CHECK(send(created.id, created.base_id, spec, upload, "FULL"));
  return commit(created.id);
}

Result<Logged> RemoteArtifacts::commit(const std::string& artifact_id) {
  boost::json::value data;
  TREADLE_CHECK(
      ask(kCommitArtifact, [&](JsonWriter& w) { w.field("artifactID", artifact_id); }, data));
  const std::string id = Node(data)["commitArtifact.artifact.id"].text();
  TREADLE_TRY(Version version, version_by_id(id.empty() ? artifact_id : id));
  return Logged{std::move(version), id == artifact_id};
}

Result<void> RemoteArtifacts::send(const std::string& artifact_id, const std::string& base_id,
                                   const DraftSpec& spec, Upload& upload, std::string_view kind) {
  const auto describe = [&](JsonWriter& w, std::string_view digest, bool with_upload) {
    w.field("artifactID", artifact_id);
    w.key("baseArtifactID");
    base_id.empty() ? w.null() : w.value(base_id);
    w.field("name", manifest_name(kind)).field("digest", digest);
    w.field("entityName", spec.entity).field("projectName", spec.project);
    w.field("runName", spec.run_id).field("manifestType", kind);
    w.field("includeUpload", with_upload);
  };
  boost::json::value data;
  TREADLE_CHECK(ask(kCreateArtifactManifest, [&](JsonWriter& w) { describe(w, "", false); }, data));
  const std::string manifest_id = Node(data)["createArtifactManifest.artifactManifest.id"].text();

  TREADLE_CHECK(send_contents(artifact_id, manifest_id, upload));

  std::string document = manifest_document(upload);
  const std::string digest = to_base64(md5(document));
  boost::json::value answer;
  Node file;
  if (kind == "FULL") {
    TREADLE_CHECK(
        ask(kCreateArtifactManifest, [&](JsonWriter& w) { describe(w, digest, true); }, answer));
    file = Node(answer)["createArtifactManifest.artifactManifest.file"];
  } else {
    TREADLE_CHECK(ask(
        kUpdateArtifactManifest,
        [&](JsonWriter& w) {
          w.field("artifactManifestID", manifest_id).field("digest", digest);
          w.field("includeUpload", true);
        },
        answer));
    file = Node(answer)["updateArtifactManifest.artifactManifest.file"];
  }
  Request request;
  request.method = "PUT";
  request.url = file["uploadUrl"].text();
  request.headers = headers_of(file["uploadHeaders"]);
  request.body = std::move(document);
  TREADLE_TRY(const Reply reply, server_->perform(std::move(request)));
  (void)reply;
  return {};
}

Result<void> RemoteArtifacts::send_contents(const std::string& artifact_id,
                                            const std::string& manifest_id, Upload& upload) {
  std::vector<std::size_t> all;
  std::int64_t bytes = 0;
  for (std::size_t i = 0; i < upload.items.size(); ++i) {
    if (!upload.items[i].sends_content()) continue;
    all.push_back(i);
    bytes += upload.items[i].entry.size;
  }
  std::int64_t done = 0;
  const auto announce = [&](std::size_t begin, std::size_t end, boost::json::value& data) {
    return ask(
        kCreateArtifactFiles,
        [&](JsonWriter& w) {
          w.key("input").begin_object().key("artifactFiles").begin_array();
          for (std::size_t i = begin; i < end; ++i) {
            const UploadItem& item = upload.items[all[i]];
            w.begin_object().field("artifactID", artifact_id).field("name", item.entry.path);
            w.field("md5", item.entry.md5).field("artifactManifestID", manifest_id);
            if (!item.part_md5s.empty()) {
              w.key("uploadPartsInput").begin_array();
              for (std::size_t p = 0; p < item.part_md5s.size(); ++p) {
                w.begin_object().field("partNumber", p + 1);
                w.field("hexMD5", item.part_md5s[p]).end_object();
              }
              w.end_array();
            }
            w.end_object();
          }
          w.end_array().field("storageLayout", "V2").end_object();
        },
        data);
  };
  // While the contents of one batch are on their way, the next is announced.
  const auto batch_end = [&](std::size_t begin) {
    return std::min(all.size(), begin + (begin == 0 ? kFirstBatch : kBatch));
  };
  struct Announced {
    Result<void> outcome;
    boost::json::value data;
  };
  const auto announce_from = [&](std::size_t begin) {
    return std::async(std::launch::async, [&, begin] {
      Announced out;
      out.outcome = announce(begin, batch_end(begin), out.data);
      return out;
    });
  };
  std::future<Announced> coming;
  if (!all.empty()) coming = announce_from(0);
  for (std::size_t begin = 0; begin < all.size();) {
    const std::size_t end = batch_end(begin);
    const Announced now = coming.get();
    if (end < all.size() && now.outcome) coming = announce_from(end);
    TREADLE_CHECK(now.outcome);
    const std::vector<Node> files = Node(now.data)["createArtifactFiles.files"].nodes();
    if (files.size() != end - begin) {
      return fail(Errc::kCorrupt, "The server " + server_->address().base_url + " answered for " +
                                      std::to_string(files.size()) + " of " +
                                      std::to_string(end - begin) + " files.");
    }
    const std::span<const std::size_t> batch(all.data() + begin, end - begin);
    TREADLE_CHECK(put_batch(upload, batch, files, [&](std::int64_t more) {
      done += more;
      if (upload.progress) upload.progress(done, bytes);
    }));
    begin = end;
  }
  return {};
}

Result<void> RemoteArtifacts::put_batch(Upload& upload, std::span<const std::size_t> batch,
                                        const std::vector<Node>& files,
                                        const std::function<void(std::int64_t)>& sent) {
  std::vector<Target> targets;
  std::vector<Multipart> multiparts;
  for (std::size_t i = 0; i < batch.size(); ++i) {
    UploadItem& item = upload.items[batch[i]];
    const Node& file = files[i];
    item.birth_id = file["artifact.id"].text();
    const Headers headers = headers_of(file["uploadHeaders"]);
    const Node parts = file["uploadMultipartUrls"];
    const std::vector<Node> urls = parts["uploadUrlParts"].items();
    if (!urls.empty() && urls.size() == item.part_md5s.size()) {
      Multipart multipart{parts["uploadID"].text(), file["storagePath"].text(), item.birth_id,
                          targets.size(), targets.size() + urls.size()};
      const std::int64_t size = part_size_for(item.entry.size);
      for (const Node& part : urls) {
        Target target{batch[i], part["uploadUrl"].text(), headers};
        target.part = static_cast<std::size_t>(part["partNumber"].integer());
        target.offset = static_cast<std::int64_t>(target.part - 1) * size;
        target.size = std::min(size, item.entry.size - target.offset);
        std::erase_if(target.headers, [](const auto& header) {
          return header.first == "Content-MD5" || header.first == "Content-Md5";
        });
        const auto digest = from_hex(item.part_md5s.at(target.part - 1));
        target.headers.emplace_back("Content-Md5", to_base64(*digest));
        targets.push_back(std::move(target));
      }
      multiparts.push_back(std::move(multipart));
    } else if (const std::string url = file["uploadUrl"].text(); !url.empty()) {
      targets.push_back({batch[i], url, headers});
    } else {
      sent(item.entry.size);  // the server has it
    }
  }
  TREADLE_CHECK(server_->perform_all(
      targets.size(),
      [&](std::size_t i) -> Result<Request> {
        Target& target = targets[i];
        UploadItem& item = upload.items[target.item];
        Request request;
        request.method = "PUT";
        request.url = target.url;
        request.headers = target.headers;
        if (item.file.empty()) {
          request.body = std::move(item.bytes);
        } else {
          request.from_file = item.file;
          request.from_offset = target.offset;
          request.from_size = target.part == 0 ? item.entry.size : target.size;
        }
        return request;
      },
      [&](std::size_t i, Reply reply) -> Result<void> {
        Target& target = targets[i];
        if (const std::string* etag = reply.header("ETag")) target.etag = *etag;
        sent(target.part == 0 ? upload.items[target.item].entry.size : target.size);
        return {};
      }));
  for (const Multipart& multipart : multiparts) {
    boost::json::value data;
    TREADLE_CHECK(ask(
        kCompleteMultipartUpload,
        [&](JsonWriter& w) {
          w.field("completeMultipartAction", "Complete").key("completedParts").begin_array();
          for (std::size_t i = multipart.first; i < multipart.end; ++i) {
            w.begin_object().field("partNumber", targets[i].part);
            w.field("hexMD5", targets[i].etag).end_object();
          }
          w.end_array().field("artifactID", multipart.birth_id);
          w.field("storagePath", multipart.storage_path).field("uploadID", multipart.upload_id);
        },
        data));
  }
  return {};
}

}  // namespace treadle::client
