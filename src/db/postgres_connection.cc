#include "postgres_connection.h"

#include "postgres_text.h"
#include <treadle/base/digest.h>
#include <treadle/base/files.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <poll.h>
#include <thread>
#include <unistd.h>

namespace treadle::db {
namespace {

constexpr std::size_t kMostUnanswered = 256;
constexpr std::size_t kMostStatements = 500;
constexpr int kMostLooks = 1000;
constexpr auto kBetweenLooks = std::chrono::milliseconds(5);

Errc code_for(std::string_view state) {
  if (state == "42501") return Errc::kPermissionDenied;
  if (state == "25006") return Errc::kReadOnly;
  if (state == "53100") return Errc::kDiskFull;
  // Too many connections, going down, coming up; waited for too long; a conflict.
  if (state == "53300" || state.starts_with("57P") || state.starts_with("08")) return Errc::kBusy;
  if (state == "55P03" || state.starts_with("40")) return Errc::kBusy;
  if (state == "3D000") return Errc::kNotFound;
  if (state.starts_with("23")) return Errc::kAlreadyExists;
  // Not a value of its type; more than an index or a row can hold.
  if (state.starts_with("22") || state.starts_with("54")) return Errc::kInvalidArgument;
  if (state.starts_with("28")) return Errc::kPermissionDenied;
  if (state.starts_with("XX00") && state != "XX000") return Errc::kCorrupt;
  if (state.starts_with("53") || state.starts_with("58")) return Errc::kIo;
  return Errc::kInternal;
}

std::string cure(Errc code) {
  switch (code) {
    case Errc::kDiskFull:
      return " Free some space on the database's disk; nothing of this change was kept.";
    case Errc::kNotFound:
      return " Create it first (createdb).";
    default:
      return "";
  }
}

// libpq's messages end in a newline and may have several lines.
std::string one_line(std::string_view text) {
  std::string out;
  for (const char c : text) out += c == '\n' ? ' ' : c;
  while (!out.empty() && (out.back() == ' ' || out.back() == '.')) out.pop_back();
  return out;
}

void quiet(void*, const char*) {}

// The processes that may be asked whether they live: those that share our process ids. Names of hosts
// repeat, and so do numbers of containers on different machines; which start of which machine's
// kernel it is, and which name space of that kernel, does not.
std::string here() {
  char space[64] = {};
  (void)readlink("/proc/self/ns/pid", space, sizeof(space) - 1);
  const auto boot = read_file(real_files(), "/proc/sys/kernel/random/boot_id");
  char host[256] = {};
  if (!boot) (void)gethostname(host, sizeof(host) - 1);
  return to_hex(sha256((boot ? *boot : std::string(host)) + space)).substr(0, 16);
}

// When the process began, in ticks of the kernel: ids are given again. "" = not known.
std::string start_of(pid_t process) {
  const auto stat = read_file(real_files(), "/proc/" + std::to_string(process) + "/stat");
  if (!stat) return "";
  std::size_t at = stat->rfind(')');  // the name before it may hold anything
  for (int field = 2; field < 22 && at != std::string::npos; ++field) at = stat->find(' ', at + 1);
  if (at == std::string::npos) return "";
  return stat->substr(at + 1, stat->find(' ', at + 1) - at - 1);
}

// As the name of a connection: "treadle <here> <process id> <start>".
std::string own_name() {
  return "treadle " + here() + " " + std::to_string(getpid()) + " " + start_of(getpid());
}

bool is_dead(std::string_view name) {
  std::array<std::string_view, 4> words{};
  for (std::string_view& word : words) {
    const std::size_t space = std::min(name.find(' '), name.size());
    word = name.substr(0, space);
    name.remove_prefix(std::min(space + 1, name.size()));
  }
  pid_t process = 0;
  (void)std::from_chars(words[2].data(), words[2].data() + words[2].size(), process);
  if (process <= 0) return false;
  if (kill(process, 0) != 0 && errno == ESRCH) return true;
  const std::string start = start_of(process);
  return !start.empty() && !words[3].empty() && start != words[3];
}

}  // namespace

// --- Statement -----------------------------------------------------------------------------------

PostgresStatement::PostgresStatement(PostgresConnection& connection, std::string_view sql,
                                     bool gives_rows)
    : connection_(connection), sql_(sql), gives_rows_(gives_rows) {
  const std::vector<bool> named = parameters_in(sql);
  parameters_.resize(named.size());
  for (std::size_t i = 0; i < named.size(); ++i) parameters_[i].named = named[i];
}

PostgresStatement::Parameter* PostgresStatement::parameter(int number) {
  if (running_) reset();
  const auto i = static_cast<std::size_t>(number);
  if (number < 1 || i >= parameters_.size() || !parameters_[i].named) {
    bad_parameter_ = true;
    return nullptr;
  }
  Parameter& p = parameters_[i];
  p.null = false;
  p.binary = false;
  return &p;
}

Statement& PostgresStatement::bind(int number, std::int64_t value) {
  if (Parameter* p = parameter(number)) {
    p->type = kInt8;
    p->own = std::to_string(value);
    p->view = p->own;
  }
  return *this;
}

Statement& PostgresStatement::bind(int number, double value) {
  if (Parameter* p = parameter(number)) {
    p->type = kFloat8;
    std::array<char, 32> digits{};
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
    p->own.assign(digits.data(), end);
    p->view = p->own;
  }
  return *this;
}

Statement& PostgresStatement::bind(int number, std::string_view text) {
  if (Parameter* p = parameter(number)) {
    p->binary = true;  // of text that is the text itself, with its length
    p->type = kText;
    p->view = storable_text(text, p->own);
  }
  return *this;
}

Statement& PostgresStatement::bind_blob(int number, std::string_view bytes) {
  if (Parameter* p = parameter(number)) {
    p->type = kBytea;
    p->binary = true;
    p->view = bytes;
  }
  return *this;
}

Statement& PostgresStatement::bind_null(int number) {
  if (Parameter* p = parameter(number)) p->null = true;
  return *this;
}

// The types of what is bound first are the statement's; a null says nothing and leaves it to the
// server. Numbers travel as text, so a whole number may be bound where a real was before.
Result<void> PostgresStatement::prepare_once() {
  bool fits = prepared_;
  for (std::size_t i = 1; i < parameters_.size() && fits; ++i) {
    const Parameter& p = parameters_[i];
    fits = p.null || p.declared == p.type || (p.declared == 0 && p.type != kBytea) ||
           (p.declared == kFloat8 && p.type == kInt8);
  }
  if (fits) return {};
  name_ = "s" + std::to_string(connection_.next_name_++);
  std::vector<Oid> types;
  for (std::size_t i = 1; i < parameters_.size(); ++i) {
    Parameter& p = parameters_[i];
    p.declared = p.named ? (p.null ? p.declared : p.type) : static_cast<unsigned>(kText);
    types.push_back(p.declared);
  }
  prepared_ = true;
  connection_.new_.push_back(this);
  return connection_.note(
      PostgresConnection::Sent::kPrepare,
      connection_.pq_->PQsendPrepare(connection_.handle_, name_.c_str(), sql_.c_str(),
                                     static_cast<int>(types.size()), types.data()) != 0);
}

Result<void> PostgresStatement::send() {
  if (bad_parameter_) {
    bad_parameter_ = false;
    return connection_.fail_with(
        {Errc::kInternal, "a value was bound to a parameter that is not in: " + sql_});
  }
  TREADLE_CHECK(connection_.check());
  TREADLE_CHECK(prepare_once());
  std::vector<const char*> values;
  std::vector<int> lengths;
  std::vector<int> formats;
  for (std::size_t i = 1; i < parameters_.size(); ++i) {
    const Parameter& p = parameters_[i];
    const char* data = p.view.data() == nullptr ? "" : p.view.data();
    values.push_back(p.null ? nullptr : data);
    lengths.push_back(static_cast<int>(p.view.size()));
    formats.push_back(p.binary ? 1 : 0);
  }
  return connection_.note(
      gives_rows_ ? PostgresConnection::Sent::kRows : PostgresConnection::Sent::kChange,
      connection_.pq_->PQsendQueryPrepared(connection_.handle_, name_.c_str(),
                                           static_cast<int>(values.size()), values.data(),
                                           lengths.data(), formats.data(), 1) != 0);
}

Result<bool> PostgresStatement::step() {
  if (!running_) {
    TREADLE_CHECK(send());
    if (!gives_rows_) return false;
    TREADLE_CHECK(connection_.receive(this));
    running_ = true;
  }
  if (row_ != nullptr) connection_.pq_->PQclear(std::exchange(row_, nullptr));
  if (!waiting_.empty()) {
    row_ = waiting_.front();
    waiting_.pop_front();
  } else if (connection_.reading_ == this) {
    TREADLE_TRY(row_, connection_.next_row());
  }
  if (row_ != nullptr) {
    shown_.clear();
    return true;
  }
  TREADLE_CHECK(connection_.check());  // a query may fail after its first rows
  reset();
  return false;
}

void PostgresStatement::reset() {
  if (connection_.reading_ == this) connection_.reading_ = nullptr;
  if (row_ != nullptr) connection_.pq_->PQclear(std::exchange(row_, nullptr));
  for (PGresult* row : waiting_) connection_.pq_->PQclear(row);
  waiting_.clear();
  running_ = false;
}

std::string_view PostgresStatement::raw(int column) const {
  const Libpq& pq = *connection_.pq_;
  if (is_null(column)) return {};
  return {pq.PQgetvalue(row_, 0, column),
          static_cast<std::size_t>(pq.PQgetlength(row_, 0, column))};
}

unsigned PostgresStatement::type(int column) const {
  return connection_.pq_->PQftype(row_, column);
}

bool PostgresStatement::is_null(int column) const {
  return connection_.pq_->PQgetisnull(row_, 0, column) != 0;
}

std::int64_t PostgresStatement::integer(int column) const {
  return is_null(column) ? 0 : integer_of(type(column), raw(column));
}

double PostgresStatement::real(int column) const {
  return is_null(column) ? 0 : real_of(type(column), raw(column));
}

std::string_view PostgresStatement::text(int column) const {
  const unsigned kind = type(column);
  if (is_null(column) || !is_number(kind)) return raw(column);
  if (kind == kFloat4 || kind == kFloat8) {
    std::array<char, 32> digits{};
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), real(column)).ptr;
    return shown_.emplace_back(digits.data(), end);
  }
  return shown_.emplace_back(std::to_string(integer(column)));
}

