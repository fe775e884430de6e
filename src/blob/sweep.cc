// Removing what nothing names. Order: rows first (committed and durable), files after, so that a
// row never names a file that is gone. Writers are kept safe by three things: a batch is told when
// rows it relied on went away (blob_state.generation), file names are never used twice, and what is
// younger than the grace period is left alone.
#include "batch.h"
#include "local_store.h"
#include "reader.h"

#include <algorithm>
#include <map>
#include <set>

namespace treadle::blob {
namespace {

constexpr std::size_t kRowsPerTransaction = 2000;
// Files without rows younger than this are left alone whatever the grace period: writers at work.
constexpr Micros kWriterGrace = 600LL * 1'000'000;

struct Candidate {
  Sha256 sha256;
  std::int64_t size;
};
struct Pack {
  std::int64_t id;
  std::string name;
  std::int64_t size;
  std::int64_t live_bytes;
  std::int64_t live_blobs;
};

class Sweep {
 public:
  Sweep(const Context& context, const Marker& mark, const SweepOptions& options)
      : context_(context),
        mark_(mark),
        options_(options),
        before_(context.clock.now() - options.grace) {}

  Result<Swept> run() {
    TREADLE_CHECK(find_candidates());
    if (options_.dry_run) {
      TREADLE_CHECK(count_dead_packs());
    } else {
      for (std::size_t i = 0; i < candidates_.size(); i += kRowsPerTransaction) {
        TREADLE_CHECK(
            remove_rows(std::span(candidates_)
                            .subspan(i, std::min(kRowsPerTransaction, candidates_.size() - i))));
      }
      TREADLE_CHECK(remove_dead_packs());
      TREADLE_CHECK(rewrite_sparse_packs());
    }
    TREADLE_CHECK(remove_leftovers());
    return out_;
  }

 private:
  Result<void> find_candidates() {
    return context_.database.read([&](db::Session& session) -> Result<void> {
      TREADLE_CHECK(mark_(session, used_));
      TREADLE_TRY(db::Statement * s, session.prepare("select sha256, size, file from blob_object "
                                                     "where created <= $1 order by sha256"));
      s->bind(1, before_);
      while (true) {
        TREADLE_TRY(const bool more, s->step());
        if (!more) return {};
        const auto sha256 = digest_from<Sha256>(s->text(0));
        if (used_.contains(sha256)) continue;
        candidates_.push_back({sha256, s->integer(1)});
        if (!options_.dry_run) continue;
        doomed_.insert(sha256);
        ++out_.blobs;
        out_.blob_bytes += s->integer(1);
        if (s->is_null(2)) continue;
        ++out_.files;
        out_.file_bytes += s->integer(1);
      }
    });
  }

  Result<void> remove_rows(std::span<const Candidate> rows) {
    std::vector<std::string> names;
    Swept removed;
    const auto body = [&](db::Session& session) -> Result<void> {
      TREADLE_CHECK(mark_(session, used_));
      TREADLE_TRY(db::Statement * s,
                  session.prepare("delete from blob_object where sha256 = $1 and created <= $2 "
                                  "returning file"));
      for (const Candidate& row : rows) {
        if (used_.contains(row.sha256)) continue;
        s->bind_blob(1, view(row.sha256)).bind(2, before_);
        TREADLE_TRY(const bool deleted, s->step());
        if (!deleted) continue;
        ++removed.blobs;
        removed.blob_bytes += row.size;
        if (!s->is_null(0)) {
          names.emplace_back(s->text(0));
          removed.file_bytes += row.size;
        }
        TREADLE_CHECK(s->run());
      }
      TREADLE_TRY(db::Statement * next,
                  session.prepare("update blob_state set generation = generation + 1 "
                                  "where id = 1"));
      return next->run();
    };
    TREADLE_CHECK(context_.database.write(body, db::Sync::kYes));
    out_.blobs += removed.blobs;
    out_.blob_bytes += removed.blob_bytes;
    for (const std::string& name : names) {
      TREADLE_CHECK(context_.files.remove(join_path(context_.singles(), name)));
      ++out_.files;
    }
    out_.file_bytes += removed.file_bytes;
    return {};
  }

