// Sends one HTTP request over and over at a given rate and says how long the answers took:
//
//   http_load HOST PORT FILE RATE SECONDS CONNECTIONS
//
// FILE holds the whole request, head and body, as it goes over the wire. The rate is kept whether or
// not answers are late (an open loop), and a latency counts from the moment the request was due: a
// server that stalls cannot hide it. Prints one JSON object; fails if an answer is not 200.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;

[[noreturn]] void fail(const std::string& message) {
  std::fprintf(stderr, "http_load: %s\n", message.c_str());
  std::exit(1);
}

int connect_to(const char* host, const char* port) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (getaddrinfo(host, port, &hints, &found) != 0) fail(std::string("no such host: ") + host);
  const int fd = socket(found->ai_family, found->ai_socktype, found->ai_protocol);
  if (fd < 0 || connect(fd, found->ai_addr, found->ai_addrlen) != 0) fail("cannot connect");
  freeaddrinfo(found);
  const int yes = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
  return fd;
}

// Reads one answer with a Content-Length; true if it is a 200.
bool read_answer(int fd, std::string& buffer) {
  std::size_t head = std::string::npos;
  std::size_t whole = 0;
  for (;;) {
    if (head == std::string::npos && (head = buffer.find("\r\n\r\n")) != std::string::npos) {
      const char* length = strcasestr(buffer.c_str(), "content-length:");
      if (length == nullptr) fail("an answer without Content-Length");
      whole = head + 4 + std::strtoul(length + 15, nullptr, 10);
    }
    if (head != std::string::npos && buffer.size() >= whole) break;
    char chunk[16384];
    const ssize_t got = recv(fd, chunk, sizeof chunk, 0);
    if (got <= 0) fail("the server closed the connection");
    buffer.append(chunk, static_cast<std::size_t>(got));
  }
  const bool good = buffer.compare(0, 12, "HTTP/1.1 200") == 0;
  if (!good) std::fprintf(stderr, "%s\n", buffer.c_str());
  buffer.erase(0, whole);
  return good;
}

void send_all(int fd, const std::string& bytes) {
  for (std::size_t sent = 0; sent < bytes.size();) {
    const ssize_t n = send(fd, bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL);
    if (n <= 0) fail("the server closed the connection");
    sent += static_cast<std::size_t>(n);
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 7) fail("usage: http_load HOST PORT FILE RATE SECONDS CONNECTIONS");
  std::ifstream file(argv[3], std::ios::binary);
  const std::string request{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  if (request.empty()) fail(std::string("cannot read ") + argv[3]);
  const double rate = std::atof(argv[4]);
  const double seconds = std::atof(argv[5]);
  const int connections = std::atoi(argv[6]);
  const auto total = static_cast<std::size_t>(rate * seconds);

  std::vector<std::vector<double>> latencies(static_cast<std::size_t>(connections));
  std::vector<std::thread> threads;
  std::atomic<std::size_t> bad = 0;
  const auto begin = Clock::now() + std::chrono::milliseconds(20);
  for (int connection = 0; connection < connections; ++connection) {
    threads.emplace_back([&, connection] {
      const int fd = connect_to(argv[1], argv[2]);
      auto& mine = latencies[static_cast<std::size_t>(connection)];
      std::string buffer;
      for (auto i = static_cast<std::size_t>(connection); i < total;
           i += static_cast<std::size_t>(connections)) {
        const auto due = begin + std::chrono::duration_cast<Clock::duration>(
                                     std::chrono::duration<double>(static_cast<double>(i) / rate));
        std::this_thread::sleep_until(due);
        send_all(fd, request);
        if (!read_answer(fd, buffer)) ++bad;
        mine.push_back(std::chrono::duration<double, std::milli>(Clock::now() - due).count());
      }
      close(fd);
    });
  }
  for (auto& thread : threads) thread.join();
  const double took = std::chrono::duration<double>(Clock::now() - begin).count();
  if (bad != 0) fail(std::to_string(bad) + " answers were not 200");

  std::vector<double> all;
  for (const auto& some : latencies) all.insert(all.end(), some.begin(), some.end());
  std::sort(all.begin(), all.end());
  const auto at = [&](double part) {
    return all[static_cast<std::size_t>(part * static_cast<double>(all.size() - 1))];
  };
  std::printf("{\"requests\":%zu,\"rate\":%.0f,\"p50\":%.4f,\"p99\":%.4f,\"max\":%.4f}\n",
              all.size(), static_cast<double>(all.size()) / took, at(0.5), at(0.99), all.back());
}
