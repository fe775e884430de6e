// Files of a run: content in the home's blobs, names here.
#include "sql_store.h"
#include <treadle/base/digest.h>
#include <treadle/blob/store.h>
#include <treadle/model/artifact_name.h>

#include <algorithm>
#include <array>
#include <cstring>

namespace treadle::tracking {
namespace {

constexpr std::string_view kRunFileColumns =
    "select name, sha256, md5, size, mimetype, updated from tracking_file where run = $1";

RunFile read_file_row(const db::Statement& s, Sha256* sha256 = nullptr) {
  RunFile file;
  file.name = s.text(0);
  Sha256 digest{};
  const std::string_view bytes = s.text(1);
  std::memcpy(digest.data(), bytes.data(), std::min(bytes.size(), digest.size()));
  if (sha256 != nullptr) *sha256 = digest;
  file.sha256 = to_hex(digest);
  Md5 md5{};
  const std::string_view md5_bytes = s.text(2);
  std::memcpy(md5.data(), md5_bytes.data(), std::min(md5_bytes.size(), md5.size()));
  file.md5 = to_base64(md5);
  file.size = s.integer(3);
  file.mimetype = s.text(4);
  file.updated = s.integer(5);
  return file;
}

std::string_view as_text(const auto& digest) {
  return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}

std::string type_for(const std::string& name) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 16> kTypes = {{
      {".json", "application/json"},
      {".jsonl", "application/jsonl"},
      {".txt", "text/plain"},
      {".log", "text/plain"},
      {".csv", "text/csv"},
      {".html", "text/html"},
      {".md", "text/markdown"},
      {".yaml", "text/yaml"},
      {".py", "text/x-python"},
      {".png", "image/png"},
      {".jpg", "image/jpeg"},
      {".gif", "image/gif"},
      {".svg", "image/svg+xml"},
      {".wav", "audio/x-wav"},
      {".mp4", "video/mp4"},
      {".patch", "text/x-diff"},
  }};
  for (const auto& [ending, type] : kTypes) {
    if (name.ends_with(ending)) return std::string(type);
  }
  return "application/octet-stream";
}

Result<Sha256> find_blob(db::Database& database, std::int64_t run_key, const std::string& name) {
  Sha256 sha256{};
  TREADLE_CHECK(database.read([&](db::Session& session) -> Result<void> {
    TREADLE_TRY(db::Statement * s,
                session.prepare(std::string(kRunFileColumns) + " and name = $2"));
    s->bind(1, run_key).bind(2, name);
    TREADLE_TRY(const bool found, s->step());
    if (!found) return fail(Errc::kNotFound, "The run has no file '" + name + "'.");
    read_file_row(*s, &sha256);
    return {};
  }));
  return sha256;
}

}  // namespace

Result<RunFile> SqlStore::keep_file(std::int64_t run_key, const std::string& name,
                                    const std::string& mimetype,
                                    const std::function<Result<blob::Blob>(blob::Batch&)>& add) {
  TREADLE_CHECK(check_entry_path(name));
  constexpr int kMostAttempts = 10;
  for (int attempt = 0; attempt < kMostAttempts; ++attempt) {
    const std::unique_ptr<blob::Batch> batch = artifacts_.blobs().begin();
    TREADLE_TRY(const blob::Blob content, add(*batch));
    TREADLE_CHECK(batch->finish());
    RunFile file{name,
                 to_hex(content.sha256),
                 to_base64(content.md5),
                 content.size,
                 mimetype.empty() ? type_for(name) : mimetype,
                 options_.clock.now()};
    bool collected = false;
    const auto written = database_.write([&](db::Session& session) -> Result<void> {
      TREADLE_TRY(const RunRow row, get_run(session, run_key, false));
      TREADLE_TRY(const bool recorded, batch->record(session));
      collected = !recorded;
      if (collected) return fail(Errc::kBusy, "Garbage collection removed content meanwhile.");
      TREADLE_TRY(db::Statement * s,
                  session.prepare("delete from tracking_file where run = $1 and name = $2"));
      s->bind(1, row.run.key).bind(2, name);
      TREADLE_CHECK(s->run());
      TREADLE_TRY(s,
                  session.prepare("insert into tracking_file (id, run, name, sha256, md5, size, "
                                  "mimetype, updated) select coalesce(max(id), 0) + 1, $1, $2, $3, "
                                  "$4, $5, $6, $7 from tracking_file"));
      s->bind(1, run_key)
          .bind(2, name)
          .bind_blob(3, as_text(content.sha256))
          .bind_blob(4, as_text(content.md5))
          .bind(5, file.size)
          .bind(6, file.mimetype)
          .bind(7, file.updated);
      return s->run();
    });
    if (written) return file;
    if (!collected) return fail(written.error());
  }
  return fail(Errc::kBusy, "Garbage collection kept removing content while the run's file '" +
                               name + "' was being kept. Try again when it is done.");
}