  // Packs older than the grace period with what still lives in them.
  Result<std::vector<Pack>> packs(db::Session& session) {
    std::map<std::int64_t, Pack> out;
    TREADLE_TRY(db::Statement * all,
                session.prepare("select id, name, size from blob_pack where created <= $1"));
    all->bind(1, before_);
    while (true) {
      TREADLE_TRY(const bool more, all->step());
      if (!more) break;
      out[all->integer(0)] = {all->integer(0), std::string(all->text(1)), all->integer(2), 0, 0};
    }
    TREADLE_TRY(db::Statement * live, session.prepare("select pack_id, size, sha256 from "
                                                      "blob_object where pack_id is not null"));
    while (true) {
      TREADLE_TRY(const bool more, live->step());
      if (!more) break;
      const auto pack = out.find(live->integer(0));
      if (pack == out.end() || doomed_.contains(digest_from<Sha256>(live->text(2)))) continue;
      pack->second.live_bytes += live->integer(1);
      ++pack->second.live_blobs;
    }
    std::vector<Pack> list;
    for (auto& [id, pack] : out) list.push_back(std::move(pack));
    return list;
  }

  Result<void> count_dead_packs() {
    return context_.database.read([&](db::Session& session) -> Result<void> {
      TREADLE_TRY(const std::vector<Pack> list, packs(session));
      for (const Pack& pack : list) {
        if (pack.live_blobs > 0) continue;
        ++out_.files;
        out_.file_bytes += pack.size;
      }
      return {};
    });
  }

  Result<void> remove_dead_packs() {
    std::vector<Pack> dead;
    TREADLE_CHECK(context_.database.read([&](db::Session& session) -> Result<void> {
      TREADLE_TRY(dead, packs(session));
      std::erase_if(dead, [](const Pack& pack) { return pack.live_blobs > 0; });
      return {};
    }));
    if (dead.empty()) return {};
    // Nothing is ever added to a pack, so one that was dead outside the transaction still is. Its name is
    // asked for, too: another collector may have removed it meanwhile, and its id is then given anew.
    TREADLE_CHECK(context_.database.write(
        [&](db::Session& session) -> Result<void> {
          TREADLE_TRY(db::Statement * s,
                      session.prepare("delete from blob_pack where id = $1 and name = $2"));
          for (const Pack& pack : dead) {
            s->bind(1, pack.id).bind(2, pack.name);
            TREADLE_CHECK(s->run());
          }
          return {};
        },
        db::Sync::kYes));
    for (const Pack& pack : dead) {
      TREADLE_CHECK(context_.files.remove(join_path(context_.packs(), pack.name)));
      ++out_.files;
      out_.file_bytes += pack.size;
    }
    return {};
  }

  Result<void> rewrite_sparse_packs() {
    std::vector<Pack> sparse;
    TREADLE_CHECK(context_.database.read([&](db::Session& session) -> Result<void> {
      TREADLE_TRY(sparse, packs(session));
      std::erase_if(sparse, [](const Pack& pack) {
        return pack.live_blobs == 0 || pack.live_bytes * 2 > pack.size;
      });
      return {};
    }));
    for (const Pack& pack : sparse) TREADLE_CHECK(rewrite(pack));
    return {};
  }

