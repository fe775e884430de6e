#include "storage.h"

#include "graphql_endpoint.h"
#include "manifest_document.h"
#include <treadle/artifact/manifest.h>
#include <treadle/base/digest.h>
#include <treadle/base/json.h>
#include <treadle/base/random.h>
#include <treadle/blob/store.h>

#include <charconv>
#include <vector>

namespace treadle::serve {
namespace {

constexpr std::int64_t kSmallUpload = 64 << 10;  // bytes; a file that is kept in one step

std::vector<std::string> parts_of(std::string_view path, std::size_t most) {
  std::vector<std::string> out;
  while (out.size() + 1 < most) {
    const auto slash = path.find('/');
    if (slash == std::string_view::npos) break;
    out.emplace_back(path.substr(0, slash));
    path.remove_prefix(slash + 1);
  }
  out.emplace_back(path);
  return out;
}

std::optional<std::int64_t> number(const std::string& text) {
  std::int64_t out = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return out;
}

http::Response not_here() {
  return http::error_response(404, "There is no such content.");
}

// A browser never runs what somebody stored.
void make_harmless(http::Response& response) {
  response.with("X-Content-Type-Options", "nosniff");
  response.with("Content-Security-Policy",
                "sandbox; default-src 'none'; style-src 'unsafe-inline'; "
                "img-src data:");
}

// Scripts of other origins may read what this URL gives. No cookie ever lets anybody in, so that
// nothing is open to them that was not.
void open_to_pages(http::Response& response) {
  response.with("Access-Control-Allow-Origin", "*");
  response.with("Access-Control-Expose-Headers", "ETag, Content-Length, Content-Range");
}

http::Response uploaded_answer(const Result<void>& outcome) {
  return outcome ? stored_answer("\"uploaded\"") : error_answer(outcome.error());
}

// A file of a version on its way in, under the MD5 that was announced.
class DraftSink final : public http::BodySink {
 public:
  explicit DraftSink(std::unique_ptr<artifact::Upload> upload) : upload_(std::move(upload)) {}
  std::optional<http::Response> write(std::string_view piece) override {
    if (auto ok = upload_->write(piece); !ok) return error_answer(ok.error());
    return std::nullopt;
  }
  void finish(http::Answer answer) override {
    upload_->finish_grouped([answer = std::move(answer)](const Result<void>& outcome) {
      answer(uploaded_answer(outcome));
    });
  }

 private:
  std::unique_ptr<artifact::Upload> upload_;
};

// Content whose digests the sender does not know yet: the answer says them, so that it can compare them with
// those of what it sent.
class AheadSink final : public http::BodySink {
 public:
  explicit AheadSink(std::unique_ptr<artifact::Upload> upload) : upload_(std::move(upload)) {}
  std::optional<http::Response> write(std::string_view piece) override {
    if (auto ok = upload_->write(piece); !ok) return error_answer(ok.error());
    return std::nullopt;
  }
  void finish(http::Answer answer) override {
    if (auto ok = upload_->finish(); !ok) return answer(error_answer(ok.error()));
    const artifact::UploadedContent& content = upload_->content();
    JsonWriter w;
    w.begin_object().field("md5", content.md5).field("sha256", content.sha256);
    w.field("size", content.size).end_object();
    answer(http::json_response(200, std::move(w).str()));
  }

 private:
  std::unique_ptr<artifact::Upload> upload_;
};

// As DraftSink, for one that fits into memory.
class SmallDraftSink final : public http::BodySink {
 public:
  SmallDraftSink(Backend& backend, std::int64_t draft, std::string md5)
      : backend_(backend), draft_(draft), md5_(std::move(md5)) {}
  std::optional<http::Response> write(std::string_view piece) override {
    content_ += piece;
    return std::nullopt;
  }
  void finish(http::Answer answer) override {
    backend_.drafts.put_announced(draft_, md5_, content_,
                                  [answer = std::move(answer)](const Result<void>& outcome) {
                                    answer(uploaded_answer(outcome));
                                  });
  }

 private:
  Backend& backend_;
  const std::int64_t draft_;
  const std::string md5_;
  std::string content_;
};

// A manifest on its way in. What it says replaces (FULL), or is added to (INCREMENTAL, PATCH), what the
// draft has.
class ManifestSink final : public http::BodySink {
 public:
  ManifestSink(Backend& backend, std::int64_t draft, std::string type)
      : backend_(backend), draft_(draft), type_(std::move(type)) {}

