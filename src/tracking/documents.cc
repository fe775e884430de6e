#include "documents.h"

#include <treadle/base/json.h>
#include <treadle/base/json_parse.h>

#include <boost/json.hpp>

#include <map>

namespace treadle::tracking {
namespace {

constexpr std::size_t kMostLeaves = 5'000;      // per document; what comes after is not found by
constexpr std::size_t kLongestIndexed = 1'024;  // longer values are only known to exist

Result<boost::json::object> parse_object(std::string_view text, std::string_view what) {
  boost::json::value value;
  if (auto parsed = parse_json_value(text, value); !parsed) {
    return fail(std::move(parsed).error().with_context("the " + std::string(what)));
  }
  if (!value.is_object()) {
    return fail(Errc::kInvalidArgument, "The " + std::string(what) + " must be a JSON object.");
  }
  return std::move(value.get_object());
}

void add_leaf(const std::string& path, const boost::json::value& value, std::size_t most,
              std::vector<std::pair<std::string, std::string>>& leaves) {
  if (leaves.size() >= most) return;
  if (value.is_object() && !value.get_object().empty()) {
    for (const auto& [key, inner] : value.get_object()) {
      add_leaf(path + "." + std::string(key), inner, most, leaves);
    }
    return;
  }
  std::string text = json_value_text(value);
  if (text.size() > kLongestIndexed) text = "{}";
  leaves.emplace_back(path, std::move(text));
}

Result<std::int64_t> path_id(db::Session& session, std::int64_t project, const std::string& path) {
  TREADLE_TRY(db::Statement * s,
              session.prepare("select id from tracking_path where project = $1 and path = $2"));
  s->bind(1, project).bind(2, path);
  TREADLE_TRY(const bool found, s->step());
  if (found) return s->integer(0);
  TREADLE_TRY(s,
              session.prepare("insert into tracking_path (id, project, path) select "
                              "coalesce(max(id), 0) + 1, $1, $2 from tracking_path returning id"));
  s->bind(1, project).bind(2, path);
  TREADLE_TRY(const bool made, s->step());
  return made ? s->integer(0) : 0;
}

}  // namespace

Result<void> check_object(std::string_view text, std::string_view what) {
  TREADLE_TRY(const boost::json::object object, parse_object(text, what));
  (void)object;
  return {};
}

Result<std::string> with_patch(std::string_view object, std::string_view patch,
                               std::string_view what) {
  TREADLE_TRY(boost::json::object whole, parse_object(object, what));
  TREADLE_TRY(const boost::json::object changes, parse_object(patch, what));
  for (const auto& [key, value] : changes) whole.insert_or_assign(key, value);
  return json_value_text(whole);
}

void add_leaves(std::string_view prefix, const boost::json::value& document,
                std::vector<std::pair<std::string, std::string>>& leaves) {
  if (!document.is_object()) return;
  const std::size_t most = leaves.size() + kMostLeaves;
  for (const auto& [key, value] : document.get_object()) {
    add_leaf(std::string(prefix) + "." + std::string(key), value, most, leaves);
  }
}

Result<Documents> load_documents(db::Session& session, std::int64_t run) {
  TREADLE_TRY(db::Statement * s, session.prepare("select config, summary, metadata, system_metrics "
                                                 "from tracking_document where run = $1"));
  s->bind(1, run);
  TREADLE_TRY(const bool found, s->step());
  Documents documents;
  if (found) {
    documents.config = s->text(0);
    documents.summary = s->text(1);
    documents.metadata = s->text(2);
    documents.system_metrics = s->text(3);
  }
  return documents;
}

Result<void> save_documents(db::Session& session, std::int64_t run, const Documents& documents) {
  TREADLE_TRY(db::Statement * s,
              session.prepare("insert into tracking_document (run, config, summary, metadata, "
                              "system_metrics) values ($1, $2, $3, $4, $5) on conflict (run) do "
                              "update set config = excluded.config, summary = excluded.summary, "
                              "metadata = excluded.metadata, system_metrics = "
                              "excluded.system_metrics"));
  s->bind(1, run)
      .bind(2, documents.config)
      .bind(3, documents.summary)
      .bind(4, documents.metadata)
      .bind(5, documents.system_metrics);
  return s->run();
}

Result<void> index_values(db::Session& session, std::int64_t project, std::int64_t run,
                          const Documents& documents) {
  std::vector<std::pair<std::string, std::string>> leaves;
  boost::json::value config, summary;
  TREADLE_CHECK(parse_json_value(documents.config, config));
  TREADLE_CHECK(parse_json_value(documents.summary, summary));
  if (config.is_object()) config.get_object().erase("_wandb");
  add_leaves("config", config, leaves);
  add_leaves("summary_metrics", summary, leaves);
  std::map<std::int64_t, std::string> wanted;
  for (auto& [path, text] : leaves) {
    TREADLE_TRY(const std::int64_t id, path_id(session, project, path));
    wanted.insert_or_assign(id, std::move(text));
  }
  std::map<std::int64_t, std::string> there;
  TREADLE_TRY(db::Statement * s,
              session.prepare("select path, value from tracking_value where run = $1"));
  s->bind(1, run);
  while (true) {
    TREADLE_TRY(const bool more, s->step());
    if (!more) break;
    there.emplace(s->integer(0), s->text(1));
  }
  for (const auto& [path, text] : wanted) {
    const auto it = there.find(path);
    if (it != there.end() && it->second == text) continue;
    TREADLE_TRY(db::Statement * put,
                session.prepare("insert into tracking_value (path, run, value) values ($1, $2, $3) "
                                "on conflict (path, run) do update set value = excluded.value"));
    put->bind(1, path).bind(2, run).bind(3, text);
    TREADLE_CHECK(put->run());
  }
  for (const auto& [path, text] : there) {
    if (wanted.contains(path)) continue;
    TREADLE_TRY(db::Statement * remove,
                session.prepare("delete from tracking_value where path = $1 and run = $2"));
    remove->bind(1, path).bind(2, run);
    TREADLE_CHECK(remove->run());
  }
  TREADLE_TRY(s, session.prepare("update tracking_run set indexed = 1 where id = $1"));
  s->bind(1, run);
  return s->run();
}

}  // namespace treadle::tracking