  Result<void> rewrite(const Pack& old) {
    std::vector<Sha256> live;
    TREADLE_CHECK(context_.database.read([&](db::Session& session) -> Result<void> {
      TREADLE_TRY(db::Statement * s, session.prepare("select sha256 from blob_object where "
                                                     "pack_id = $1 order by pack_offset"));
      s->bind(1, old.id);
      while (true) {
        TREADLE_TRY(const bool more, s->step());
        if (!more) return {};
        live.push_back(digest_from<Sha256>(s->text(0)));
      }
    }));
    LocalReader reader(context_);
    TREADLE_CHECK(reader.locate(live));
    TREADLE_TRY(PackWriter pack, PackWriter::create(context_));
    std::vector<std::int64_t> offsets;
    const auto fill = [&]() -> Result<bool> {
      for (const Sha256& blob : live) {
        auto content = reader.read(blob, kPackSize);
        // Damaged content stays where it is, for verify() to name.
        if (!content && content.error().code == Errc::kCorrupt) return false;
        if (!content) return fail(std::move(content).error());
        TREADLE_TRY(const std::int64_t offset, pack.append(blob, *content));
        offsets.push_back(offset);
      }
      TREADLE_CHECK(pack.finish());
      return true;
    };
    const Result<bool> filled = fill();
    if (!filled || !*filled) {
      (void)context_.files.remove(pack.path());
      if (!filled) return fail(filled.error());
      return {};
    }
    bool still_there = false;
    TREADLE_CHECK(context_.database.write(
        [&](db::Session& session) -> Result<void> {
          TREADLE_TRY(db::Statement * same,
                      session.prepare("select 1 from blob_pack where id = $1 and name = $2"));
          same->bind(1, old.id).bind(2, old.name);
          TREADLE_TRY(still_there, same->step());
          if (!still_there) return {};  // another collector was faster
          TREADLE_TRY(const std::int64_t id, insert_pack(session, pack, context_.clock.now()));
          TREADLE_TRY(db::Statement * s,
                      session.prepare("update blob_object set pack_id = $1, pack_offset = $2 "
                                      "where sha256 = $3 and pack_id = $4"));
          for (std::size_t i = 0; i < live.size(); ++i) {
            s->bind(1, id).bind(2, offsets[i]).bind_blob(3, view(live[i])).bind(4, old.id);
            TREADLE_CHECK(s->run());
          }
          TREADLE_TRY(db::Statement * drop, session.prepare("delete from blob_pack where id = $1"));
          drop->bind(1, old.id);
          return drop->run();
        },
        db::Sync::kYes));
    if (!still_there) return context_.files.remove(pack.path());
    TREADLE_CHECK(context_.files.remove(join_path(context_.packs(), old.name)));
    ++out_.packs_rewritten;
    out_.file_bytes += old.size - pack.size();
    return {};
  }

  Result<void> remove_leftovers() {
    struct Found {
      std::string path;
      std::string name;
      std::int64_t size;
    };
    std::vector<Found> old;
    const Micros before = std::min(before_, context_.clock.now() - kWriterGrace);
    for (const std::string& folder : {context_.packs(), context_.singles(), context_.temporary()}) {
      auto names = context_.files.list(folder);
      if (!names && names.error().code == Errc::kNotFound) continue;
      if (!names) return fail(std::move(names).error());
      for (const std::string& name : *names) {
        const std::string path = join_path(folder, name);
        const auto stat = context_.files.stat(path, false);
        if (!stat || stat->kind != FileStat::Kind::kFile) continue;
        if (stat->mtime_ns / 1000 <= before) old.push_back({path, name, stat->size});
      }
    }
    if (old.empty()) return {};
    // Under the write lock, where a batch looks whether its files are there before it names them.
    const auto body = [&](db::Session& session) -> Result<void> {
      TREADLE_TRY(const auto named, names_in_rows(session));
      for (const Found& file : old) {
        if (named.contains(file.name)) continue;
        if (!options_.dry_run) TREADLE_CHECK(context_.files.remove(file.path));
        ++out_.files;
        out_.file_bytes += file.size;
      }
      return {};
    };
    return options_.dry_run ? context_.database.read(body) : context_.database.write(body);
  }

  static Result<std::set<std::string, std::less<>>> names_in_rows(db::Session& session) {
    std::set<std::string, std::less<>> named;
    for (const char* sql :
         {"select file from blob_object where file is not null", "select name from blob_pack"}) {
      TREADLE_TRY(db::Statement * s, session.prepare(sql));
      while (true) {
        TREADLE_TRY(const bool more, s->step());
        if (!more) break;
        named.emplace(s->text(0));
      }
    }
    return named;
  }

  const Context& context_;
  const Marker& mark_;
  const SweepOptions options_;
  const Micros before_;
  BlobSet used_;
  BlobSet doomed_;  // dry run: what would have been removed
  std::vector<Candidate> candidates_;
  Swept out_;
};

}  // namespace

Result<Swept> LocalStore::sweep(const Marker& mark, const SweepOptions& options) {
  return Sweep(context_, mark, options).run();
}

}  // namespace treadle::blob