  std::optional<http::Response> write(std::string_view piece) override {
    if (text_.size() + piece.size() > kLargestManifest) {
      return http::error_response(413, "The manifest is larger than 1 GiB.");
    }
    text_ += piece;
    return std::nullopt;
  }

  void finish(http::Answer answer) override {
    const auto manifest = artifact::parse_manifest(text_);
    if (!manifest) {
      // What a client sends is its mistake, not damage of ours.
      return answer(http::error_response(400, manifest.error().message));
    }
    const auto done = take(*manifest);
    answer(done ? stored_answer("\"manifest\"") : error_answer(done.error()));
  }

 private:
  static constexpr std::size_t kLargestManifest = 1 << 30;

  Result<void> take(const artifact::Manifest& manifest) {
    constexpr auto kReach = artifact::Reach::kProject;
    if (type_ == "FULL") return backend_.drafts.set_manifest(draft_, manifest, kReach);
    if (type_ == "INCREMENTAL") {
      TREADLE_TRY(const auto draft, backend_.drafts.find(draft_));
      if (!draft) return fail(Errc::kNotFound, "There is no such draft.");
      const auto& spec = draft->spec;
      TREADLE_TRY(const auto latest,
                  backend_.artifacts.find({spec.entity, spec.project, spec.collection, ""}));
      if (latest) {
        TREADLE_TRY(const auto before, backend_.artifacts.entries(*latest));
        TREADLE_CHECK(backend_.drafts.put_entries(draft_, before));
      }
    }
    return backend_.drafts.put_entries(draft_, manifest.entries, kReach);
  }

  Backend& backend_;
  const std::int64_t draft_;
  const std::string type_;
  std::string text_;
};

// A file of a run that fits into memory.
class SmallRunFileSink final : public http::BodySink {
 public:
  SmallRunFileSink(Backend& backend, std::int64_t run_key, std::string name)
      : backend_(backend), run_key_(run_key), name_(std::move(name)) {}
  std::optional<http::Response> write(std::string_view piece) override {
    content_ += piece;
    return std::nullopt;
  }
  void finish(http::Answer answer) override {
    const auto kept = backend_.runs.put_file(run_key_, name_, content_);
    answer(kept ? stored_answer("\"" + kept->md5 + "\"") : error_answer(kept.error()));
  }

 private:
  Backend& backend_;
  const std::int64_t run_key_;
  const std::string name_;
  std::string content_;
};

// A large file of a run on its way in: beside the blobs first, so that it is read in constant memory, and
// into the run when it is whole.
class RunFileSink final : public http::BodySink {
 public:
  RunFileSink(Backend& backend, std::int64_t run_key, std::string name, std::string temporary,
              OpenFile file)
      : backend_(backend),
        run_key_(run_key),
        name_(std::move(name)),
        temporary_(std::move(temporary)),
        file_(std::move(file)) {}
  ~RunFileSink() override { (void)real_files().remove(temporary_); }

  std::optional<http::Response> write(std::string_view piece) override {
    if (auto ok = real_files().write(file_, piece); !ok) return error_answer(ok.error());
    return std::nullopt;
  }

  void finish(http::Answer answer) override {
    file_ = {};
    const auto kept = backend_.runs.put_file_from(run_key_, name_, temporary_);
    answer(kept ? stored_answer("\"" + kept->md5 + "\"") : error_answer(kept.error()));
  }

