#include <treadle/artifact/code_source.h>
#include <treadle/base/clock.h>
#include <treadle/base/digest.h>
#include <treadle/base/files.h>
#include <treadle/base/process.h>
#include <treadle/base/random.h>

#include <cstdlib>
#include <mutex>
#include <optional>
#include <sstream>

namespace treadle::artifact {
namespace {

constexpr std::size_t kLargestDiff = 8 * 1024 * 1024;
constexpr Micros kRemembered = 5'000'000;
constexpr std::string_view kTooLarge = "treadle: uncommitted changes of ";

bool in_repository(const std::string& folder) {
  for (std::string at = absolute_path(folder);; at = parent_path(at)) {
    if (real_files().stat(join_path(at, ".git"))) return true;
    if (at == "/") return false;
  }
}

std::optional<std::string> git(const std::string& folder, std::vector<std::string> words,
                               const std::string& index = {}) {
  ProcessSpec spec;
  spec.words = {"git", "--no-optional-locks"};
  spec.words.insert(spec.words.end(), words.begin(), words.end());
  spec.folder = folder;
  spec.environment = {{"GIT_TERMINAL_PROMPT", "0"}, {"LC_ALL", "C"}};
  if (!index.empty()) spec.environment.emplace_back("GIT_INDEX_FILE", index);
  auto done = run_program(spec);
  if (!done || done->exit_code != 0) return std::nullopt;
  return std::move(done->out);
}

std::string first_line(std::string text) {
  return text.substr(0, text.find('\n'));
}

// With a copy of the index, in which new files are announced, so that the diff has them whole; the
// repository's own index is left alone.
std::string uncommitted(const std::string& top, bool has_commit) {
  const auto own = git(top, {"rev-parse", "--git-path", "index"});
  if (!own) return "";
  const char* folder = std::getenv("TMPDIR");
  const std::string index =
      join_path(folder == nullptr ? "/tmp" : folder, "treadle-index-" + to_hex(random_bytes(8)));
  const std::string own_path = first_line(*own);
  const auto content =
      read_file(real_files(), own_path.starts_with('/') ? own_path : join_path(top, own_path));
  if (content && !write_file_atomic(real_files(), index, *content, false, 0600)) return "";
  std::string out;
  if (git(top, {"add", "--intent-to-add", "--all", "."}, index)) {
    // Against the empty tree when nothing was committed yet.
    const char* base = has_commit ? "HEAD" : "4b825dc642cb6eb9a060e54bf8d69288fbee4904";
    out = git(top, {"diff", "--binary", "--no-color", "--no-ext-diff", base}, index).value_or("");
  }
  (void)real_files().remove(index);
  if (out.size() <= kLargestDiff) return out;
  return std::string(kTooLarge) + std::to_string(out.size()) + " bytes were not kept\n";
}

}  // namespace

std::string without_credentials(const std::string& url) {
  const std::size_t scheme = url.find("://");
  if (scheme == std::string::npos) return url;
  const std::size_t host = scheme + 3;
  const std::size_t end = std::min(url.find('/', host), url.size());
  const std::size_t at = url.rfind('@', end);
  if (at == std::string::npos || at < host || at >= end) return url;
  return url.substr(0, host) + url.substr(at + 1);
}

bool is_complete(const CodeSource& code) {
  return !code.commit.empty() && !code.diff.starts_with(kTooLarge);
}

std::shared_ptr<const CodeSource> capture_code(const std::string& folder) {
  if (!in_repository(folder)) return nullptr;
  const auto place = git(folder, {"rev-parse", "--show-toplevel", "--show-prefix"});
  if (!place) return nullptr;
  auto code = std::make_shared<CodeSource>();
  std::istringstream lines(*place);
  std::string top;
  std::getline(lines, top);
  std::getline(lines, code->folder);
  if (code->folder.ends_with('/')) code->folder.pop_back();
  const auto status = git(folder, {"status", "--porcelain=v2", "--branch"});
  if (!status) return nullptr;
  bool dirty = false;
  std::istringstream state(*status);
  for (std::string line; std::getline(state, line);) {
    constexpr std::string_view kCommit = "# branch.oid ";
    constexpr std::string_view kBranch = "# branch.head ";
    if (line.starts_with(kCommit)) {
      code->commit = line.substr(kCommit.size());
    } else if (line.starts_with(kBranch)) {
      code->branch = line.substr(kBranch.size());
    } else if (!line.starts_with('#')) {
      dirty = true;
    }
  }
  if (code->commit == "(initial)") code->commit.clear();
  if (code->branch == "(detached)") code->branch.clear();
  if (const auto url = git(folder, {"config", "--get", "remote.origin.url"})) {
    code->repository = without_credentials(first_line(*url));
  }
  if (code->repository.empty()) code->repository = top;
  if (dirty) code->diff = uncommitted(top, !code->commit.empty());
  return code;
}

std::shared_ptr<const CodeSource> current_code(const std::string& run_id) {
  struct Known {
    std::string folder;
    std::string run_id;
    Micros asked = 0;
    std::shared_ptr<const CodeSource> code;
  };
  static std::mutex mutex;
  static Known known;
  const std::lock_guard lock(mutex);
  const Micros now = system_clock().now();
  std::string here = absolute_path(".");
  const bool same_run = !run_id.empty() && known.run_id == run_id;
  if (known.folder == here && (same_run || now - known.asked < kRemembered)) {
    if (!run_id.empty()) known.run_id = run_id;
    return known.code;
  }
  std::shared_ptr<const CodeSource> code = capture_code(here);
  known = {std::move(here), run_id, now, std::move(code)};
  return known.code;
}

}  // namespace treadle::artifact