// --- Connection ----------------------------------------------------------------------------------

Result<void> PostgresConnection::open(const PostgresTarget& target) {
  TREADLE_TRY(pq_, load_libpq());
  label_ = target.label;
  // What stands before the URL is a default, what stands after it is not up to it.
  const char* keywords[] = {"connect_timeout", "fallback_application_name", "dbname",
                            "client_encoding", nullptr};
  const std::string name = own_name();
  const char* values[] = {"10", name.c_str(), target.url.c_str(), "UTF8", nullptr};
  handle_ = pq_->PQconnectdbParams(keywords, values, 1);
  if (handle_ == nullptr) return fail(Errc::kIo, "no memory for a connection");
  if (pq_->PQstatus(handle_) != CONNECTION_OK) {
    const std::string why = one_line(pq_->PQerrorMessage(handle_));
    close();
    // libpq gives no code for a connection that was refused.
    Errc code = Errc::kBusy;
    if (why.find("authentication failed") != std::string::npos ||
        why.find("no pg_hba.conf entry") != std::string::npos ||
        why.find("no password supplied") != std::string::npos ||
        (why.find("role \"") != std::string::npos && why.ends_with("does not exist"))) {
      code = Errc::kPermissionDenied;
    } else if (why.find("database \"") != std::string::npos && why.ends_with("does not exist")) {
      code = Errc::kNotFound;
    }
    return fail(code, "cannot reach the database " + label_ + ": " + why + "." + cure(code));
  }
  pq_->PQsetNoticeProcessor(handle_, &quiet, nullptr);
  const Options& options = target.options;
  std::string setup = "set lock_timeout = " + std::to_string(options.busy_timeout_ms) +
                      "; set jit = off; set standard_conforming_strings = on;";
  if (options.durability == Durability::kOff) setup += "set synchronous_commit = off;";
  if (options.read_only) setup += "set default_transaction_read_only = on;";
  auto ready = plain(setup);
  if (ready) wait_for_the_dead();
  if (!ready) close();
  return ready;
}