Result<RunFile> SqlStore::put_file(std::int64_t run_key, const std::string& name,
                                   std::string_view bytes, const std::string& mimetype) {
  return keep_file(run_key, name, mimetype, [&](blob::Batch& batch) { return batch.add(bytes); });
}

Result<RunFile> SqlStore::put_file_from(std::int64_t run_key, const std::string& name,
                                        const std::string& path, const std::string& mimetype) {
  return keep_file(run_key, name, mimetype, [&](blob::Batch& batch) -> Result<blob::Blob> {
    TREADLE_TRY(const FileStat stat, real_files().stat(path));
    const std::array<blob::SourceFile, 1> sources = {{{path, stat.size, {}}}};
    TREADLE_TRY(const std::vector<blob::Blob> kept, batch.add_files(sources));
    return kept.front();
  });
}

Result<std::vector<RunFile>> SqlStore::files(std::int64_t run_key, const std::string& pattern) {
  std::vector<RunFile> files;
  TREADLE_CHECK(database_.read([&](db::Session& session) -> Result<void> {
    files.clear();
    TREADLE_TRY(db::Statement * s, session.prepare(std::string(kRunFileColumns) +
                                                   " and ($2 = '' or name like $2) order by name"));
    s->bind(1, run_key).bind(2, pattern);
    while (true) {
      TREADLE_TRY(const bool more, s->step());
      if (!more) return {};
      files.push_back(read_file_row(*s));
    }
  }));
  return files;
}

Result<std::optional<RunFile>> SqlStore::find_file(std::int64_t run_key, const std::string& name) {
  std::optional<RunFile> file;
  TREADLE_CHECK(database_.read([&](db::Session& session) -> Result<void> {
    TREADLE_TRY(db::Statement * s,
                session.prepare(std::string(kRunFileColumns) + " and name = $2"));
    s->bind(1, run_key).bind(2, name);
    TREADLE_TRY(const bool found, s->step());
    if (found) file = read_file_row(*s);
    return {};
  }));
  return file;
}

Result<std::string> SqlStore::read_file(std::int64_t run_key, const std::string& name,
                                        std::int64_t limit) {
  TREADLE_TRY(const Sha256 sha256, find_blob(database_, run_key, name));
  return artifacts_.blobs().reader()->read(sha256, limit);
}

Result<void> SqlStore::copy_file(std::int64_t run_key, const std::string& name,
                                 const std::string& path) {
  TREADLE_TRY(const Sha256 sha256, find_blob(database_, run_key, name));
  const std::string temporary = path + ".part";
  TREADLE_CHECK(real_files().remove(temporary));
  auto copied = artifacts_.blobs().reader()->copy(sha256, temporary);
  if (copied) copied = real_files().rename(temporary, path);
  if (!copied) (void)real_files().remove(temporary);
  return copied;
}

Result<void> SqlStore::remove_file(std::int64_t run_key, const std::string& name) {
  return database_.write([&](db::Session& session) -> Result<void> {
    TREADLE_TRY(db::Statement * s,
                session.prepare("delete from tracking_file where run = $1 and name = $2"));
    s->bind(1, run_key).bind(2, name);
    TREADLE_CHECK(s->run());
    if (session.changes() == 0) return fail(Errc::kNotFound, "The run has no file '" + name + "'.");
    return {};
  });
}

}  // namespace treadle::tracking
