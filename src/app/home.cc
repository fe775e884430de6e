#include "home_database.h"
#include "server_artifacts.h"
#include <treadle/app/home.h>
#include <treadle/app/settings.h>
#include <treadle/artifact/store.h>
#include <treadle/base/digest.h>
#include <treadle/base/files.h>
#include <treadle/base/random.h>
#include <treadle/io/artifact_io_manager.h>
#include <treadle/tracking/store.h>

#include <cerrno>
#include <cstdlib>
#include <map>
#include <mutex>
#include <unistd.h>

namespace treadle::app {
namespace {

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

// The nearest folder at or above the current one that looks like a project.
std::string project_folder() {
  const std::string current = absolute_path(".");
  for (std::string folder = current;; folder = parent_path(folder)) {
    for (const char* mark : {"pyproject.toml", "treadle.toml", ".treadle"}) {
      if (real_files().stat(join_path(folder, mark))) return folder;
    }
    if (folder == "/") return current;
  }
}

// A key of one's own, for homes that are to open each other's pickles: TREADLE_KEY_FILE.
Result<std::string> given_key(const std::string& path) {
  TREADLE_TRY(std::string key, read_file(real_files(), path));
  if (key.size() >= 32) return key;
  return fail(Errc::kInvalidArgument, "the key in TREADLE_KEY_FILE ('" + path +
                                          "') is shorter than 32 bytes. Make one with: head -c 32 "
                                          "/dev/urandom > FILE");
}

// The home's key: 32 random bytes, made once. Two processes that open a new home together agree on one, because a hard link is
// made by only one of them.
Result<std::string> load_or_make_key(const std::string& path, bool read_only) {
  Files& files = real_files();
  auto existing = read_file(files, path);
  if (existing) {
    if (existing->size() < 32) {
      return fail(Errc::kCorrupt,
                  "the home's key '" + path +
                      "' is too short. Restore it from a backup; without it, pickles "
                      "kept in this home cannot be opened.");
    }
    return existing;
  }
  // Whoever may read the home, but not its key, may look at all but the pickles.
  const Errc why = existing.error().code;
  if (read_only && (why == Errc::kNotFound || why == Errc::kPermissionDenied)) return std::string();
  if (why != Errc::kNotFound) return existing;
  const std::string temporary = path + ".tmp-" + to_hex(random_bytes(6));
  TREADLE_CHECK(write_file_atomic(files, temporary, random_bytes(32), true, 0600));
  const int rc = link(temporary.c_str(), path.c_str());
  const int number = errno;
  TREADLE_CHECK(files.remove(temporary));
  if (rc != 0 && number != EEXIST) return fail(errno_error("cannot create '" + path + "'", number));
  TREADLE_CHECK(files.sync_folder(parent_path(path)));
  return read_file(files, path);
}

// What was read once is kept: only keys that were added since are read, unless some were removed.
class RecordedKeys final : public DynamicKeys {
 public:
  explicit RecordedKeys(events::Record& record) : record_(record) {}
  Result<std::shared_ptr<const PartitionKeys>> keys(const std::string& name) const override {
    const std::scoped_lock lock(mutex_);
    Known& known = known_[name];
    TREADLE_TRY(events::DynamicPartitionsPage page,
                record_.dynamic_partitions_page(name, known.last));
    if (known.keys && page.removals == known.removals) {
      if (!page.keys.empty()) {
        known.keys = std::make_shared<const PartitionKeys>(known.keys, page.keys);
        known.last = page.last;
      }
      return known.keys;
    }
    if (known.last != 0) {
      TREADLE_TRY(page, record_.dynamic_partitions_page(name));
    }
    known.keys = std::make_shared<const PartitionKeys>(page.keys,
                                                       name + ' ' + std::to_string(page.removals));
    known.last = page.last;
    known.removals = page.removals;
    return known.keys;
  }

 private:
  struct Known {
    std::shared_ptr<const PartitionKeys> keys;
    std::int64_t last = 0, removals = 0;
  };
  events::Record& record_;
  mutable std::mutex mutex_;
  mutable std::map<std::string, Known> known_;
};

class LocalHome final : public Home {
 public:
  ~LocalHome() override {
    io_manager_.reset();
    tracking_.reset();
    store_.reset();
    record_.reset();
    database_.reset();
    if (temporary_) (void)remove_tree(path_);
  }

