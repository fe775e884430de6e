// Listing runs. A filter is evaluated here and not in SQL: only the columns and the values it names
// are read, each in one pass over an index, and every database means the same by it.
#include "filter.h"
#include "sql_store.h"
#include <treadle/base/json_parse.h>

#include <boost/json.hpp>

#include <algorithm>
#include <charconv>
#include <numeric>
#include <unordered_map>

namespace treadle::tracking {
namespace {

using boost::json::value;

// One field of every run that is looked at; what is missing has `has` false.
struct FieldColumn {
  std::vector<value> values;
  std::vector<char> has;
  void set(std::size_t row, value v) {
    values[row] = std::move(v);
    has[row] = 1;
  }
  const value* get(std::size_t row) const { return has[row] != 0 ? &values[row] : nullptr; }
};

struct BaseRow {
  std::int64_t key = 0;
  bool indexed = false;
  Micros heartbeat = 0;
};

value scalar_of(std::string_view text) {
  double real = 0;
  std::int64_t integer = 0;
  const char* const end = text.data() + text.size();
  if (const auto r = std::from_chars(text.data(), end, integer);
      r.ec == std::errc() && r.ptr == end) {
    return integer;
  }
  if (const auto r = std::from_chars(text.data(), end, real); r.ec == std::errc() && r.ptr == end) {
    return real;
  }
  value v;
  (void)parse_json_value(text, v);
  return v;
}

// A path into a document, whose names may have dots themselves.
const value* find_path(const value& document, std::string_view path) {
  if (!document.is_object()) return nullptr;
  const boost::json::object& object = document.get_object();
  if (const value* whole = object.if_contains(path)) return whole;
  for (std::size_t dot = path.find('.'); dot != std::string_view::npos;
       dot = path.find('.', dot + 1)) {
    const value* inner = object.if_contains(path.substr(0, dot));
    if (inner == nullptr) continue;
    if (const value* found = find_path(*inner, path.substr(dot + 1))) return found;
  }
  return nullptr;
}

class Listing {
 public:
  Listing(db::Session& session, const RunQuery& query, const StoreOptions& options, Micros now)
      : session_(session), query_(query), options_(options), now_(now) {}

  // Keys of the runs that match, in order.
  Result<std::vector<std::int64_t>> run() {
    TREADLE_TRY(const Filter filter, Filter::parse(query_.filter));
    TREADLE_TRY(std::vector<OrderBy> order, parse_order(query_.order));
    if (order.empty()) order.push_back({{Field::Kind::kTime, "created", ""}, false});
    fields_ = filter.fields();
    std::vector<std::size_t> order_fields;
    for (const OrderBy& by : order) {
      const auto it = std::find(fields_.begin(), fields_.end(), by.field);
      order_fields.push_back(static_cast<std::size_t>(it - fields_.begin()));
      if (it == fields_.end()) fields_.push_back(by.field);
    }
    TREADLE_CHECK(load_rows());
    TREADLE_CHECK(load_tags());
    TREADLE_CHECK(load_documents_columns());

    std::vector<std::size_t> found;
    std::size_t row = 0;
    const FieldValue get = [&](std::size_t field) { return columns_[field].get(row); };
    for (; row < rows_.size(); ++row) {
      if (filter.matches_all() || filter.matches(get)) found.push_back(row);
    }
    std::stable_sort(found.begin(), found.end(), [&](std::size_t a, std::size_t b) {
      for (std::size_t i = 0; i < order.size(); ++i) {
        const FieldColumn& column = columns_[order_fields[i]];
        const value* x = column.get(a);
        const value* y = column.get(b);
        if (x == nullptr || y == nullptr) {
          if ((x == nullptr) != (y == nullptr)) return y == nullptr;  // missing ones last
          continue;
        }
        const int c = compare_values(x, y);
        if (c != 0) return order[i].descending ? c > 0 : c < 0;
      }
      return order.front().descending ? a > b : a < b;
    });
    std::vector<std::int64_t> keys;
    keys.reserve(found.size());
    for (const std::size_t i : found) keys.push_back(rows_[i].key);
    return keys;
  }

  // Runs whose values were not in the index and that have been silent since.
  const std::vector<std::int64_t>& silent() const { return silent_; }

 private:
  static constexpr std::string_view kScope =
      " from tracking_run r join tracking_project p on p.id = r.project where ($1 = '' or p.entity "
      "= "
      "$1) and ($2 = '' or p.name = $2)";