 private:
  Backend& backend_;
  const std::int64_t run_key_;
  const std::string name_;
  const std::string temporary_;
  OpenFile file_;
};

}  // namespace

http::Response error_answer(const Error& error) {
  return http::error_response(status_for(error.code), error.message);
}

http::Response stored_answer(const std::string& etag) {
  http::Response response = http::text_response(200, "");
  open_to_pages(response);
  return std::move(response).with("ETag", etag);
}

http::Response blob_response(Backend& backend, const http::Request& request,
                             const std::string& sha256_hex, const std::string& name,
                             const std::string& mimetype) {
  const auto bytes = from_hex(sha256_hex);
  Sha256 sha256{};
  if (!bytes || bytes->size() != sha256.size()) return not_here();
  std::copy(bytes->begin(), bytes->end(), sha256.begin());
  auto opened = backend.artifacts.blobs().open(sha256);
  if (!opened) return error_answer(opened.error());
  http::Response response;
  if (opened->file) {
    response.file = http::FileSlice{opened->file, opened->offset, opened->size};
  } else {
    response.body = std::move(opened->bytes);
  }
  response.with("Content-Type", mimetype.empty() ? "application/octet-stream" : mimetype);
  response.with("ETag", "\"" + sha256_hex + "\"");
  response.with("Content-Disposition", "inline; filename*=UTF-8''" + http::percent_encode(name));
  response.with("Cache-Control", "private, max-age=3600");
  make_harmless(response);
  http::apply_range(request, response);
  return response;
}

http::Response Storage::options(http::Request&) {
  http::Response response = http::text_response(204, "");
  open_to_pages(response);
  response.with("Access-Control-Allow-Methods", "GET, HEAD, PUT");
  response.with("Access-Control-Allow-Headers", "*");
  response.with("Access-Control-Max-Age", "86400");
  return response;
}

http::Response Storage::get(http::Request& request) {
  http::Response response = signed_content(request);
  open_to_pages(response);
  return response;
}

http::Response Storage::signed_content(http::Request& request) {
  if (!backend_.signer.allows(request)) {
    return http::error_response(403, "This URL is not signed, or has expired. Ask for a new one.");
  }
  const std::string& path = request.parameter("path");
  if (path.starts_with("run_files/")) {
    const auto parts = parts_of(path, 3);
    const auto key = parts.size() == 3 ? number(parts[1]) : std::nullopt;
    if (!key) return not_here();
    const auto file = backend_.runs.find_file(*key, parts[2]);
    if (!file) return error_answer(file.error());
    if (!*file) return not_here();
    return blob_response(backend_, request, (*file)->sha256, (*file)->name, (*file)->mimetype);
  }
  if (path.starts_with("wandb_artifacts/")) {
    const auto parts = parts_of(path, 4);
    const auto id = parts.size() >= 3 ? number(parts[1]) : std::nullopt;
    if (!id) return not_here();
    if (parts.size() == 4) return blob_response(backend_, request, parts[2], parts[3], "");
    return not_here();
  }
  if (path.starts_with("artifact_documents/")) {
    const auto parts = parts_of(path, 3);
    const auto id = parts.size() == 3 ? number(parts[1]) : std::nullopt;
    if (!id) return not_here();
    const auto version = backend_.catalog.find_version(*id);
    if (!version) return error_answer(version.error());
    if (!*version) return not_here();
    const auto entries = backend_.artifacts.entries(**version);
    if (!entries) return error_answer(entries.error());
    return http::json_response(200, manifest_document(*id, *entries));
  }
  return not_here();
}

// Where the SDK looks for a file that no URL was given for: by the artifact it was born in and its MD5.
http::Response Storage::get_by_digest(http::Request& request) {
  auto admitted = gate_.admit(request);
  if (auto* refused = std::get_if<http::Response>(&admitted)) return std::move(*refused);
  const Caller caller(backend_, std::get<account::User>(std::move(admitted)));
  const std::string& entity = request.parameter("entity");
  const std::string& project = request.parameter("project");
  const std::string& collection = request.parameter("collection");
  if (!require(caller, account::Role::kViewer, entity, project)) return not_here();
  const auto bytes = from_hex(request.parameter("md5"));
  if (!bytes) return not_here();
  const std::string md5 = to_base64(*bytes);
  const auto found = backend_.catalog.find_collection({entity, project, collection, ""});
  if (!found) return error_answer(found.error());
  if (!*found) return not_here();
  const auto members = backend_.catalog.members((*found)->id);
  if (!members) return error_answer(members.error());
  for (auto member = members->rbegin(); member != members->rend(); ++member) {
    const auto entries = backend_.artifacts.entries(member->version);
    if (!entries) return error_answer(entries.error());
    for (const artifact::Entry& entry : *entries) {
      if (entry.md5 == md5 && entry.reference.empty()) {
        return blob_response(backend_, request, entry.sha256, request.parameter("name"), "");
      }
    }
  }
  return not_here();
}

http::Response Storage::get_by_digest_v1(http::Request& request) {
  auto admitted = gate_.admit(request);
  if (auto* refused = std::get_if<http::Response>(&admitted)) return std::move(*refused);
  const Caller caller(backend_, std::get<account::User>(std::move(admitted)));
  const std::string& entity = request.parameter("entity");
  const auto bytes = from_hex(request.parameter("md5"));
  Md5 md5{};
  if (!bytes || bytes->size() != md5.size()) return not_here();
  std::copy(bytes->begin(), bytes->end(), md5.begin());
  const auto given = backend_.drafts.given(entity, md5);
  if (!given) return error_answer(given.error());
  for (const artifact::GivenContent& content : *given) {
    if (!require(caller, account::Role::kViewer, entity, content.project)) continue;
    return blob_response(backend_, request, content.sha256, request.parameter("md5"), "");
  }
  return not_here();
}

std::variant<std::unique_ptr<http::BodySink>, http::Response> Storage::open_put(
    const http::Request& request) {
  if (!backend_.signer.allows(request)) {
    return http::error_response(403, "This URL is not signed, or has expired. Ask for a new one.");
  }
  const std::string& path = request.parameter("path");
  if (path.starts_with("run_files/")) {
    const auto parts = parts_of(path, 3);
    const auto key = parts.size() == 3 ? number(parts[1]) : std::nullopt;
    if (!key) return not_here();
    if (request.content_length >= 0 && request.content_length <= kSmallUpload) {
      return std::make_unique<SmallRunFileSink>(backend_, *key, parts[2]);
    }
    Files& files = real_files();
    if (auto ok = files.make_folders(backend_.uploads); !ok) return error_answer(ok.error());
    const std::string temporary = join_path(backend_.uploads, random_uuid());
    auto file = files.create(temporary, 0600);
    if (!file) return error_answer(file.error());
    return std::make_unique<RunFileSink>(backend_, *key, parts[2], temporary, *std::move(file));
  }
  if (path.starts_with("wandb_artifacts/")) {
    const auto parts = parts_of(path, 3);
    const auto draft = parts.size() == 3 ? number(parts[1]) : std::nullopt;
    const auto md5 = draft ? from_hex(parts[2]) : std::nullopt;
    if (!md5) return not_here();
    if (request.content_length >= 0 && request.content_length <= kSmallUpload) {
      return std::make_unique<SmallDraftSink>(backend_, *draft, to_base64(*md5));
    }
    auto upload = backend_.drafts.upload(*draft, to_base64(*md5));
    if (!upload) return error_answer(upload.error());
    return std::make_unique<DraftSink>(*std::move(upload));
  }
  if (path.starts_with("artifact_parts/")) {
    const auto parts = parts_of(path, 4);
    const auto part = parts.size() == 4 ? number(parts[2]) : std::nullopt;
    if (!part) return not_here();
    auto sink = backend_.parts.open(parts[1], {*part, parts[3]});
    if (!sink) return error_answer(sink.error());
    return *std::move(sink);
  }
  if (path.starts_with("artifact_manifests/")) {
    const auto parts = parts_of(path, 5);
    const auto draft = parts.size() == 5 ? number(parts[1]) : std::nullopt;
    if (!draft) return not_here();
    return std::make_unique<ManifestSink>(backend_, *draft, parts[2]);
  }
  return not_here();
}

std::variant<std::unique_ptr<http::BodySink>, http::Response> Storage::open_ahead(
    const http::Request& request) {
  auto admitted = gate_.admit(request);
  if (auto* refused = std::get_if<http::Response>(&admitted)) return std::move(*refused);
  const Caller caller(backend_, std::get<account::User>(std::move(admitted)));
  const std::string& entity = request.parameter("entity");
  const std::string& project = request.parameter("project");
  if (auto ok = check_artifact_name("project", project); !ok) return error_answer(ok.error());
  if (auto ok = require(caller, account::Role::kMember, entity, project); !ok) {
    return error_answer(ok.error());
  }
  auto upload = backend_.drafts.upload_ahead(entity, project);
  if (!upload) return error_answer(upload.error());
  return std::make_unique<AheadSink>(*std::move(upload));
}

}  // namespace treadle::serve
