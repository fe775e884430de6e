#include "engine.h"

#include "transfer.h"

#include <algorithm>
#include <csignal>
#include <iterator>
#include <thread>
#include <unordered_map>

namespace treadle::client {
namespace {

using std::chrono::milliseconds;

}  // namespace

class Lane {
 public:
  Lane(const EngineOptions& options, int parallel)
      : options_(options),
        parallel_(static_cast<std::size_t>(parallel)),
        multi_(libcurl().curl_multi_init()) {
    libcurl().curl_multi_setopt(multi_, CURLMOPT_MAXCONNECTS, static_cast<long>(parallel));
    thread_ = std::thread([this] { work(); });
  }
  ~Lane() {
    {
      const std::scoped_lock lock(mutex_);
      ending_ = true;
    }
    libcurl().curl_multi_wakeup(multi_);
    thread_.join();
    for (CURL* handle : idle_) libcurl().curl_easy_cleanup(handle);
    libcurl().curl_multi_cleanup(multi_);
  }
  Lane(const Lane&) = delete;

  void add(std::unique_ptr<Transfer> transfer) {
    {
      const std::scoped_lock lock(mutex_);
      incoming_.push_back(std::move(transfer));
    }
    ++load_;
    libcurl().curl_multi_wakeup(multi_);
  }
  int load() const { return load_; }

 private:
  using Time = Transfer::Clock::time_point;

  void work() {
    // Signals are for the program's own threads; a lost TLS connection is none.
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, nullptr);
    while (true) {
      if (!take_incoming()) break;
      begin_waiting();
      int running = 0;
      libcurl().curl_multi_perform(multi_, &running);
      collect();
      if (!waiting_.empty() && active_.size() < parallel_ && waiting_.front()->next_try == Time())
        continue;
      libcurl().curl_multi_poll(multi_, nullptr, 0, static_cast<int>(pause().count()), nullptr);
    }
    for (auto& [handle, transfer] : active_) {
      libcurl().curl_multi_remove_handle(multi_, handle);
      libcurl().curl_easy_cleanup(handle);
      transfer->finish(fail(transfer->stopped()));
    }
    for (auto& transfer : waiting_) transfer->finish(fail(transfer->stopped()));
    for (auto& transfer : incoming_) transfer->finish(fail(transfer->stopped()));
  }

  // False: the lane ends.
  bool take_incoming() {
    const std::scoped_lock lock(mutex_);
    if (ending_) return false;
    std::move(incoming_.begin(), incoming_.end(), std::back_inserter(waiting_));
    incoming_.clear();
    return true;
  }

  void begin_waiting() {
    const Time now = Transfer::Clock::now();
    for (auto it = waiting_.begin(); it != waiting_.end();) {
      const bool cancelled = (*it)->cancelled();
      if (!cancelled && (active_.size() >= parallel_ || (*it)->next_try > now)) {
        ++it;
        continue;
      }
      auto transfer = std::move(*it);
      it = waiting_.erase(it);
      if (cancelled) {
        stop(std::move(transfer));
        continue;
      }
      if (auto prepared = transfer->prepare(); !prepared) {
        finish(std::move(transfer), fail(std::move(prepared).error()));
        continue;
      }
      CURL* handle = free_handle();
      transfer->begin(handle, options_);
      libcurl().curl_multi_add_handle(multi_, handle);
      active_.emplace(handle, std::move(transfer));
    }
  }

  void collect() {
    int left = 0;
    while (CURLMsg* message = libcurl().curl_multi_info_read(multi_, &left)) {
      if (message->msg != CURLMSG_DONE) continue;
      const CURLcode code = message->data.result;
      const auto it = active_.find(message->easy_handle);
      auto transfer = release(it);
      auto ended = transfer->end(code, options_);
      if (ended) {
        finish(std::move(transfer), std::move(*ended));
      } else {
        waiting_.push_back(std::move(transfer));
      }
    }
    for (auto it = active_.begin(); it != active_.end();) {
      const auto next = std::next(it);
      if (it->second->cancelled()) stop(release(it));
      it = next;
    }
  }

  using Active = std::unordered_map<CURL*, std::unique_ptr<Transfer>>;
  std::unique_ptr<Transfer> release(Active::iterator it) {
    libcurl().curl_multi_remove_handle(multi_, it->first);
    libcurl().curl_easy_reset(it->first);
    idle_.push_back(it->first);
    auto transfer = std::move(it->second);
    active_.erase(it);
    return transfer;
  }

  CURL* free_handle() {
    if (idle_.empty()) return libcurl().curl_easy_init();
    CURL* handle = idle_.back();
    idle_.pop_back();
    return handle;
  }

  void stop(std::unique_ptr<Transfer> transfer) {
    Error why = transfer->stopped();
    finish(std::move(transfer), fail(std::move(why)));
  }

  void finish(std::unique_ptr<Transfer> transfer, Result<Reply> result) {
    --load_;
    transfer->finish(std::move(result));
  }

  // Until a retry is due; short while something is under way that may be cancelled.
  milliseconds pause() const {
    if (active_.empty() && waiting_.empty()) return milliseconds(60'000);
    milliseconds pause{100};
    const Time now = Transfer::Clock::now();
    for (const auto& transfer : waiting_) {
      const auto wait = std::chrono::ceil<milliseconds>(transfer->next_try - now);
      pause = std::clamp(wait, milliseconds(1), pause);
      if (active_.size() >= parallel_) return milliseconds(100);
    }
    return pause;
  }

  const EngineOptions& options_;
  const std::size_t parallel_;
  CURLM* multi_;
  std::atomic<int> load_ = 0;
  std::mutex mutex_;
  std::deque<std::unique_ptr<Transfer>> incoming_;
  bool ending_ = false;
  // Of the lane's thread alone.
  std::deque<std::unique_ptr<Transfer>> waiting_;
  Active active_;
  std::vector<CURL*> idle_;
  std::thread thread_;
};

Engine::Engine(EngineOptions options) : options_(std::move(options)) {
  const int lanes = std::max(options_.lanes, 1);
  const int parallel = std::max(options_.parallel / lanes, 1);
  for (int i = 0; i < lanes; ++i) lanes_.push_back(std::make_unique<Lane>(options_, parallel));
}

Engine::~Engine() = default;

void Engine::start(Request request, Done done) {
  const auto least =
      std::min_element(lanes_.begin(), lanes_.end(),
                       [](const auto& a, const auto& b) { return a->load() < b->load(); });
  (*least)->add(std::make_unique<Transfer>(std::move(request), std::move(done)));
}

}  // namespace treadle::client