  void bind_scope(db::Statement& s) const { s.bind(1, query_.entity).bind(2, query_.project); }

  Result<void> load_rows() {
    std::string sql = "select r.id, r.indexed, r.heartbeat";
    for (const Field& field : fields_) {
      switch (field.kind) {
        case Field::Kind::kText:
        case Field::Kind::kNumber:
        case Field::Kind::kTime:
        case Field::Kind::kState:
          sql += ", r." + field.name;
          break;
        case Field::Kind::kDuration:
          sql += ", case when r.finished > 0 then r.finished else r.heartbeat end - r.created";
          break;
        default:
          sql += ", 0";
      }
    }
    sql += std::string(kScope) + " order by r.created, r.id";
    TREADLE_TRY(db::Statement * s, session_.prepare(sql));
    bind_scope(*s);
    columns_.resize(fields_.size());
    while (true) {
      TREADLE_TRY(const bool more, s->step());
      if (!more) break;
      rows_.push_back({s->integer(0), s->integer(1) != 0, s->integer(2)});
      row_of_.emplace(rows_.back().key, rows_.size() - 1);
      for (std::size_t i = 0; i < fields_.size(); ++i) {
        add_value(fields_[i], columns_[i], *s, static_cast<int>(i) + 3);
      }
    }
    return {};
  }

  void add_value(const Field& field, FieldColumn& column, const db::Statement& s, int at) {
    bool has = !s.is_null(at);
    value v;
    switch (field.kind) {
      case Field::Kind::kText:
        v.emplace_string() = s.text(at);
        break;
      case Field::Kind::kNumber:
        v = s.integer(at);
        break;
      case Field::Kind::kTime:
        v = s.integer(at);
        has = s.integer(at) != 0;
        break;
      case Field::Kind::kDuration:
        v = static_cast<double>(s.integer(at)) / 1e6;
        break;
      case Field::Kind::kState: {
        const State state = state_now(static_cast<State>(s.integer(at)), rows_.back().heartbeat,
                                      now_, options_.crashed_after);
        v.emplace_string() = to_string(state);
        break;
      }
      case Field::Kind::kTags:
        v.emplace_array();
        break;
      case Field::Kind::kDocument:
        has = false;
        break;
    }
    column.values.push_back(std::move(v));
    column.has.push_back(has ? 1 : 0);
  }

  Result<void> load_tags() {
    for (std::size_t i = 0; i < fields_.size(); ++i) {
      if (fields_[i].kind != Field::Kind::kTags) continue;
      TREADLE_TRY(db::Statement * s,
                  session_.prepare("select t.run, t.tag from tracking_tag t where t.run in (select "
                                   "r.id" +
                                   std::string(kScope) + ") order by t.run, t.position"));
      bind_scope(*s);
      while (true) {
        TREADLE_TRY(const bool more, s->step());
        if (!more) break;
        const auto row = row_of_.find(s->integer(0));
        if (row == row_of_.end()) continue;
        columns_[i].values[row->second].get_array().emplace_back(boost::json::string(s->text(1)));
      }
    }
    return {};
  }

  Result<void> load_documents_columns() {
    bool any = false;
    for (std::size_t i = 0; i < fields_.size(); ++i) {
      const Field& field = fields_[i];
      if (field.kind != Field::Kind::kDocument) continue;
      any = true;
      TREADLE_CHECK(load_indexed(field.name, columns_[i]));
      if (!field.other.empty()) TREADLE_CHECK(load_indexed(field.other, columns_[i]));
    }
    if (!any) return {};
    for (std::size_t row = 0; row < rows_.size(); ++row) {
      if (rows_[row].indexed) continue;
      TREADLE_CHECK(load_unindexed(row));
      if (rows_[row].heartbeat + options_.crashed_after < now_) silent_.push_back(rows_[row].key);
    }
    return {};
  }

  Result<void> load_indexed(const std::string& path, FieldColumn& column) {
    TREADLE_TRY(
        db::Statement * s,
        session_.prepare("select v.run, v.value from tracking_value v where v.path in (select "
                         "t.id from tracking_path t join tracking_project p on p.id = "
                         "t.project where t.path = $3 and ($1 = '' or p.entity = $1) and ($2 "
                         "= '' or p.name = $2))"));
    bind_scope(*s);
    s->bind(3, path);
    while (true) {
      TREADLE_TRY(const bool more, s->step());
      if (!more) return {};
      const auto row = row_of_.find(s->integer(0));
      if (row == row_of_.end() || !rows_[row->second].indexed || column.has[row->second] != 0) {
        continue;
      }
      column.set(row->second, scalar_of(s->text(1)));
    }
  }