// What a killed process had sent is still carried out after its death. Whoever takes its place, as the
// coordinator of a resumed run does, must not look before that is over.
void PostgresConnection::wait_for_the_dead() {
  const std::string query =
      "select application_name from pg_stat_activity where application_name like 'treadle " +
      here() + " %' and pid <> pg_backend_pid()";
  for (int i = 0; i < kMostLooks; ++i) {
    (void)pq_->PQexitPipelineMode(handle_);
    PGresult* rows = pq_->PQexec(handle_, query.c_str());
    bool dead = false;
    for (int row = 0; row < pq_->PQntuples(rows); ++row) {
      dead = dead || is_dead(pq_->PQgetvalue(rows, row, 0));
    }
    pq_->PQclear(rows);
    (void)pq_->PQenterPipelineMode(handle_);
    if (!dead) return;
    std::this_thread::sleep_for(kBetweenLooks);
  }
}

void PostgresConnection::close() {
  statements_.clear();
  sent_.clear();
  rows_are_coming_ = false;
  failed_.reset();
  if (handle_ != nullptr) pq_->PQfinish(handle_);
  handle_ = nullptr;
}

bool PostgresConnection::is_alive() {
  if (handle_ == nullptr) return false;
  // Nothing was asked, so what there is to read is a farewell.
  pollfd state{pq_->PQsocket(handle_), POLLIN, 0};
  if (pq_->PQstatus(handle_) == CONNECTION_OK && poll(&state, 1, 0) == 0) return true;
  close();
  return false;
}

