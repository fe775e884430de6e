#include <treadle/base/process.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

extern char** environ;  // NOLINT

namespace treadle {
namespace {

struct Pipe {
  int read = -1;
  int write = -1;
  Pipe() = default;
  Pipe(const Pipe&) = delete;
  ~Pipe() {
    close_read();
    close_write();
  }
  bool open() {
    std::array<int, 2> ends{};
    if (pipe2(ends.data(), O_CLOEXEC) != 0) return false;
    read = ends[0];
    write = ends[1];
    return true;
  }
  void close_read() {
    if (read >= 0) close(std::exchange(read, -1));
  }
  void close_write() {
    if (write >= 0) close(std::exchange(write, -1));
  }
};

// Feeds stdin and drains stdout and stderr until the program has closed them.
void exchange(const ProcessSpec& spec, Pipe& in, Pipe& out, Pipe& err, ProcessResult& result) {
  std::size_t written = 0;
  if (spec.input.empty()) in.close_write();
  std::array<char, 65536> buffer{};
  const auto drain = [&](Pipe& pipe, std::string& text) {
    const ssize_t n = ::read(pipe.read, buffer.data(), buffer.size());
    if (n > 0) text.append(buffer.data(), static_cast<std::size_t>(n));
    if (n == 0 || (n < 0 && errno != EINTR)) pipe.close_read();
  };
  while (out.read >= 0 || err.read >= 0) {
    std::array<pollfd, 3> waits{
        {{out.read, POLLIN, 0}, {err.read, POLLIN, 0}, {in.write, POLLOUT, 0}}};
    if (poll(waits.data(), waits.size(), -1) < 0 && errno != EINTR) return;
    if (waits[0].revents != 0) drain(out, result.out);
    if (waits[1].revents != 0) drain(err, result.err);
    if (waits[2].revents == 0) continue;
    const ssize_t n = ::write(in.write, spec.input.data() + written, spec.input.size() - written);
    if (n > 0) written += static_cast<std::size_t>(n);
    if (written == spec.input.size() || (n < 0 && errno != EINTR && errno != EAGAIN)) {
      in.close_write();
    }
  }
}

std::vector<std::string> environment_of(const ProcessSpec& spec) {
  std::vector<std::string> out;
  for (char** each = environ; *each != nullptr; ++each) {
    bool replaced = false;
    for (const auto& [name, value] : spec.environment) {
      replaced = replaced || (std::strncmp(*each, name.c_str(), name.size()) == 0 &&
                              (*each)[name.size()] == '=');
    }
    if (!replaced) out.emplace_back(*each);
  }
  for (const auto& [name, value] : spec.environment) out.push_back(name + "=" + value);
  return out;
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> out;
  out.reserve(texts.size() + 1);
  for (std::string& text : texts) out.push_back(text.data());
  out.push_back(nullptr);
  return out;
}

}  // namespace

Result<ProcessResult> run_program(const ProcessSpec& spec) {
  Pipe in;
  Pipe out;
  Pipe err;
  if (!in.open() || !out.open() || !err.open())
    return fail(errno_error("cannot make a pipe", errno));
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, in.read, 0);
  posix_spawn_file_actions_adddup2(&actions, out.write, 1);
  posix_spawn_file_actions_adddup2(&actions, err.write, 2);
  if (!spec.folder.empty()) posix_spawn_file_actions_addchdir_np(&actions, spec.folder.c_str());
  std::vector<std::string> words = spec.words;
  std::vector<std::string> environment = environment_of(spec);
  pid_t pid = 0;
  const int rc = posix_spawnp(&pid, spec.words.at(0).c_str(), &actions, nullptr,
                              pointers(words).data(), pointers(environment).data());
  posix_spawn_file_actions_destroy(&actions);
  if (rc != 0) return fail(errno_error("cannot run '" + spec.words[0] + "'", rc));
  in.close_read();
  out.close_write();
  err.close_write();
  ProcessResult result;
  // A program that does not read its input to the end must not end this one.
  sigset_t pipe_signal;
  sigset_t before;
  sigemptyset(&pipe_signal);
  sigaddset(&pipe_signal, SIGPIPE);
  pthread_sigmask(SIG_BLOCK, &pipe_signal, &before);
  exchange(spec, in, out, err, result);
  in.close_write();
  const timespec now{};
  while (sigtimedwait(&pipe_signal, nullptr, &now) == SIGPIPE) {
  }
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  int status = 0;
  while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  result.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return result;
}

}  // namespace treadle
