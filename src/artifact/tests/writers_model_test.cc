// Random sequences of what several writers do to one home (drafts alone and shared, tags, links into a
// registry, exports and imports, garbage collection in between) against an obvious model.
#include "test_home.h"
#include <treadle/artifact/catalog.h>
#include <treadle/artifact/drafts.h>
#include <treadle/artifact/registry.h>
#include <treadle/artifact/transfer.h>

#include <gtest/gtest.h>

#include <array>
#include <random>
#include <set>

namespace treadle::artifact {
namespace {

using test::content;
using test::draft_of;
using test::must;
using test::TestFolder;
using test::TestHome;
using Contents = std::map<std::string, std::string>;

constexpr const char* kRegistryProject = "wandb-registry-model";

struct Made {
  Contents files;
  std::set<std::string> tags;
  bool gone = false;
};
struct Line {
  std::vector<Made> versions;
  std::map<std::string, int> aliases;
};
// A registry's collection: which version has which number there.
struct Shelf {
  std::vector<std::optional<std::pair<std::string, int>>> members;
  std::map<std::string, int> aliases;
};
struct Open {
  std::int64_t id = 0;
  std::string to;
  std::string shared;  // the distributed id, or ""
  Contents files;
};

int newest(const Line& line) {
  int i = static_cast<int>(line.versions.size()) - 1;
  while (i >= 0 && line.versions[static_cast<std::size_t>(i)].gone) --i;
  return i;
}

int newest(const Shelf& shelf) {
  int i = static_cast<int>(shelf.members.size()) - 1;
  while (i >= 0 && !shelf.members[static_cast<std::size_t>(i)]) --i;
  return i;
}

template <class Named>
void forget(Named& named, int index) {
  std::erase_if(named.aliases, [&](const auto& a) { return a.second == index; });
  if (newest(named) >= 0) named.aliases["latest"] = newest(named);
}

class Writers {
 public:
  explicit Writers(unsigned seed) : random_(seed) {
    must(Registries(home_.store()).create({.name = "model"}));
    join();
  }

  void step() {
    switch (pick(16)) {
      case 0:
      case 1:
        return log();
      case 2:
        return open();
      case 3:
      case 4:
      case 5:
        return change_draft();
      case 6:
        return commit();
      case 7:
        return abandon();
      case 8:
      case 9:
        return link();
      case 10:
        return unlink();
      case 11:
        return tag();
      case 12:
        return move_alias();
      case 13:
        return remove_version();
      case 14:
        return carry();
      default:
        must(store().gc({.dry_run = false, .grace = 0}));
        if (pick(3) == 0) join();
    }
  }

  void check() {
    for (const auto& [name, line] : lines_) check_line(name, line);
    for (const auto& [name, shelf] : shelves_) check_shelf(name, shelf);
    for (const Open& draft : drafts_) {
      Contents have;
      for (const Entry& entry : must(Drafts(store()).entries(draft.id)))
        have[entry.path] = entry.md5;
      EXPECT_EQ(have.size(), draft.files.size());
    }
    for (const Problem& problem : must(store().verify()).problems) ADD_FAILURE() << problem.what;
    must(store().gc({.dry_run = false, .grace = 0}));
    EXPECT_EQ(must(store().gc({.dry_run = true, .grace = 0})).blobs, 0);
  }

