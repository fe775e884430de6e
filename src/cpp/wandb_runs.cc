#include <treadle/app/home.h>
#include <treadle/base/json.h>
#include <treadle/base/json_parse.h>
#include <treadle/client/runs.h>
#include <treadle/cpp/wandb_runs.h>
#include <treadle/tracking/metric.h>
#include <treadle/tracking/store.h>

#include <boost/json.hpp>

#include <exception>
#include <mutex>
#include <unistd.h>

namespace treadle::wandb {
namespace {

constexpr std::size_t kRowsAtOnce = 1024;
constexpr Micros kShownAfter = 300'000;

// A home, or a server: where runs are kept.
struct Place {
  std::unique_ptr<app::Home> home;
  std::unique_ptr<tracking::Store> remote;
  tracking::Store& runs() const { return remote ? *remote : home->tracking(); }
};

Result<Place> open_place(const std::string& home, const std::string& host,
                         const std::string& api_key) {
  Place place;
  const std::string named = host.empty() ? client::named_host() : host;
  if (named.empty() || named == "embedded") {
    app::HomeOptions options;
    options.path = home;
    TREADLE_TRY(place.home, app::Home::open(options));
    return place;
  }
  client::ConnectionOptions options;
  options.user_agent = "treadle/" TREADLE_VERSION;
  TREADLE_TRY(options.address, client::find_address({.base_url = named, .api_key = api_key}));
  TREADLE_TRY(auto server, client::Connection::open(std::move(options)));
  TREADLE_TRY(place.remote, client::open_runs(std::move(server)));
  return place;
}

std::string host_name() {
  char name[256] = {};
  return gethostname(name, sizeof(name) - 1) == 0 ? name : "";
}

std::optional<std::string> given(const std::string& text) {
  return text.empty() ? std::nullopt : std::optional<std::string>(text);
}

Result<tracking::Run> find_run(tracking::Store& store, const std::string& path) {
  const auto last = path.rfind('/');
  if (last == std::string::npos) {
    TREADLE_TRY(std::vector<tracking::Run> found, store.find_by_id(path));
    if (!found.empty()) return std::move(found.front());
    return fail(Errc::kNotFound, "There is no run '" + path + "' here.");
  }
  const auto first = path.find('/');
  tracking::RunRef ref{"", path.substr(0, last), path.substr(last + 1)};
  if (first != last) {
    ref.entity = path.substr(0, first);
    ref.project = path.substr(first + 1, last - first - 1);
  }
  return store.get(ref);
}

}  // namespace

struct Run::State {
  Place place;
  tracking::Run run;
  tracking::Summarizer summarizer;
  std::mutex mutex = {};
  std::int64_t step = 0;
  std::int64_t offset = 0;
  std::vector<std::string> rows = {};
  Micros flushed = 0;
  Micros started = 0;
  bool ended = false;
  int exceptions = std::uncaught_exceptions();

