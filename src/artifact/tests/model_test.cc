// Random sequences of operations against an obvious model.
#include "test_home.h"

#include <gtest/gtest.h>

#include <random>
#include <set>

namespace treadle::artifact {
namespace {

using test::content;
using test::draft_of;
using test::must;
using test::TestHome;
using Contents = std::map<std::string, std::string>;

struct ModelVersion {
  Contents files;
  bool deleted = false;
};
struct ModelCollection {
  std::vector<ModelVersion> versions;
  std::map<std::string, int> aliases;
  int newest() const {
    for (int i = static_cast<int>(versions.size()) - 1; i >= 0; --i) {
      if (!versions[static_cast<std::size_t>(i)].deleted) return i;
    }
    return -1;
  }
};

class Machine {
 public:
  explicit Machine(unsigned seed) : random_(seed) {}

  void step() {
    switch (pick(12)) {
      case 0:
      case 1:
      case 2:
      case 3:
      case 4:
        return log();
      case 5:
      case 6:
        return move_alias();
      case 7:
        return remove_alias();
      case 8:
        return remove_version();
      case 9:
        clock_.advance(3600LL * 1'000'000 * pick(40));
        must(home_.store().gc());
        return;
      case 10:
        must(home_.store().gc({.dry_run = false, .grace = 0}));
        return;
      default:
        home_.reopen();
    }
  }

  void check() {
    std::set<std::string> distinct;
    for (const auto& [name, collection] : model_) {
      for (std::size_t i = 0; i < collection.versions.size(); ++i) {
        const ModelVersion& want = collection.versions[i];
        const auto found = must(home_.store().find({"", "", name, "v" + std::to_string(i)}));
        ASSERT_EQ(found.has_value(), !want.deleted) << name << " v" << i;
        if (want.deleted) continue;
        std::vector<std::string> aliases;
        for (const auto& [alias, index] : collection.aliases) {
          if (index == static_cast<int>(i)) aliases.push_back(alias);
        }
        EXPECT_EQ(found->aliases, aliases);
        Contents have;
        for (const Entry& entry : must(home_.store().entries(*found))) {
          have[entry.path] = must(home_.store().read(*found, entry.path));
        }
        EXPECT_EQ(have, want.files);
        for (const auto& [path, bytes] : want.files) distinct.insert(bytes);
      }
    }
    for (const Problem& problem : must(home_.store().verify()).problems) {
      ADD_FAILURE() << problem.what;
    }
    // After a collection nothing is kept that no version has: its contents, and its manifests.
    must(home_.store().gc({.dry_run = false, .grace = 0}));
    EXPECT_EQ(must(home_.store().gc({.dry_run = true, .grace = 0})).blobs, 0);
    std::int64_t live = 0;
    std::set<std::string> documents;
    for (const auto& [name, collection] : model_) {
      for (std::size_t i = 0; i < collection.versions.size(); ++i) {
        if (collection.versions[i].deleted) continue;
        const Version v = must(home_.store().get({"", "", name, "v" + std::to_string(i)}));
        documents.insert(v.digest);
      }
    }
    live = static_cast<std::int64_t>(distinct.size() + documents.size());
    EXPECT_EQ(must(home_.store().verify()).blobs, live);
  }

 private:
  int pick(int n) { return std::uniform_int_distribution<int>(0, n - 1)(random_); }
  std::string name() { return std::string(1, static_cast<char>('a' + pick(3))); }
  std::string alias() { return "alias-" + std::to_string(pick(3)); }

  void log() {
    constexpr std::size_t kSizes[] = {0, 10, 3000, 20'000, 90'000, 1'200'000};
    Contents files;
    for (int i = pick(5); i >= 0; --i) {
      const int seed = pick(4);
      files["f" + std::to_string(pick(4))] = content(seed, kSizes[pick(pick(4) == 0 ? 6 : 5)]);
    }
    std::vector<std::string> aliases;
    if (pick(3) == 0) aliases.push_back(alias());
    const std::string to = name();
    const Logged logged = must(home_.store().log(draft_of(to, files, aliases)));
    ModelCollection& collection = model_[to];
    const int newest = collection.newest();
    const bool same =
        newest >= 0 && collection.versions[static_cast<std::size_t>(newest)].files == files;
    EXPECT_EQ(logged.created, !same);
    if (!same) {
      collection.versions.push_back({files});
      collection.aliases["latest"] = static_cast<int>(collection.versions.size()) - 1;
    }
    for (const std::string& a : aliases) collection.aliases[a] = collection.newest();
    EXPECT_EQ(logged.version.index, collection.newest());
  }

  // A version of some collection, when there is one.
  std::optional<std::pair<std::string, int>> some_version() {
    if (model_.empty()) return std::nullopt;
    auto it = model_.begin();
    std::advance(it, pick(static_cast<int>(model_.size())));
    const int index = pick(static_cast<int>(it->second.versions.size()));
    if (it->second.versions[static_cast<std::size_t>(index)].deleted) return std::nullopt;
    return std::pair{it->first, index};
  }
  Version version_of(const std::pair<std::string, int>& which) {
    return must(home_.store().get({"", "", which.first, "v" + std::to_string(which.second)}));
  }
  void move_alias() {
    const auto which = some_version();
    if (!which) return;
    const std::string a = alias();
    must(home_.store().add_alias(version_of(*which), a));
    model_[which->first].aliases[a] = which->second;
  }
  void remove_alias() {
    const auto which = some_version();
    if (!which) return;
    const std::string a = alias();
    auto& aliases = model_[which->first].aliases;
    const bool has = aliases.contains(a) && aliases[a] == which->second;
    EXPECT_EQ(home_.store().remove_alias(version_of(*which), a).has_value(), has);
    if (has) aliases.erase(a);
  }
  void remove_version() {
    const auto which = some_version();
    if (!which) return;
    must(home_.store().delete_version(version_of(*which), true));
    ModelCollection& collection = model_[which->first];
    collection.versions[static_cast<std::size_t>(which->second)] = {{}, true};
    std::erase_if(collection.aliases, [&](const auto& a) { return a.second == which->second; });
    if (collection.newest() >= 0) collection.aliases["latest"] = collection.newest();
  }

  std::mt19937 random_;
  test::HandClock clock_;
  TestHome home_{real_files(), clock_};
  std::map<std::string, ModelCollection> model_;
};

class RandomOperations : public testing::TestWithParam<unsigned> {};

TEST_P(RandomOperations, AgreeWithTheModel) {
  Machine machine(GetParam());
  for (int round = 0; round < 4; ++round) {
    for (int i = 0; i < 40; ++i) machine.step();
    machine.check();
    if (HasFatalFailure()) return;
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, RandomOperations, testing::Range(0U, 6U));

}  // namespace
}  // namespace treadle::artifact
