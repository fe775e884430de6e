// The IO manager of commits and tags. Works with git's plumbing on an index of its own, so that the
// user's work tree and index stay as they are.
#include "file_version.h"
#include <treadle/base/digest.h>
#include <treadle/base/files.h>
#include <treadle/base/process.h>
#include <treadle/base/random.h>
#include <treadle/io/versioned_files.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <sstream>

namespace treadle::io {
namespace {

constexpr int kMostCommits = 50;
constexpr const char* kNoCommit = "0000000000000000000000000000000000000000";

std::string first_line(const std::string& text) {
  return text.substr(0, text.find('\n'));
}

// Removes its file at the end.
struct IndexFile {
  std::string path;
  IndexFile() {
    const char* folder = std::getenv("TMPDIR");
    path = join_path(folder == nullptr ? "/tmp" : folder, "treadle-git-" + random_uuid());
  }
  IndexFile(const IndexFile&) = delete;
  ~IndexFile() { (void)real_files().remove(path); }
};

class GitIOManager final : public IOManager {
 public:
  explicit GitIOManager(GitOptions options) : options_(std::move(options)) {
    options_.repository = absolute_path(options_.repository);
  }

  StepOutcome handle_output(OutputContext& context, const Value& value) override {
    return keep_output(context, value, "in '" + options_.repository + "'",
                       [&](const Value& one, const std::string& partition) {
                         return store(context, one, partition);
                       });
  }

  tl::expected<Value, StepFailure> load_input(InputContext& context) override {
    return read_input(context, "in '" + options_.repository + "'",
                      [&](const std::string& partition) { return open(context, partition); });
  }

 private:
  Result<std::string> git(std::vector<std::string> words, const std::string& input = {},
                          const std::string& index = {}) const {
    ProcessSpec spec;
    spec.words = {"git", "-C", options_.repository};
    spec.words.insert(spec.words.end(), words.begin(), words.end());
    spec.input = input;
    spec.environment = {{"GIT_TERMINAL_PROMPT", "0"}, {"LC_ALL", "C"}};
    if (!index.empty()) spec.environment.emplace_back("GIT_INDEX_FILE", index);
    TREADLE_TRY(ProcessResult done, run_program(spec));
    if (done.exit_code == 0) return std::move(done.out);
    return fail(Errc::kIo, "'git " + words.front() + "' failed: " + first_line(done.err));
  }

  std::string ref() const { return "refs/heads/" + options_.branch; }
  std::string tag(const std::string& place, int number) const {
    return place + "/v" + std::to_string(number);
  }

  Result<void> check_repository() const {
    if (auto there = git({"rev-parse", "--git-dir"}); !there) {
      return fail(Errc::kInvalidArgument, "'" + options_.repository + "' is no git repository (" +
                                              there.error().message +
                                              "). Make one with `git init`.");
    }
    TREADLE_CHECK(git({"check-ref-format", "--branch", options_.branch}));
    const auto head = git({"symbolic-ref", "-q", "HEAD"});
    const auto bare = git({"rev-parse", "--is-bare-repository"});
    const bool is_bare = bare && first_line(*bare) == "true";
    if (!is_bare && head && first_line(*head) == ref()) {
      return fail(Errc::kInvalidArgument,
                  "The branch '" + options_.branch + "' is checked out in '" + options_.repository +
                      "'; versions are committed to a branch that is not. Name another branch, or "
                      "check another one out.");
    }
    return {};
  }

  // The numbers of an asset's tags, in order.
  Result<std::vector<int>> numbers(const std::string& place) const {
    TREADLE_TRY(const std::string list, git({"tag", "--list", place + "/v*"}));
    std::vector<int> out;
    std::istringstream lines(list);
    for (std::string line; std::getline(lines, line);) {
      const std::string digits = line.substr(line.rfind("/v") + 2);
      int number = 0;
      const auto [end, error] =
          std::from_chars(digits.data(), digits.data() + digits.size(), number);
      if (error == std::errc() && end == digits.data() + digits.size()) out.push_back(number);
    }
    std::sort(out.begin(), out.end());
    return out;
  }

