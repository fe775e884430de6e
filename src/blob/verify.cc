// Re-hashing everything a local store holds.
#include "local_store.h"
#include "reader.h"

#include <algorithm>

namespace treadle::blob {
namespace {

constexpr int kPage = 500;

Result<std::vector<Blob>> next_page(db::Session& session, const Sha256& after, bool first) {
  TREADLE_TRY(db::Statement * s,
              session.prepare(first ? "select sha256, md5, size from blob_object "
                                      "where sha256 >= $1 order by sha256 limit $2"
                                    : "select sha256, md5, size from blob_object "
                                      "where sha256 > $1 order by sha256 limit $2"));
  s->bind_blob(1, view(after)).bind(2, kPage);
  std::vector<Blob> out;
  while (true) {
    TREADLE_TRY(const bool more, s->step());
    if (!more) return out;
    out.push_back({digest_from<Sha256>(s->text(0)), digest_from<Md5>(s->text(1)), s->integer(2)});
  }
}

Result<std::vector<Blob>> md5_collisions(db::Session& session) {
  TREADLE_TRY(db::Statement * s,
              session.prepare("select sha256, md5, size from blob_object where md5 in (select md5 "
                              "from blob_object group by md5 having count(*) > 1) "
                              "order by md5, sha256"));
  std::vector<Blob> out;
  while (true) {
    TREADLE_TRY(const bool more, s->step());
    if (!more) return out;
    out.push_back({digest_from<Sha256>(s->text(0)), digest_from<Md5>(s->text(1)), s->integer(2)});
  }
}

// A sentence on what is wrong with the content at a place, or nothing.
std::optional<std::string> problem_of(const Context& context, const Place& place) {
  const auto mismatch = [&] {
    return "The stored bytes of " + describe(place) + " are not what was put there.";
  };
  if (place.kind == Place::Kind::kInline) {
    const std::string& c = place.content;
    if (sha256(c) != place.blob.sha256 || md5(c) != place.blob.md5) return mismatch();
    return std::nullopt;
  }
  const auto file = context.files.open_read(place.file);
  if (!file) return "Cannot read " + describe(place) + ": " + file.error().message + ".";
  ContentHasher hasher;
  std::string chunk;
  std::int64_t done = 0;
  while (done < place.blob.size) {
    const std::int64_t want = std::min<std::int64_t>(kChunk, place.blob.size - done);
    auto ok =
        context.files.read_at(*file, place.offset + done, static_cast<std::size_t>(want), chunk);
    if (!ok) return "Cannot read " + describe(place) + ": " + ok.error().message + ".";
    if (chunk.empty()) return mismatch();
    hasher.update(chunk);
    done += static_cast<std::int64_t>(chunk.size());
  }
  const ContentHasher::Digests digests = hasher.finish();
  if (digests.sha256 != place.blob.sha256 || digests.md5 != place.blob.md5) return mismatch();
  return std::nullopt;
}

}  // namespace

Result<Checked> LocalStore::verify(const Progress& progress) {
  Checked out;
  std::int64_t total = 0;
  const auto find = [&](const Sha256& blob) -> Result<std::optional<Place>> {
    std::optional<Place> place;
    TREADLE_CHECK(context_.database.read([&](db::Session& session) -> Result<void> {
      TREADLE_TRY(place, find_place(context_, session, blob, true));
      return {};
    }));
    return place;
  };
  TREADLE_CHECK(context_.database.read([&](db::Session& session) -> Result<void> {
    TREADLE_TRY(db::Statement * s,
                session.prepare("select coalesce(sum(size), 0) from blob_object"));
    TREADLE_CHECK(s->step());
    total = s->integer(0);
    TREADLE_TRY(out.md5_collisions, md5_collisions(session));
    return {};
  }));
  Sha256 last{};
  for (bool first = true;; first = false) {
    std::vector<Blob> page;
    TREADLE_CHECK(context_.database.read([&](db::Session& session) -> Result<void> {
      TREADLE_TRY(page, next_page(session, last, first));
      return {};
    }));
    if (page.empty()) break;
    last = page.back().sha256;
    for (const Blob& blob : page) {
      TREADLE_TRY(std::optional<Place> place, find(blob.sha256));
      std::optional<std::string> problem;
      if (place) problem = problem_of(context_, *place);
      if (problem) {  // a sweep may have moved or removed it: look once more
        TREADLE_TRY(place, find(blob.sha256));
        if (place) problem = problem_of(context_, *place);
      }
      ++out.blobs;
      out.bytes += blob.size;
      if (place && problem) out.bad.push_back({blob, *std::move(problem)});
    }
    if (progress) progress(out.bytes, std::max(total, out.bytes));
  }
  if (context_.read_only) return out;
  for (const BadBlob& bad : out.bad) TREADLE_CHECK(mark_bad(bad.blob.sha256));
  return out;
}

}  // namespace treadle::blob