Result<void> PostgresConnection::begin_write() {
  // The lock orders the writers of all processes. Each statement after it sees what was committed
  // before the lock was had; a snapshot for the whole transaction would be older than the lock.
  constexpr std::string_view kWait =
      "select pg_advisory_xact_lock(1953653092, hashtext(coalesce(current_schema(), '')))";
  TREADLE_TRY(PostgresStatement * begin, statement("begin isolation level read committed", false));
  TREADLE_CHECK(begin->run());
  TREADLE_TRY(PostgresStatement * wait, statement(kWait, false));
  return wait->run();
}

Result<void> PostgresConnection::begin_read() {
  TREADLE_TRY(PostgresStatement * begin,
              statement("begin isolation level repeatable read read only", false));
  return begin->run();
}

Result<void> PostgresConnection::finish_with(std::string_view sql) {
  TREADLE_TRY(PostgresStatement * last, statement(sql, false));
  TREADLE_CHECK(last->run());
  return sync();
}

Result<void> PostgresConnection::end(Result<void> result) {
  for (auto& [sql, statement] : statements_) statement->reset();
  if (result) result = finish_with("commit");
  if (!result) {
    if (!failed_) (void)sync();  // the failure may be among what was not answered yet
    if (failed_) {
      // What the body made of the database's failure says less than the failure.
      result = fail(*std::exchange(failed_, std::nullopt));
      for (PostgresStatement* unsure : new_) unsure->doubt();
    }
    if (!sync() || !plain("rollback")) close();
  }
  new_.clear();
  if (statements_.size() > kMostStatements) close();
  return result;
}

Result<PostgresStatement*> PostgresConnection::statement(std::string_view sql, bool gives_rows) {
  if (handle_ == nullptr) return fail(Errc::kBusy, "the connection was closed");
  auto it = statements_.find(sql);
  if (it == statements_.end()) {
    auto made = std::make_unique<PostgresStatement>(*this, sql, gives_rows);
    it = statements_.emplace(std::string(sql), std::move(made)).first;
  }
  it->second->reset();
  return it->second.get();
}

Result<Statement*> PostgresConnection::prepare(std::string_view sql) {
  TREADLE_CHECK(check());
  return statement(sql, gives_rows(sql));
}

Result<void> PostgresConnection::execute(const std::string& sql) {
  TREADLE_CHECK(check());
  TREADLE_CHECK(sync());
  return plain(postgres_definitions(sql));
}

Result<bool> PostgresConnection::has_table(std::string_view name) {
  TREADLE_TRY(Statement * s, prepare("select 1 where to_regclass($1) is not null"));
  s->bind(1, name);
  return s->step();
}

std::int64_t PostgresConnection::changes() {
  if (!failed_) (void)receive();  // a failure is found again at the end
  return changes_;
}

std::int64_t PostgresConnection::last_insert_id() {
  const auto s = prepare("select lastval()");
  if (!s) return 0;
  const auto row = (*s)->step();
  return row && *row ? (*s)->integer(0) : 0;
}

Result<void> PostgresConnection::note(Sent what, bool accepted) {
  if (!accepted) return lost();
  sent_.push_back(what);
  if (what != Sent::kRows && sent_.size() >= kMostUnanswered) TREADLE_CHECK(receive());
  return {};
}

Result<void> PostgresConnection::receive(PostgresStatement* to) {
  if (sent_.empty()) return {};
  if (pq_->PQsendFlushRequest(handle_) == 0 || pq_->PQflush(handle_) < 0) return lost();
  return take_answers(to);
}