 private:
  int pick(int n) { return std::uniform_int_distribution<int>(0, n - 1)(random_); }
  std::string pick_name() { return std::string(1, static_cast<char>('a' + pick(3))); }
  std::string pick_alias() { return "alias-" + std::to_string(pick(3)); }
  std::string pick_path() { return "f" + std::to_string(pick(4)); }
  std::string pick_bytes() {
    constexpr std::array<std::size_t, 4> kSizes = {0, 10, 20'000, 90'000};
    return content(pick(3), kSizes[static_cast<std::size_t>(pick(4))]);
  }
  // Either of the two writers, each with a connection of its own.
  Store& store() { return pick(2) == 0 ? home_.store() : *second_; }
  void join() {
    second_.reset();
    connection_ =
        must(db::open_for_test(join_path(home_.path(), "treadle.db"),
                               {.durability = db::Durability::kOff, .busy_timeout_ms = 60'000}));
    second_ = must(Store::open(*connection_, home_.path(), {.durability = db::Durability::kOff}));
  }

  void check_line(const std::string& name, const Line& line) {
    for (std::size_t i = 0; i < line.versions.size(); ++i) {
      const Made& want = line.versions[i];
      const auto found = must(store().find({"", "", name, "v" + std::to_string(i)}));
      ASSERT_EQ(found.has_value(), !want.gone) << name << " v" << i;
      if (want.gone) continue;
      EXPECT_EQ(found->aliases, names_of(line.aliases, i));
      EXPECT_EQ(std::set<std::string>(found->tags.begin(), found->tags.end()), want.tags);
      Contents have;
      for (const Entry& entry : must(store().entries(*found))) {
        have[entry.path] = must(store().read(*found, entry.path));
      }
      EXPECT_EQ(have, want.files) << name << " v" << i;
    }
  }

  void check_shelf(const std::string& name, const Shelf& shelf) {
    Catalog catalog(store());
    const ArtifactRef ref{"", kRegistryProject, name, ""};
    const auto found = must(catalog.find_collection(ref));
    ASSERT_TRUE(found) << name;
    const auto members = must(catalog.members(found->id));
    std::size_t at = 0;
    for (std::size_t i = 0; i < shelf.members.size(); ++i) {
      if (!shelf.members[i]) continue;
      ASSERT_LT(at, members.size()) << name;
      const Membership& have = members[at++];
      EXPECT_EQ(have.index, static_cast<int>(i));
      EXPECT_EQ(have.version.collection, shelf.members[i]->first);
      EXPECT_EQ(have.version.index, shelf.members[i]->second);
      EXPECT_EQ(have.aliases, names_of(shelf.aliases, i)) << name << " v" << i;
    }
    EXPECT_EQ(at, members.size()) << name;
  }

  static std::vector<std::string> names_of(const std::map<std::string, int>& aliases,
                                           std::size_t index) {
    std::vector<std::string> out;
    for (const auto& [alias, at] : aliases) {
      if (at == static_cast<int>(index)) out.push_back(alias);
    }
    return out;
  }

  // What logging, committing and importing do alike.
  void arrive(const std::string& to, const Contents& files, const std::set<std::string>& tags,
              const std::vector<std::string>& aliases, const Logged& logged) {
    Line& line = lines_[to];
    const int last = newest(line);
    const bool same = last >= 0 && line.versions[static_cast<std::size_t>(last)].files == files;
    EXPECT_EQ(logged.created, !same);
    if (!same) {
      line.versions.push_back({files, {}, false});
      line.aliases["latest"] = static_cast<int>(line.versions.size()) - 1;
    }
    line.versions[static_cast<std::size_t>(newest(line))].tags.insert(tags.begin(), tags.end());
    for (const std::string& alias : aliases) line.aliases[alias] = newest(line);
    EXPECT_EQ(logged.version.index, newest(line));
  }

  void log() {
    Contents files;
    for (int i = pick(3); i >= 0; --i) files[pick_path()] = pick_bytes();
    std::vector<std::string> aliases;
    if (pick(3) == 0) aliases.push_back(pick_alias());
    const std::string to = pick_name();
    arrive(to, files, {}, aliases, must(store().log(draft_of(to, files, aliases))));
  }

  std::optional<std::pair<std::string, int>> some_version() {
    if (lines_.empty()) return std::nullopt;
    auto it = lines_.begin();
    std::advance(it, pick(static_cast<int>(lines_.size())));
    const int index = pick(static_cast<int>(it->second.versions.size()));
    if (it->second.versions[static_cast<std::size_t>(index)].gone) return std::nullopt;
    return std::pair{it->first, index};
  }
  Made& made(const std::pair<std::string, int>& which) {
    return lines_[which.first].versions[static_cast<std::size_t>(which.second)];
  }
  Version version_of(const std::pair<std::string, int>& which) {
    return must(store().get({"", "", which.first, "v" + std::to_string(which.second)}));
  }

  void open() {
    if (drafts_.size() > 4) return;
    DraftSpec spec;
    spec.collection = pick_name();
    spec.type = "dataset";
    Open draft;
    if (pick(2) == 0) {
      spec.distributed_id = "job-" + std::to_string(pick(2));
      // Another writer of the same job: it gets the draft there is.
      for (const Open& known : drafts_) {
        if (known.shared != spec.distributed_id || known.to != spec.collection) continue;
        EXPECT_EQ(must(Drafts(store()).open(spec)).id, known.id);
        return;
      }
      for (const std::string& used : jobs_done_) {
        if (used == spec.collection + spec.distributed_id) return;
      }
    } else if (const auto base = some_version()) {
      spec.base = version_of(*base).id;
      draft.files = made(*base).files;
    }
    draft.id = must(Drafts(store()).open(spec)).id;
    draft.to = spec.collection;
    draft.shared = spec.distributed_id;
    drafts_.push_back(std::move(draft));
  }

  void change_draft() {
    if (drafts_.empty()) return;
    Open& draft = drafts_[static_cast<std::size_t>(pick(static_cast<int>(drafts_.size())))];
    const std::string path = pick_path();
    if (pick(4) == 0) {
      EXPECT_EQ(Drafts(store()).remove(draft.id, path).has_value(), draft.files.erase(path) == 1);
      return;
    }
    draft.files[path] = pick_bytes();
    must(Drafts(store()).put_bytes(draft.id, path, draft.files[path]));
  }

  Open take_draft() {
    const auto at = drafts_.begin() + pick(static_cast<int>(drafts_.size()));
    Open draft = std::move(*at);
    drafts_.erase(at);
    if (!draft.shared.empty()) jobs_done_.insert(draft.to + draft.shared);
    return draft;
  }

  void commit() {
    if (drafts_.empty()) return;
    const Open draft = take_draft();
    const Logged done = must(Drafts(store()).commit(draft.id));
    arrive(draft.to, draft.files, {}, {}, done);
    EXPECT_EQ(must(Drafts(store()).commit(draft.id)).version.id, done.version.id);
  }

  void abandon() {
    if (drafts_.empty()) return;
    const Open draft = take_draft();
    must(Drafts(store()).abandon(draft.id));
    EXPECT_FALSE(Drafts(store()).commit(draft.id));
  }

  void link() {
    const auto which = some_version();
    if (!which) return;
    const std::string to = pick(2) == 0 ? "Churn" : "Iris";
    std::vector<std::string> aliases;
    if (pick(2) == 0) aliases.push_back(pick_alias());
    const Membership member =
        must(Catalog(store()).link(version_of(*which), {"", kRegistryProject, to, ""}, aliases));
    Shelf& shelf = shelves_[to];
    int index = -1;
    for (std::size_t i = 0; i < shelf.members.size(); ++i) {
      if (shelf.members[i] == which) index = static_cast<int>(i);
    }
    if (index < 0) {
      index = static_cast<int>(shelf.members.size());
      shelf.members.push_back(which);
      shelf.aliases["latest"] = index;
    }
    for (const std::string& alias : aliases) shelf.aliases[alias] = index;
    EXPECT_EQ(member.index, index);
  }

  void unlink() {
    if (shelves_.empty()) return;
    auto& [name, shelf] = *shelves_.begin();
    const auto index = static_cast<std::size_t>(pick(static_cast<int>(shelf.members.size())));
    if (!shelf.members[index]) return;
    Catalog catalog(store());
    const Collection there = must(catalog.get_collection({"", kRegistryProject, name, ""}));
    const Version version = version_of(*shelf.members[index]);
    must(catalog.unlink(version, there.id));
    EXPECT_FALSE(catalog.unlink(version, there.id));
    shelf.members[index].reset();
    forget(shelf, static_cast<int>(index));
  }

  void tag() {
    const auto which = some_version();
    if (!which) return;
    const std::string tag = "tag-" + std::to_string(pick(3));
    VersionEdit edit;
    const bool adds = pick(3) != 0;
    (adds ? edit.tags_to_add : edit.tags_to_remove).push_back(tag);
    must(Catalog(store()).edit_version(version_of(*which), edit));
    adds ? (void)made(*which).tags.insert(tag) : (void)made(*which).tags.erase(tag);
  }

  void move_alias() {
    const auto which = some_version();
    if (!which) return;
    const std::string alias = pick_alias();
    must(store().add_alias(version_of(*which), alias));
    lines_[which->first].aliases[alias] = which->second;
  }

  void remove_version() {
    const auto which = some_version();
    if (!which) return;
    must(store().delete_version(version_of(*which), true));
    made(*which) = {{}, {}, true};
    forget(lines_[which->first], which->second);
    for (auto& [name, shelf] : shelves_) {
      for (std::size_t i = 0; i < shelf.members.size(); ++i) {
        if (shelf.members[i] != which) continue;
        shelf.members[i].reset();
        forget(shelf, static_cast<int>(i));
      }
    }
  }

  // Out as a folder or an archive, and in again under some name.
  void carry() {
    const auto which = some_version();
    if (!which) return;
    const TestFolder out;
    const std::string path = out.at("it");
    const bool archive = pick(2) == 0;
    must(archive ? export_archive(store(), version_of(*which), path)
                 : export_folder(store(), version_of(*which), path));
    const std::string to = pick_name();
    const Made source = made(*which);
    ArriveOptions options;
    options.as.collection = to;
    options.keep_aliases = false;
    arrive(to, source.files, source.tags, {}, must(import(store(), path, options)));
  }

  std::mt19937 random_;
  TestHome home_;
  std::unique_ptr<db::Database> connection_;
  std::unique_ptr<Store> second_;
  std::map<std::string, Line> lines_;
  std::map<std::string, Shelf> shelves_;
  std::vector<Open> drafts_;
  std::set<std::string> jobs_done_;
};

class RandomWriters : public testing::TestWithParam<unsigned> {};

TEST_P(RandomWriters, AgreeWithTheModel) {
  Writers writers(GetParam());
  for (int round = 0; round < 5; ++round) {
    for (int i = 0; i < 60; ++i) writers.step();
    writers.check();
    if (HasFatalFailure()) return;
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, RandomWriters, testing::Range(0U, 8U));

}  // namespace
}  // namespace treadle::artifact