  Result<FileVersion> version_at(const std::string& place, int number) const {
    const std::string name = tag(place, number) + ":" + place + "/" + kVersionFile;
    TREADLE_TRY(const std::string text, git({"cat-file", "blob", name}));
    TREADLE_TRY(FileVersion version, FileVersion::parse(text, name));
    version.number = number;
    return version;
  }

  Result<FileVersion> store(OutputContext& context, const Value& value,
                            const std::string& partition) {
    TREADLE_CHECK(check_repository());
    TREADLE_TRY(const AssetKey asset, asset_of(context));
    TREADLE_TRY(std::string place, place_of(asset, partition));
    if (!options_.folder.empty()) place = options_.folder + "/" + place;
    TREADLE_CHECK(git({"check-ref-format", "refs/tags/" + place + "/v0"}));
    TREADLE_TRY(Prepared prepared, prepare(context, value, options_.signing_key));
    FileVersion& version = prepared.version;
    if (version.says_nothing) return std::move(version);
    // Large content goes into the repository once, whatever happens to the commit.
    std::string entries;
    for (const KeptFile& file : prepared.files) {
      TREADLE_TRY(const std::string line, add_blob(place, file));
      entries += line;
    }
    if (!prepared.diff.empty()) {
      TREADLE_TRY(const std::string line, add_blob(place, {kDiffFile, prepared.diff, ""}, false));
      entries += line;
    }
    for (int attempt = 0; attempt < kMostCommits; ++attempt) {
      TREADLE_TRY(const std::vector<int> there, numbers(place));
      if (!there.empty()) {
        const auto newest = version_at(place, there.back());
        if (newest && newest->digest == version.digest && newest->format == version.format) {
          report(context, place, *newest);
          return *newest;
        }
      }
      version.number = there.empty() ? 0 : there.back() + 1;
      TREADLE_TRY(const bool committed, commit(place, entries, version));
      if (!committed) continue;
      if (!options_.push_to.empty()) {
        TREADLE_CHECK(git(
            {"push", "-q", options_.push_to, ref(), "refs/tags/" + tag(place, version.number)}));
      }
      report(context, place, version);
      return std::move(version);
    }
    return fail(Errc::kBusy,
                "Other writers kept committing to '" + options_.branch + "'. Try again.");
  }

  // One line for `git update-index --index-info`.
  Result<std::string> add_blob(const std::string& place, const KeptFile& file,
                               bool filtered = true) const {
    const std::string path = place + "/" + file.path;
    std::vector<std::string> words{"hash-object", "-w",
                                   filtered ? "--path=" + path : "--no-filters"};
    words.push_back(file.source.empty() ? "--stdin" : absolute_path(file.source));
    TREADLE_TRY(const std::string id, git(words, file.bytes));
    return "100644 " + first_line(id) + "\t" + path + "\n";
  }

  // False: another writer was faster; look again.
  Result<bool> commit(const std::string& place, const std::string& entries,
                      const FileVersion& version) const {
    const IndexFile index;
    const auto tip = git({"rev-parse", "--verify", "-q", ref()});
    const std::string parent = tip ? first_line(*tip) : std::string();
    if (!parent.empty()) {
      TREADLE_CHECK(git({"read-tree", parent}, "", index.path));
      TREADLE_CHECK(
          git({"rm", "-r", "-q", "--cached", "--ignore-unmatch", "--", place}, "", index.path));
    }
    TREADLE_TRY(const std::string described,
                add_blob(place, {kVersionFile, version.to_json(), ""}, false));
    TREADLE_CHECK(git({"update-index", "--add", "--index-info"}, entries + described, index.path));
    TREADLE_TRY(const std::string tree, git({"write-tree"}, "", index.path));
    std::vector<std::string> words{"-c", "user.useConfigOnly=false", "commit-tree",
                                   first_line(tree)};
    if (!parent.empty()) words.insert(words.end(), {"-p", parent});
    TREADLE_TRY(const std::string id, git(words, message(version)));
    const std::string made = first_line(id);
    // The tag decides who has the number; then the branch, which only ever goes forward.
    const std::string tag_ref = "refs/tags/" + tag(place, version.number);
    const std::string both = "start\ncreate " + tag_ref + " " + made + "\nupdate " + ref() + " " +
                             made + " " + (parent.empty() ? kNoCommit : parent) +
                             "\nprepare\ncommit\n";
    return git({"update-ref", "--stdin"}, both).has_value();
  }