  Result<void> send(bool complete, int exit_code) {
    tracking::StreamUpdate update;
    if (!rows.empty()) update.history = tracking::Lines{offset, {rows.begin(), rows.end()}};
    const std::string summary = summarizer.summary();
    update.summary = summary;
    update.complete = complete;
    update.exit_code = exit_code;
    const auto sync = complete ? db::Sync::kYes : db::Sync::kNo;
    TREADLE_TRY(const auto reply, place.runs().stream(run.key, update, sync));
    (void)reply;
    offset += static_cast<std::int64_t>(rows.size());
    rows.clear();
    flushed = system_clock().now();
    return {};
  }
  Result<void> check_running() const {
    if (!ended) return {};
    return fail(Errc::kInvalidArgument, "The run " + run.text() + " is finished.");
  }
};

Run::Run(std::unique_ptr<State> state) : state_(std::move(state)) {}
Run::Run(Run&&) noexcept = default;
Run& Run::operator=(Run&&) noexcept = default;

Run::~Run() {
  if (state_ == nullptr || state_->ended) return;
  (void)finish(std::uncaught_exceptions() > state_->exceptions ? 1 : 0);
}

const std::string& Run::id() const {
  return state_->run.id;
}
std::string Run::path() const {
  return state_->run.text();
}

Result<void> Run::log(std::initializer_list<std::pair<std::string_view, double>> values) {
  JsonWriter w;
  w.begin_object();
  for (const auto& [key, value] : values) w.field(key, value);
  w.end_object();
  return log_json(w.str());
}

Result<void> Run::log_json(std::string_view object) {
  const std::scoped_lock lock(state_->mutex);
  TREADLE_CHECK(state_->check_running());
  boost::json::value row;
  TREADLE_CHECK(parse_json_value(object, row));
  if (!row.is_object()) return fail(Errc::kInvalidArgument, "A row must be a JSON object.");
  const Micros now = system_clock().now();
  boost::json::object& fields = row.get_object();
  fields["_timestamp"] = static_cast<double>(now) / 1e6;
  fields["_runtime"] = static_cast<double>(now - state_->started) / 1e6;
  fields["_step"] = state_->step++;
  std::string text = json_value_text(row);
  TREADLE_CHECK(state_->summarizer.add(text));
  state_->rows.push_back(std::move(text));
  if (state_->rows.size() < kRowsAtOnce && now - state_->flushed < kShownAfter) return {};
  return state_->send(false, 0);
}

Result<void> Run::set_summary(std::string_view object) {
  const std::scoped_lock lock(state_->mutex);
  TREADLE_CHECK(state_->check_running());
  TREADLE_CHECK(state_->summarizer.set(object));
  return state_->send(false, 0);
}

Result<void> Run::save(const std::string& path, const std::string& name) {
  TREADLE_TRY(const auto kept, state_->place.runs().put_file_from(state_->run.key, name, path));
  (void)kept;
  return {};
}

Result<void> Run::finish(int exit_code) {
  const std::scoped_lock lock(state_->mutex);
  if (state_->ended) return {};
  TREADLE_CHECK(state_->send(true, exit_code));
  state_->ended = true;
  return {};
}

Result<Run> init(const InitOptions& options) {
  TREADLE_TRY(Place place, open_place(options.home, options.host, options.api_key));
  tracking::RunChanges changes;
  changes.display_name = given(options.name);
  changes.notes = given(options.notes);
  changes.group = given(options.group);
  changes.job_type = given(options.job_type);
  changes.host = host_name();
  changes.add_tags = options.tags;
  changes.config_patch = options.config;
  const tracking::RunRef ref{options.entity, options.project, options.id};
  TREADLE_TRY(tracking::Started started,
              place.runs().start(ref, changes, tracking::Resume::kAllow));
  TREADLE_TRY(auto summarizer, tracking::Summarizer::make(started.run.summary));
  for (const auto& metric : tracking::metric_definitions(started.run.config)) {
    summarizer.define(metric);
  }
  auto state = std::unique_ptr<Run::State>(
      new Run::State{std::move(place), std::move(started.run), std::move(summarizer)});
  state->step = state->run.last_step + 1;
  state->offset = state->run.history_lines;
  state->started = system_clock().now();
  return Run(std::move(state));
}

struct Api::State {
  Place place;
  tracking::Store& store() const { return place.runs(); }
};

Api::Api(std::unique_ptr<State> state) : state_(std::move(state)) {}
Api::Api(Api&&) noexcept = default;
Api& Api::operator=(Api&&) noexcept = default;
Api::~Api() = default;

Result<Api> Api::open(const std::string& home, const std::string& host,
                      const std::string& api_key) {
  TREADLE_TRY(Place opened, open_place(home, host, api_key));
  return Api(std::unique_ptr<State>(new State{std::move(opened)}));
}

Result<tracking::Run> Api::run(const std::string& path) {
  return find_run(state_->store(), path);
}

Result<std::vector<tracking::Run>> Api::runs(const std::string& project, const std::string& filter,
                                             const std::string& order) {
  tracking::RunQuery query;
  const auto slash = project.find('/');
  query.entity = slash == std::string::npos ? "" : project.substr(0, slash);
  query.project = slash == std::string::npos ? project : project.substr(slash + 1);
  query.filter = filter;
  query.order = order;
  query.limit = 0;
  TREADLE_TRY(tracking::RunPage page, state_->store().runs(query));
  return std::move(page.runs);
}

Result<std::vector<tracking::Point>> Api::series(const std::string& path, const std::string& key,
                                                 std::int64_t samples) {
  TREADLE_TRY(const tracking::Run found, run(path));
  return state_->store().series(found.key, key, samples);
}

Result<std::vector<std::string>> Api::history(const std::string& path) {
  TREADLE_TRY(const tracking::Run found, run(path));
  return state_->store().rows(found.key, tracking::Stream::kHistory);
}

Result<std::vector<tracking::RunFile>> Api::files(const std::string& path) {
  TREADLE_TRY(const tracking::Run found, run(path));
  return state_->store().files(found.key);
}

Result<std::string> Api::read_file(const std::string& path, const std::string& name) {
  TREADLE_TRY(const tracking::Run found, run(path));
  return state_->store().read_file(found.key, name);
}

}  // namespace treadle::wandb
