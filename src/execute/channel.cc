#include "channel.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace treadle::execute {
namespace {

// Well below the default send buffer, which bounds a packet.
constexpr std::size_t kPart = 32 * 1024;

struct Header {
  std::uint32_t task;
  MessageKind kind;
  std::uint8_t last;  // the message ends with this packet
};

template <class Use>
bool for_each_packet(MessageKind kind, std::uint32_t task, std::string_view body, Use&& use) {
  do {
    const std::string_view part = body.substr(0, kPart);
    body.remove_prefix(part.size());
    const Header header{.task = task, .kind = kind, .last = body.empty()};
    std::string packet(reinterpret_cast<const char*>(&header), sizeof header);
    packet += part;
    if (!use(std::move(packet))) return false;
  } while (!body.empty());
  return true;
}

ssize_t send_packet(int fd, const std::string& packet, int flags) {
  ssize_t sent = 0;
  do {
    sent = ::send(fd, packet.data(), packet.size(), MSG_NOSIGNAL | flags);
  } while (sent < 0 && errno == EINTR);
  return sent;
}

bool would_block(int error) {
  return error == EAGAIN || error == EWOULDBLOCK;
}

}  // namespace

Channel::Channel(Channel&& other) noexcept {
  *this = std::move(other);
}

Channel& Channel::operator=(Channel&& other) noexcept {
  std::swap(fd_, other.fd_);
  queued_.swap(other.queued_);
  parts_.swap(other.parts_);
  return *this;
}

Channel::~Channel() {
  if (fd_ >= 0) ::close(fd_);
}

Result<std::pair<Channel, Channel>> Channel::make_pair() {
  int fds[2];
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) != 0) {
    return fail(errno_error("Cannot make a socket pair for the processes of the steps", errno));
  }
  return std::pair(Channel(fds[0]), Channel(fds[1]));
}

bool Channel::send(MessageKind kind, std::uint32_t task, std::string_view body) {
  return for_each_packet(kind, task, body, [&](const std::string& packet) {
    while (send_packet(fd_, packet, 0) < 0) {
      if (!would_block(errno)) return false;
      pollfd writable{.fd = fd_, .events = POLLOUT, .revents = 0};
      ::poll(&writable, 1, -1);
    }
    return true;
  });
}

void Channel::queue(MessageKind kind, std::uint32_t task, std::string_view body) {
  for_each_packet(kind, task, body, [&](std::string packet) {
    queued_.push_back(std::move(packet));
    return true;
  });
}

bool Channel::flush() {
  while (!queued_.empty()) {
    if (send_packet(fd_, queued_.front(), MSG_DONTWAIT) < 0) return would_block(errno);
    queued_.pop_front();
  }
  return true;
}

Channel::Received Channel::receive(Message& message) {
  packet_.resize(sizeof(Header) + kPart);
  while (true) {
    const ssize_t size = ::recv(fd_, packet_.data(), packet_.size(), MSG_DONTWAIT);
    if (size < 0) {
      if (errno == EINTR) continue;
      return would_block(errno) ? Received::kNothingYet : Received::kClosed;
    }
    if (static_cast<std::size_t>(size) < sizeof(Header)) return Received::kClosed;
    Header header;
    std::memcpy(&header, packet_.data(), sizeof header);
    std::string_view part(packet_);
    part = part.substr(sizeof header, static_cast<std::size_t>(size) - sizeof header);
    message.kind = header.kind;
    message.task = header.task;
    // The end of a process cuts off what it was saying.
    if (header.kind == MessageKind::kExit) parts_.erase(header.task);
    const auto begun = parts_.find(header.task);
    if (!header.last) {
      parts_[header.task] += part;
      continue;
    }
    if (begun == parts_.end()) {
      message.body = part;
    } else {
      message.body = std::move(begun->second);
      message.body += part;
      parts_.erase(begun);
    }
    return Received::kMessage;
  }
}

}  // namespace treadle::execute