Result<void> PostgresConnection::sync() {
  if (pq_->PQpipelineSync(handle_) == 0) return lost();
  sent_.push_back(Sent::kSync);
  TREADLE_CHECK(take_answers());
  return {};
}

Result<void> PostgresConnection::take_answers(PostgresStatement* to) {
  if (rows_are_coming_) TREADLE_CHECK(take_rows());
  while (!sent_.empty()) {
    const Sent what = sent_.front();
    if (what == Sent::kRows) {
      (void)pq_->PQsetSingleRowMode(handle_);  // refused where an earlier failure is the answer
      rows_are_coming_ = true;
      if (to != nullptr && sent_.size() == 1 && !failed_) {
        reading_ = to;
        return {};
      }
      TREADLE_CHECK(take_rows());
      continue;
    }
    PGresult* answer = pq_->PQgetResult(handle_);
    if (answer == nullptr) return lost();
    sent_.pop_front();
    const ExecStatusType status = pq_->PQresultStatus(answer);
    if (status == PGRES_FATAL_ERROR && !failed_) failed_ = error_of(answer);
    if (what == Sent::kChange && status == PGRES_COMMAND_OK) {
      changes_ = std::atoll(pq_->PQcmdTuples(answer));
    }
    pq_->PQclear(answer);
    if (pq_->PQstatus(handle_) != CONNECTION_OK) return lost();
    if (what == Sent::kSync) continue;
    while ((answer = pq_->PQgetResult(handle_)) != nullptr) pq_->PQclear(answer);
  }
  return check();
}

Result<PGresult*> PostgresConnection::next_row() {
  PGresult* answer = pq_->PQgetResult(handle_);
  if (answer == nullptr) return lost();
  const ExecStatusType status = pq_->PQresultStatus(answer);
  if (status == PGRES_SINGLE_TUPLE) return answer;
  if (status == PGRES_FATAL_ERROR && !failed_) failed_ = error_of(answer);
  if (status == PGRES_TUPLES_OK) changes_ = std::atoll(pq_->PQcmdTuples(answer));
  pq_->PQclear(answer);
  if (pq_->PQstatus(handle_) != CONNECTION_OK) return lost();
  while ((answer = pq_->PQgetResult(handle_)) != nullptr) pq_->PQclear(answer);
  sent_.pop_front();
  rows_are_coming_ = false;
  reading_ = nullptr;
  return nullptr;
}

Result<void> PostgresConnection::take_rows() {
  while (rows_are_coming_) {
    TREADLE_TRY(PGresult * row, next_row());
    if (row == nullptr) break;
    if (reading_ != nullptr) {
      reading_->keep(row);
    } else {
      pq_->PQclear(row);
    }
  }
  return {};
}

Result<void> PostgresConnection::check() const {
  if (failed_) return fail(*failed_);
  return {};
}

tl::unexpected<Error> PostgresConnection::fail_with(Error error) {
  if (!failed_) failed_ = std::move(error);
  return fail(*failed_);
}

tl::unexpected<Error> PostgresConnection::lost() {
  sent_.clear();
  rows_are_coming_ = false;
  reading_ = nullptr;
  const std::string why = one_line(pq_->PQerrorMessage(handle_));
  failed_.reset();
  return fail_with({Errc::kBusy, "lost the database " + label_ + ": " + why +
                                     ". Whether the last change was kept is not known; try "
                                     "again when it is back."});
}

Error PostgresConnection::error_of(const PGresult* result) const {
  const char* state = pq_->PQresultErrorField(result, PG_DIAG_SQLSTATE);
  const char* primary = pq_->PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
  const std::string text = primary ? primary : one_line(pq_->PQresultErrorMessage(result));
  const Errc code = state ? code_for(state) : Errc::kBusy;
  return {code, "cannot use the database " + label_ + ": " + text +
                    (state ? std::string(" (") + state + ")" : "") + "." + cure(code)};
}

// Outside of the pipeline, with all that was sent answered.
Result<void> PostgresConnection::plain(const std::string& sql) {
  (void)pq_->PQexitPipelineMode(handle_);
  PGresult* answer = pq_->PQexec(handle_, sql.c_str());
  const ExecStatusType status = pq_->PQresultStatus(answer);
  Result<void> result;
  if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK) {
    result = pq_->PQstatus(handle_) == CONNECTION_OK ? fail_with(error_of(answer)) : lost();
  }
  pq_->PQclear(answer);
  if (pq_->PQenterPipelineMode(handle_) == 0 && result) result = lost();
  return result;
}

}  // namespace treadle::db
