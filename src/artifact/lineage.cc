#include "code.h"
#include "core.h"
#include "rows.h"
#include <treadle/artifact/lineage.h>

#include <deque>
#include <map>
#include <set>

namespace treadle::artifact {
namespace {

// In one snapshot of a home's database.
class LocalSource final : public LineageSource {
 public:
  explicit LocalSource(db::Session& session) : session_(session) {}

  Result<std::vector<std::string>> runs_beside(const Version& version, bool up) override {
    if (up) {
      if (version.run_id.empty()) return std::vector<std::string>();
      return std::vector<std::string>{version.run_id};
    }
    return texts(session_,
                 "select run_id from artifact_use where version_id = $1 order by used, run_id",
                 [&](db::Statement& s) { s.bind(1, version.id); });
  }

  Result<std::vector<Version>> beyond(const std::string& run, bool up) override {
    return select_versions(session_,
                           up ? "v.id in (select u.version_id from artifact_use u where "
                                "u.run_id = $1) order by v.id"
                              : "v.run_id = $1 and v.run_id <> '' order by v.id",
                           [&](db::Statement& s) { s.bind(1, run); });
  }

 private:
  db::Session& session_;
};

class Walker {
 public:
  Walker(LineageSource& source, const LineageOptions& options)
      : source_(source), options_(options) {}

  Result<Lineage> run(const Version& start) {
    add(start);
    TREADLE_CHECK(walk(options_.up, true));
    TREADLE_CHECK(walk(options_.down, false));
    return std::move(out_);
  }

 private:
  struct Step {
    std::size_t version;
    int depth;
  };

  // Breadth first from the version asked for, so that a limit cuts what is farthest away.
  Result<void> walk(int most, bool up) {
    std::deque<Step> waiting{{0, 0}};
    std::set<std::size_t> seen{0};
    while (!waiting.empty()) {
      const Step step = waiting.front();
      waiting.pop_front();
      if (most >= 0 && step.depth >= most) continue;
      const Version version = out_.versions[step.version];
      TREADLE_TRY(const std::vector<std::string> runs, source_.runs_beside(version, up));
      for (const std::string& id : runs) {
        const std::size_t run = add_run(id);
        join(up ? LineageEdge::Kind::kMade : LineageEdge::Kind::kUsed, run, step.version);
        TREADLE_TRY(const std::vector<Version> next, source_.beyond(id, up));
        for (const Version& other : next) {
          const auto position = add(other);
          if (!position) continue;
          join(up ? LineageEdge::Kind::kUsed : LineageEdge::Kind::kMade, run, *position);
          if (seen.insert(*position).second) waiting.push_back({*position, step.depth + 1});
        }
      }
    }
    return {};
  }

  std::optional<std::size_t> add(const Version& version) {
    const auto it = position_.find(version.id);
    if (it != position_.end()) return it->second;
    if (out_.versions.size() >= options_.most) {
      out_.cut = true;
      return std::nullopt;
    }
    position_.emplace(version.id, out_.versions.size());
    out_.versions.push_back(version);
    return out_.versions.size() - 1;
  }

  std::size_t add_run(const std::string& id) {
    const auto [it, fresh] = run_position_.emplace(id, out_.runs.size());
    if (fresh) out_.runs.push_back(id);
    return it->second;
  }

  void join(LineageEdge::Kind kind, std::size_t run, std::size_t version) {
    if (edges_.emplace(kind == LineageEdge::Kind::kMade, run, version).second) {
      out_.edges.push_back({kind, run, version});
    }
  }

  LineageSource& source_;
  const LineageOptions& options_;
  Lineage out_;
  std::map<std::int64_t, std::size_t> position_;
  std::map<std::string, std::size_t> run_position_;
  std::set<std::tuple<bool, std::size_t, std::size_t>> edges_;
};

}  // namespace

Result<Lineage> lineage(LineageSource& source, const Version& version,
                        const LineageOptions& options) {
  return Walker(source, options).run(version);
}

Result<Lineage> lineage(Store& store, const Version& version, const LineageOptions& options) {
  Lineage out;
  TREADLE_CHECK(store.core().database.read([&](db::Session& session) -> Result<void> {
    TREADLE_CHECK(collection_of(session, version));
    LocalSource source(session);
    TREADLE_TRY(out, lineage(source, version, options));
    return {};
  }));
  return out;
}

Result<std::optional<CodeSource>> code_of(Store& store, const Version& version) {
  const Core& core = store.core();
  std::optional<CodeRow> row;
  TREADLE_CHECK(core.database.read([&](db::Session& session) -> Result<void> {
    TREADLE_TRY(row, code_of(session, version.id));
    return {};
  }));
  if (!row) return std::nullopt;
  if (row->diff) {
    auto diff = core.document(*row->diff);
    if (!diff) {
      return fail(
          std::move(diff).error().with_context("The uncommitted changes behind " + version.text()));
    }
    row->code.diff = *std::move(diff);
  }
  return std::move(row->code);
}

Result<Origin> origin_of(Store& store, const Version& version) {
  Origin out;
  out.version = version;
  out.run_id = version.run_id;
  TREADLE_TRY(out.code, code_of(store, version));
  if (version.run_id.empty()) return out;
  TREADLE_TRY(out.inputs, store.used_by(version.run_id));
  // Later steps of the run used it, and what was made after it.
  std::erase_if(out.inputs, [&](const Version& input) { return input.id >= version.id; });
  TREADLE_TRY(out.outputs, store.made_by(version.run_id));
  std::erase_if(out.outputs, [&](const Version& other) { return other.id == version.id; });
  return out;
}

}  // namespace treadle::artifact
