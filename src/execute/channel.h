// Messages between the coordinator, the process that forks steps, and the steps' processes: one socket pair for all of them.
//
// SOCK_SEQPACKET keeps packets whole however many processes write, and in order: a step's last words arrive before the news of
// its end. A message longer than a packet travels in parts, put together again by the task they belong to.
#pragma once

#include <treadle/base/result.h>

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

namespace treadle::execute {

enum class MessageKind : std::uint8_t {
  kStart,      // to the zygote: run this attempt
  kTerminate,  // to the zygote: SIGTERM to the task's process, or with task 0 to every step's
  kKill,       // to the zygote: SIGKILL likewise
  kStarted,    // from a step: its process is there
  kEvent,      // from a step
  kReport,  // from a step: how the attempt ended. Nothing follows but its exit, or its hooks when it says so
  kExit,  // from the zygote: a step's process has ended
};

struct Message {
  MessageKind kind = MessageKind::kEvent;
  std::uint32_t task = 0;  // counts attempts; never used twice
  std::string body;
};

// One end. Sending and receiving are independent; neither is thread-safe.
class Channel {
 public:
  Channel() = default;
  explicit Channel(int fd) : fd_(fd) {}
  Channel(Channel&& other) noexcept;
  Channel& operator=(Channel&& other) noexcept;
  ~Channel();
  static Result<std::pair<Channel, Channel>> make_pair();

  int fd() const { return fd_; }
  // Blocks until all of it is on its way. False when nobody is there any more to read it.
  bool send(MessageKind kind, std::uint32_t task, std::string_view body);

  // Puts a message into the queue that flush() sends without blocking.
  void queue(MessageKind kind, std::uint32_t task, std::string_view body);
  bool has_queued() const { return !queued_.empty(); }
  // False when nobody is there any more.
  bool flush();

  enum class Received : std::uint8_t { kMessage, kNothingYet, kClosed };
  // The next whole message, without blocking.
  Received receive(Message& message);

 private:
  int fd_ = -1;
  std::deque<std::string> queued_;  // packets
  std::unordered_map<std::uint32_t, std::string> parts_;
  std::string packet_;
};

}  // namespace treadle::execute