  Result<void> open(const HomeOptions& options) {
    temporary_ = options.temporary;
    if (temporary_) {
      const std::string folder = environment("TMPDIR");
      path_ = join_path(folder.empty() ? "/tmp" : folder, "treadle-" + to_hex(random_bytes(8)));
    } else {
      path_ = resolve_home(options);
    }
    if (auto ready = prepare_folder(options.read_only); !ready) {
      return fail(std::move(ready).error().with_context("cannot use the home '" + path_ + "'"));
    }
    const std::string key_file = environment("TREADLE_KEY_FILE");
    TREADLE_TRY(key_, key_file.empty()
                          ? load_or_make_key(join_path(path_, "key"), options.read_only)
                          : given_key(key_file));
    DatabaseOptions where{path_, temporary_ ? "" : database_url(options), {}};
    where.options.durability = temporary_ ? db::Durability::kOff : options.durability;
    where.options.read_only = options.read_only;
    where.options.reconnect_ms = options.reconnect_ms;
    TREADLE_TRY(database_, open_database(where));
    TREADLE_TRY(record_, events::Record::open(*database_, path_));
    TREADLE_CHECK(keep_together(where, *record_));
    dynamic_keys_ = std::make_unique<RecordedKeys>(*record_);
    artifact::StoreOptions store_options;
    store_options.read_only = options.read_only;
    TREADLE_TRY(store_, artifact::Store::open(*database_, path_, store_options));
    TREADLE_TRY(tracking_, tracking::Store::open(*database_, *store_));
    io::ArtifactIOManagerOptions io_options;
    io_options.cache_folder = cache_folder();
    io_options.signing_key = key_;
    io_manager_ = io::make_artifact_io_manager(*store_, io_options);
    return {};
  }

  const std::string& path() const override { return path_; }
  db::Database& database() override { return *database_; }
  events::Record& record() override { return *record_; }
  artifact::Store& store() override { return *store_; }
  tracking::Store& tracking() override { return *tracking_; }
  std::shared_ptr<IOManager> default_io_manager() override { return io_manager_; }
  std::string cache_folder() const override { return join_path(path_, "cache"); }
  std::string pools_folder() const override { return join_path(path_, "pools"); }
  std::string logs_folder() const override { return join_path(path_, "logs"); }
  const std::string& signing_key() const override { return key_; }
  const DynamicKeys& dynamic_keys() const override { return *dynamic_keys_; }

 private:
  Result<void> prepare_folder(bool read_only) const {
    Files& files = real_files();
    if (!read_only) {
      const bool is_new = !files.stat(path_);
      TREADLE_CHECK(files.make_folders(path_));
      // A home inside a repository is none of its code: git is to pass it over.
      if (is_new && !temporary_) {
        TREADLE_CHECK(write_file_atomic(files, join_path(path_, ".gitignore"), "*\n", false));
      }
      return {};
    }
    TREADLE_TRY(const FileStat stat, files.stat(path_));
    if (stat.kind != FileStat::Kind::kFolder)
      return fail(Errc::kInvalidArgument, "it is not a folder");
    return {};
  }

  std::string path_;
  bool temporary_ = false;
  std::string key_;
  std::unique_ptr<db::Database> database_;
  std::unique_ptr<events::Record> record_;
  std::unique_ptr<RecordedKeys> dynamic_keys_;
  std::unique_ptr<artifact::Store> store_;
  std::unique_ptr<tracking::Store> tracking_;
  std::shared_ptr<IOManager> io_manager_;
};

}  // namespace

bool is_home(const std::string& path) {
  for (const char* name : {"treadle.db", "database"}) {
    if (real_files().stat(join_path(path, name))) return true;
  }
  return false;
}

std::string resolve_home(const HomeOptions& options) {
  for (const std::string& path :
       {options.path, environment("TREADLE_HOME"), environment("DAGSTER_HOME")}) {
    if (!path.empty()) return absolute_path(path);
  }
  if (const auto settings = read_settings(absolute_path("."));
      settings && !settings->home.empty()) {
    return settings->home;
  }
  return join_path(project_folder(), ".treadle");
}

Result<std::unique_ptr<Home>> Home::open(const HomeOptions& options) {
  auto home = std::make_unique<LocalHome>();
  TREADLE_CHECK(home->open(options));
  return home;
}

void add_defaults(Definitions& definitions, Home& home) {
  definitions.io_managers.try_emplace("io_manager", home.default_io_manager());
  io::ArtifactIOManagerOptions options;
  options.cache_folder = home.cache_folder();
  options.signing_key = home.signing_key();
  for (const auto& [key, manager] : definitions.io_managers) {
    auto* needs = dynamic_cast<io::NeedsStore*>(manager.get());
    if (needs != nullptr) needs->use_store(artifacts_for(home, needs->wanted()), options);
  }
}

}  // namespace treadle::app