  // A run that is at work: its documents are read themselves.
  Result<void> load_unindexed(std::size_t row) {
    TREADLE_TRY(const Documents documents, load_documents(session_, rows_[row].key));
    value config, summary;
    TREADLE_CHECK(parse_json_value(documents.config, config));
    TREADLE_CHECK(parse_json_value(documents.summary, summary));
    for (std::size_t i = 0; i < fields_.size(); ++i) {
      const Field& field = fields_[i];
      if (field.kind != Field::Kind::kDocument) continue;
      for (const std::string* name : {&field.name, &field.other}) {
        if (name->empty()) continue;
        const std::size_t dot = name->find('.');
        const value* found = find_path(name->starts_with("config.") ? config : summary,
                                       std::string_view(*name).substr(dot + 1));
        // As in the index: an object is there only as its values, unless it is empty.
        if (found == nullptr || (found->is_object() && !found->get_object().empty())) continue;
        columns_[i].set(row, *found);
        break;
      }
    }
    return {};
  }

  db::Session& session_;
  const RunQuery& query_;
  const StoreOptions& options_;
  const Micros now_;
  std::vector<Field> fields_;
  std::vector<FieldColumn> columns_;
  std::vector<BaseRow> rows_;
  std::unordered_map<std::int64_t, std::size_t> row_of_;
  std::vector<std::int64_t> silent_;
};

}  // namespace

Result<RunPage> SqlStore::runs(const RunQuery& query) {
  RunPage page;
  std::vector<std::int64_t> silent;
  const Micros now = options_.clock.now();
  TREADLE_CHECK(database_.read([&](db::Session& session) -> Result<void> {
    page = {};
    Listing listing(session, query, options_, now);
    TREADLE_TRY(const std::vector<std::int64_t> keys, listing.run());
    silent = listing.silent();
    page.total = static_cast<std::int64_t>(keys.size());
    auto begin = keys.begin();
    if (query.after != 0) {
      begin = std::find(keys.begin(), keys.end(), query.after);
      if (begin == keys.end()) {
        return fail(Errc::kNotFound,
                    "The run this page of the list goes on after is not in it any more: it was "
                    "deleted or changed. Begin with the first page.");
      }
      ++begin;
    }
    auto end = keys.end();
    if (query.limit > 0 && end - begin > query.limit) end = begin + query.limit;
    page.more = end != keys.end();
    for (auto it = begin; it != end; ++it) {
      TREADLE_TRY(auto row, select_run(session, *it, query.with_documents));
      if (row) page.runs.push_back(std::move(row->run));
    }
    return {};
  }));
  for (Run& run : page.runs) {
    run.state = state_now(run.state, run.heartbeat, now, options_.crashed_after);
  }
  index_silent(silent);
  return page;
}

Result<std::int64_t> SqlStore::count(const RunQuery& query) {
  std::int64_t count = 0;
  TREADLE_CHECK(database_.read([&](db::Session& session) -> Result<void> {
    Listing listing(session, query, options_, options_.clock.now());
    TREADLE_TRY(const std::vector<std::int64_t> keys, listing.run());
    count = static_cast<std::int64_t>(keys.size());
    return {};
  }));
  return count;
}

// Runs that ended without saying so are put into the index when they are met. It only saves time
// later, so that a home that cannot be written is no error.
void SqlStore::index_silent(const std::vector<std::int64_t>& runs) {
  constexpr std::size_t kWorthIt = 16;
  constexpr std::size_t kMost = 500;
  if (runs.size() < kWorthIt) return;
  (void)database_.write([&](db::Session& session) -> Result<void> {
    for (std::size_t i = 0; i < std::min(runs.size(), kMost); ++i) {
      TREADLE_TRY(const auto row, select_run(session, runs[i]));
      if (!row || row->indexed) continue;
      TREADLE_CHECK(index_values(
          session, row->project_key, runs[i],
          {row->run.config, row->run.summary, row->run.metadata, row->run.system_metrics}));
    }
    return {};
  });
}

}  // namespace treadle::tracking
