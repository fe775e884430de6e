#include "run_sender.h"

#include <treadle/base/clock.h>
#include <treadle/base/json.h>

#include <boost/json.hpp>

#include <algorithm>
#include <array>
#include <csignal>
#include <unistd.h>
#include <utility>

namespace treadle::client {
namespace {

using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

// The protocol's limit is 10 MiB for a body.
constexpr std::size_t kBodyLimit = 9 << 20;
constexpr milliseconds kChangesApart{5'000};  // at most
// How long one request is tried before the thread looks around.
constexpr milliseconds kPatience{60'000};

void block_signals() {
  sigset_t all;
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, nullptr);
}

// As SDKs write console lines: the time before the text.
std::string stamped(std::string_view line) {
  std::string time = format_utc(system_clock().now());
  time.pop_back();  // no Z
  return time.append(" ").append(line);
}

}  // namespace

void RunSender::Rows::add(const tracking::Lines& given) {
  std::int64_t number = given.offset;
  const std::int64_t end = number + static_cast<std::int64_t>(given.lines.size());
  if (end > packed_first) packed_end = std::min(packed_end, std::max(number, packed_first));
  for (const std::string_view line : given.lines) {
    lines.insert_or_assign(lines.end(), number++, std::string(line));
  }
}

void RunSender::Rows::drop_packed() {
  lines.erase(lines.lower_bound(packed_first), lines.lower_bound(packed_end));
  packed_end = packed_first;
}

RunSender::RunSender(std::shared_ptr<Connection> connection, SenderOptions options)
    : connection_(std::move(connection)),
      options_(std::move(options)),
      spool_(options_.folder, connection_->address().base_url, options_.run),
      streamed_(Clock::now() - options_.interval),
      changed_at_(Clock::now()) {
  uploader_ = std::thread([this] { upload(); });
  thread_ = std::thread([this] { work(); });
}

RunSender::~RunSender() {
  {
    const std::scoped_lock lock(mutex_);
    closing_ = true;
  }
  stop_.request_stop();
  changed_.notify_all();
  thread_.join();
  uploader_.join();
}

Result<tracking::StreamReply> RunSender::stream(const tracking::StreamUpdate& update) {
  StreamBody body;
  if (update.history) body.lines(kHistoryFile, update.history->offset, update.history->lines);
  if (update.events) body.lines(kEventsFile, update.events->offset, update.events->lines);
  std::vector<std::string> console;
  if (update.console) {
    for (const std::string_view line : update.console->lines) console.push_back(stamped(line));
    body.lines(kConsoleFile, update.console->offset, console);
  }
  if (update.summary) body.lines(kSummaryFile, 0, std::array{*update.summary});
  if (update.preempting) body.preempting();

  const std::scoped_lock lock(mutex_);
  TREADLE_CHECK(spool_.keep("stream", body.text()));
  if (update.history) history_.add(*update.history);
  if (update.events) events_.add(*update.events);
  if (update.console) {
    std::int64_t number = update.console->offset;
    for (std::size_t i = 0; i < console.size(); ++i, ++number) {
      remember(number - options_.console_offset, update.console->lines[i]);
      console_[number] = std::move(console[i]);
    }
  }
  if (update.summary) summary_ = std::string(*update.summary);
  preempting_ |= update.preempting;
  changed_.notify_all();
  return tracking::StreamReply{stop_requested_};
}

Result<void> RunSender::change(const Variables& variables) {
  Variables kept = variables;
  kept["id"] = quoted(options_.id);
  const std::scoped_lock lock(mutex_);
  TREADLE_CHECK(spool_.keep("upsert", variables_text(kept)));
  for (const auto& [name, value] : variables) changes_[name] = value;
  changed_.notify_all();
  return {};
}

Result<FileToSend> RunSender::put_bytes(const std::string& name, std::string_view bytes) {
  TREADLE_TRY(std::string path, spool_.keep_bytes(name, bytes));
  return enqueue({name, std::move(path)});
}

Result<FileToSend> RunSender::put_file(const std::string& name, const std::string& path) {
  TREADLE_TRY(std::string copy, spool_.keep_file(name, path));
  return enqueue({name, std::move(copy)});
}

Result<FileToSend> RunSender::enqueue(FileToSend file) {
  JsonWriter w;
  w.begin_object().field("name", file.name).field("copy", base_name(file.path)).end_object();
  const std::scoped_lock lock(mutex_);
  TREADLE_CHECK(spool_.keep("file", w.str()));
  files_.push_back(file);
  changed_.notify_all();
  return file;
}

bool RunSender::anything_to_stream() const {
  return !history_.lines.empty() || !events_.lines.empty() || !console_.empty() || summary_ ||
         !uploaded_.empty() || preempting_ || exit_code_;
}

bool RunSender::settled() const {
  return !sending_ && changes_.empty() && files_.empty() && sending_files_ == 0 &&
         !anything_to_stream();
}

// What fits into one request. Nothing is taken away before the server has it.
RunSender::Parcel RunSender::pack() {
  Parcel parcel;
  StreamBody body;
  std::size_t room = kBodyLimit;
  // Lines next to each other, from the first that waits on.
  const auto rows = [&](std::string_view file, Rows& from) {
    std::vector<std::string_view> taken;
    const std::int64_t first = from.lines.empty() ? 0 : from.lines.begin()->first;
    for (const auto& [number, line] : from.lines) {
      if (number != first + static_cast<std::int64_t>(taken.size())) break;
      const std::size_t cost = line.size() + line.size() / 4 + 3;  // quotes are escaped
      if (cost > room && (!taken.empty() || room < kBodyLimit)) break;
      room -= std::min(cost, room);
      taken.emplace_back(line);
    }
    if (!taken.empty()) body.lines(file, first, taken);
    from.packed_first = first;
    from.packed_end = first + static_cast<std::int64_t>(taken.size());
    return taken.size();
  };
  parcel.history = rows(kHistoryFile, history_);
  parcel.events = rows(kEventsFile, events_);
  std::vector<std::string_view> console;
  for (const auto& [number, line] : console_) {
    if (line.size() + 3 > room) break;
    if (!parcel.console.empty() && number != parcel.console.rbegin()->first + 1) break;
    room -= line.size() + 3;
    console.emplace_back(line);
    parcel.console.emplace(number, line);
  }
  if (!console.empty()) body.lines(kConsoleFile, parcel.console.begin()->first, console);
  const bool all = parcel.history == history_.lines.size() &&
                   parcel.events == events_.lines.size() &&
                   parcel.console.size() == console_.size();
  if (all && summary_) {
    body.lines(kSummaryFile, 0, std::array{std::string_view(*summary_)});
    parcel.summary = true;
  }
  if (!uploaded_.empty()) {
    body.uploaded(uploaded_);
    parcel.uploaded = uploaded_;
  }
  if (preempting_) {
    body.preempting();
    parcel.preempting = true;
  }
  const bool files_are_there = files_.empty() && sending_files_ == 0;
  if (all && exit_code_ && files_are_there && changes_.empty()) {
    body.complete(*exit_code_);
    parcel.complete = true;
  }
  parcel.body = body.text();
  return parcel;
}

void RunSender::send_parcel(std::unique_lock<std::mutex>& lock) {
  Parcel parcel = pack();
  const std::optional<std::string> summary = parcel.summary ? summary_ : std::nullopt;
  sending_ = true;
  lock.unlock();
  auto sent = send_stream(*connection_, options_.run, std::move(parcel.body),
                          {options_.compress, kPatience, stop_.get_token()});
  lock.lock();
  sending_ = false;
  streamed_ = Clock::now();
  if (!sent) {
    // The server will say the same again.
    if (sent.error().code != Errc::kBusy && sent.error().code != Errc::kCancelled) {
      refused_ = sent.error();
    }
    pause_after(sent.error(), lock);
    return;
  }
  failures_ = 0;
  stop_requested_ |= *sent;
  // Not those that were handed over again meanwhile: they are others, perhaps.
  history_.drop_packed();
  events_.drop_packed();
  for (const auto& [number, line] : parcel.console) {
    const auto it = console_.find(number);
    if (it != console_.end() && it->second == line) console_.erase(it);
  }
  if (parcel.summary && summary_ == summary) summary_.reset();
  uploaded_.erase(uploaded_.begin(),
                  uploaded_.begin() + static_cast<std::ptrdiff_t>(parcel.uploaded.size()));
  if (parcel.preempting) preempting_ = false;
  if (parcel.complete) {
    exit_code_.reset();
    ended_ = true;
  }
  if (settled() && !left_) spool_.forget();
  changed_.notify_all();
}

void RunSender::send_changes(std::unique_lock<std::mutex>& lock) {
  const Variables sent = changes_;
  Variables variables = sent;
  variables["id"] = quoted(options_.id);
  sending_ = true;
  lock.unlock();
  boost::json::value data;
  const auto done = connection_->graphql(upsert_document("id"), variables_text(variables), data,
                                         {Retry::kUpsert, kPatience, stop_.get_token()});
  lock.lock();
  sending_ = false;
  changed_at_ = Clock::now();
  if (!done && (done.error().code == Errc::kBusy || done.error().code == Errc::kCancelled)) {
    pause_after(done.error(), lock);
    return;
  }
  // What the server refuses it will refuse again: it stays in the folder, and the end tells.
  if (!done) left_ = done.error();
  for (const auto& [name, value] : sent) {
    if (const auto it = changes_.find(name); it != changes_.end() && it->second == value) {
      changes_.erase(it);
    }
  }
  changed_.notify_all();
}

// The request itself was tried with waits already.
void RunSender::pause_after(const Error& error, std::unique_lock<std::mutex>& lock) {
  trouble_ = error;
  ++failures_;
  changed_.notify_all();
  changed_.wait_for(lock, std::min(milliseconds(1'000) * failures_, milliseconds(60'000)),
                    [&] { return closing_; });
}

void RunSender::work() {
  block_signals();
  std::unique_lock lock(mutex_);
  while (!closing_) {
    if (refused_) {
      changed_.wait(lock);
      continue;
    }
    const Time now = Clock::now();
    const bool stream = anything_to_stream();
    const auto apart = [&](milliseconds time) { return hurry_ ? milliseconds(0) : time; };
    const Time next_change = changes_.empty()
                                 ? Time::max()
                                 : changed_at_ + apart(std::min(kChangesApart, options_.interval));
    // The last request waits for everything else.
    const bool only_end = exit_code_ && (!files_.empty() || sending_files_ > 0);
    const Time next_stream = only_end ? Time::max()
                             : stream ? streamed_ + apart(options_.interval)
                             : ended_ ? Time::max()
                                      : streamed_ + options_.heartbeat;
    if (next_change <= now) {
      send_changes(lock);
    } else if (next_stream <= now) {
      send_parcel(lock);
    } else if (const Time next = std::min(next_change, next_stream); next == Time::max()) {
      changed_.wait(lock);
    } else {
      changed_.wait_until(lock, next);
    }
  }
}

void RunSender::upload() {
  block_signals();
  std::unique_lock lock(mutex_);
  while (!closing_) {
    if (files_.empty() || refused_) {
      changed_.wait(lock);
      continue;
    }
    std::vector<FileToSend> files;
    files.swap(files_);
    sending_files_ = files.size();
    lock.unlock();
    const auto sent = send_files(*connection_, options_.run, files, stop_.get_token());
    lock.lock();
    sending_files_ = 0;
    if (sent) {
      for (const FileToSend& file : files) {
        uploaded_.push_back(file.name);
        ::unlink(file.path.c_str());
      }
      changed_.notify_all();
      continue;
    }
    if (sent.error().code == Errc::kBusy || sent.error().code == Errc::kCancelled) {
      files_.insert(files_.begin(), files.begin(), files.end());
      pause_after(sent.error(), lock);
    } else {
      left_ = sent.error();
      changed_.notify_all();
    }
  }
}

Error RunSender::unsent(const Error* why) const {
  const tracking::RunRef& run = options_.run;
  std::string text = "The run " + run.entity + "/" + run.project + "/" + run.id +
                     " could not be sent to " + connection_->address().base_url;
  if (why != nullptr) text += ": " + why->message;
  if (!text.ends_with('.')) text += ".";
  text += " Nothing is lost: it is kept in " + spool_.folder() + "; `treadle runs send " +
          spool_.folder() + "` sends it when the server takes it again.";
  return {why != nullptr && why->code != Errc::kCancelled ? why->code : Errc::kBusy, text};
}

Result<void> RunSender::wait_settled(milliseconds patience) {
  std::unique_lock lock(mutex_);
  hurry_ = true;
  changed_.notify_all();
  changed_.wait_for(lock, patience, [&] { return settled() || refused_; });
  if (settled() && !refused_) {
    hurry_ = false;
    if (left_) return fail(unsent(&*left_));
    return {};
  }
  if (exit_code_ && !refused_ && !trouble_) {
    // What is under way says what it met when it is stopped.
    stop_.request_stop();
    changed_.wait_for(lock, milliseconds(2'000), [&] { return trouble_.has_value(); });
  }
  return fail(unsent(refused_ ? &*refused_ : trouble_ ? &*trouble_ : nullptr));
}

Result<void> RunSender::settle(milliseconds patience) {
  return wait_settled(patience);
}

Result<void> RunSender::finish(int exit_code, milliseconds patience) {
  {
    const std::scoped_lock lock(mutex_);
    StreamBody body;
    body.complete(exit_code);
    TREADLE_CHECK(spool_.keep("stream", body.text()));
    exit_code_ = exit_code;
  }
  TREADLE_CHECK(wait_settled(patience));
  spool_.remove();
  return {};
}

bool RunSender::ended() const {
  const std::scoped_lock lock(mutex_);
  return ended_;
}

// A program may print for weeks: only the end of it stays in memory.
void RunSender::remember(std::int64_t own, std::string_view line) {
  constexpr std::size_t kMostLines = 20'000;
  constexpr std::size_t kMostBytes = 4 << 20;
  if (own < console_gone_) return;
  const auto at = static_cast<std::size_t>(own - console_gone_);
  if (at >= console_tail_.size()) console_tail_.resize(at + 1);
  console_bytes_ += line.size() - console_tail_[at].size();
  console_tail_[at] = line;
  while (console_tail_.size() > kMostLines ||
         (console_bytes_ > kMostBytes && console_tail_.size() > 1)) {
    console_bytes_ -= console_tail_.front().size();
    console_tail_.pop_front();
    ++console_gone_;
  }
}

std::optional<std::vector<std::string>> RunSender::console(std::int64_t first,
                                                           std::int64_t count) const {
  const std::scoped_lock lock(mutex_);
  const auto size = console_gone_ + static_cast<std::int64_t>(console_tail_.size());
  first = first < 0 ? std::max<std::int64_t>(0, size + first) : std::min(first, size);
  const std::int64_t end = count <= 0 ? size : std::min(size, first + count);
  if (first < console_gone_ && end > first) return std::nullopt;
  if (end <= first) return std::vector<std::string>();
  return std::vector<std::string>(console_tail_.begin() + (first - console_gone_),
                                  console_tail_.begin() + (end - console_gone_));
}

}  // namespace treadle::client