  static std::string message(const FileVersion& version) {
    std::string out = version.asset + " v" + std::to_string(version.number) +
                      "\n\nRun: " + version.run_id + "\nSHA-256: " + version.digest + "\n";
    if (version.code) {
      out += "Code: " + version.code->repository + " " + version.code->commit +
             (version.code->diff.empty() ? "" : " with uncommitted changes") + "\n";
    }
    return out;
  }

  void report(OutputContext& context, const std::string& place, const FileVersion& version) const {
    if (!is_of_one_version(context)) return;
    set_metadata(context.metadata, "git_tag", MetadataValue::text(tag(place, version.number)));
    const auto id = git({"rev-parse", tag(place, version.number) + "^{commit}"});
    if (id) set_metadata(context.metadata, "git_commit", MetadataValue::text(first_line(*id)));
  }

  Result<FilesStored> open(InputContext& context, const std::string& partition) const {
    TREADLE_TRY(std::string place, place_of(context.asset, partition));
    if (!options_.folder.empty()) place = options_.folder + "/" + place;
    TREADLE_TRY(const std::vector<int> there, numbers(place));
    if (there.empty())
      return fail(Errc::kNotFound, "There is no tag '" + place +
                                       "/v...' yet. Materialize it first, or fetch the tags.");
    TREADLE_TRY(const FileVersion version, version_at(place, there.back()));
    TREADLE_TRY(const std::string folder, checked_out(place, version));
    if (is_of_one_version(context))
      set_metadata(context.metadata, "git_tag", MetadataValue::text(tag(place, version.number)));
    return FilesStored(version, folder, options_.signing_key);
  }

  // The files of a version below the cache, through the filters (LFS) of the repository.
  Result<std::string> checked_out(const std::string& place, const FileVersion& version) const {
    const std::string name = tag(place, version.number);
    TREADLE_TRY(const std::string id, git({"rev-parse", name + "^{commit}"}));
    const std::string cache = join_path(options_.cache_folder, "git");
    const std::string folder =
        join_path(cache, first_line(id) + "-" + to_hex(sha256(place)).substr(0, 12));
    if (real_files().stat(folder)) return folder;
    TREADLE_TRY(const std::string list,
                git({"ls-tree", "-r", "-z", "--name-only", name, "--", place}));
    const std::string fresh = join_path(cache, ".new-" + random_uuid());
    const auto write = [&]() -> Result<void> {
      std::size_t at = 0;
      while (at < list.size()) {
        const std::size_t end = list.find('\0', at);
        const std::string path = list.substr(at, end - at);
        at = end + 1;
        if (!path.starts_with(place + "/")) continue;
        const std::string inside = path.substr(place.size() + 1);
        TREADLE_CHECK(check_entry_path(inside));
        TREADLE_TRY(const std::string content, git({"cat-file", "--filters", name + ":" + path}));
        const std::string target = join_path(fresh, inside);
        TREADLE_CHECK(real_files().make_folders(parent_path(target)));
        TREADLE_CHECK(write_file_atomic(real_files(), target, content, false, 0444));
      }
      return real_files().rename(fresh, folder);
    };
    auto written = write();
    if (!written) (void)remove_tree(fresh);
    if (!written && !real_files().stat(folder)) return fail(std::move(written).error());
    return folder;
  }

  GitOptions options_;
};

}  // namespace

std::shared_ptr<IOManager> make_git_io_manager(GitOptions options) {
  return std::make_shared<GitIOManager>(std::move(options));
}

}  // namespace treadle::io
