// What is kept of partitions that were looked at says what looking at all of them says.
#include <treadle/app/home.h>
#include <treadle/app/partitions.h>
#include <treadle/base/random.h>
#include <treadle/plan/partition_staleness.h>

#include <gtest/gtest.h>

#include <random>
#include <unordered_map>

namespace treadle::app {
namespace {

constexpr std::int64_t kHours = 1200;

// `raw` and `plain` are read by `clean`, partition by partition, and `daily` reads a day of `clean`.
class KeptJudgements : public ::testing::Test {
 protected:
  void SetUp() override {
    home_ = Home::open({.temporary = true}).value();
    hours_ = hourly_partitions("2026-01-01-00:00", {.end = "2026-02-20-00:00"}).value();
    days_ = daily_partitions("2026-01-01", {.end = "2026-02-20"}).value();
    add("raw", hours_, {});
    add("plain", nullptr, {});
    add("clean", hours_, {"raw", "plain"});
    add("daily", days_, {"clean"});
    graph_ = std::make_unique<plan::AssetGraph>(definitions_);
  }

  void add(const std::string& name, const PartitionsPtr& partitions,
           const std::vector<std::string>& upstream) {
    StepDef step;
    step.name = name;
    OutputDef output;
    output.asset.key = AssetKey(name);
    output.asset.partitions = partitions;
    step.outputs.push_back(std::move(output));
    for (const std::string& one : upstream) {
      InputDef input;
      input.name = one;
      input.asset = AssetKey(one);
      step.inputs.push_back(std::move(input));
    }
    definitions_.steps.push_back(std::move(step));
  }

  // A run that makes these partitions of an asset from versions that are told.
  using Made = std::pair<std::string, Provenance>;
  void make(const std::string& asset, const std::vector<Made>& made) {
    const std::string run_id = random_uuid();
    ASSERT_TRUE(home_->record().add_run({.run_id = run_id}));
    auto writer = home_->record().execute_run(run_id).value();
    for (const auto& [partition, provenance] : made) {
      Event event;
      event.type = EventType::kAssetMaterialization;
      event.step_key = event.asset_key = asset;
      event.partition = partition;
      event.payload = R"({"provenance":)" + provenance_to_json(provenance) + "}";
      writer->append(std::move(event));
    }
    Event last;
    last.type = EventType::kRunSuccess;
    ASSERT_TRUE(writer->finish(RunStatus::kSuccess, std::move(last)));
    last_run_ = run_id;
  }

  Provenance random_version(const std::string& asset) {
    Provenance p;
    p.code_version = pick(4) == 0 ? "2" : "1";
    p.data_version = "v" + std::to_string(pick(2));
    for (const plan::NodeId parent : graph_->node(graph_->find(AssetKey(asset))).parents) {
      if (pick(8) == 0) continue;
      p.inputs.push_back({graph_->node(parent).info->key, "v" + std::to_string(pick(2))});
    }
    return p;
  }
  std::int64_t pick(std::int64_t n) {
    return std::uniform_int_distribution<std::int64_t>(0, n - 1)(random_);
  }

  void make_randomly(const std::string& asset, std::int64_t many) {
    const auto& partitions = graph_->node(graph_->find(AssetKey(asset))).info->partitions;
    std::vector<Made> made;
    for (std::int64_t i = 0; i < many; ++i) {
      std::string key;
      if (partitions) {
        const PartitionSet set = PartitionSet::at(partitions, system_clock().now()).value();
        key = set.key(pick(set.size()));
      }
      made.emplace_back(std::move(key), random_version(asset));
    }
    make(asset, made);
  }

  // The answer of the home, and of plan:: over everything there is.
  std::string differences(const std::string& asset) {
    std::unordered_map<plan::NodeId, std::optional<plan::PartitionedFacts>> facts;
    const plan::PartitionQuestion question{
        .graph = *graph_,
        .node = graph_->find(AssetKey(asset)),
        .facts = [&](plan::NodeId node) -> const plan::PartitionedFacts* {
          if (!facts.contains(node)) facts[node] = partitioned_facts(*home_, *graph_, node).value();
          return facts[node] ? &*facts[node] : nullptr;
        },
        .version = [&](plan::NodeId) { return plain_version_; },
        .code_version = "2"};
    const auto kept = stale_partitions(*home_, question);
    if (!kept) return kept.error().message;
    const plan::PartitionStaleness fresh = plan::find_stale_partitions(question);
    std::string text;
    if (!(kept->stale == fresh.stale)) text += "stale partitions differ. ";
    if (kept->reasons.size() != fresh.reasons.size()) return text + "other reasons.";
    for (std::size_t i = 0; i < fresh.reasons.size(); ++i) {
      if (!(kept->reasons[i] == fresh.reasons[i])) {
        text += plan::describe(kept->reasons[i].first, *graph_) + " is not " +
                plan::describe(fresh.reasons[i].first, *graph_) + ". ";
      }
    }
    return text;
  }

  std::string kept(const std::string& asset) {
    const std::string name = "partitions/judged/" + asset;
    return home_->record().values({name}).value()[name];
  }

  std::unique_ptr<Home> home_;
  PartitionsPtr hours_, days_;
  Definitions definitions_;
  std::unique_ptr<plan::AssetGraph> graph_;
  std::string plain_version_ = "v1";
  std::string last_run_;
  std::mt19937 random_{5};
};

TEST_F(KeptJudgements, AreWhatLookingAtAllPartitionsSays) {
  for (const char* asset : {"raw", "plain", "clean", "daily"}) make_randomly(asset, 2 * kHours);
  for (int round = 0; round < 25; ++round) {
    constexpr const char* kAssets[] = {"raw", "clean", "daily", "plain"};
    const std::string which = kAssets[pick(4)];
    make_randomly(which, pick(20) == 0 ? kHours : 1 + pick(20));
    if (pick(5) == 0) plain_version_ = plain_version_ == "v1" ? "v0" : "v1";
    if (pick(10) == 0) {
      ASSERT_TRUE(home_->record().delete_run(last_run_));
    }
    ASSERT_EQ(differences("clean"), "") << "in round " << round << ", of " << which;
    ASSERT_EQ(differences("daily"), "") << "in round " << round << ", of " << which;
  }
}

TEST_F(KeptJudgements, AreKeptOnlyWhenTheySpareMuch) {
  make_randomly("clean", 50);
  EXPECT_EQ(differences("clean"), "");
  // Few are made, but all were looked at.
  make_randomly("daily", 10);
  EXPECT_EQ(differences("daily"), "");
  EXPECT_TRUE(kept("daily").empty());
}

TEST_F(KeptJudgements, AreForgottenWithTheAsset) {
  for (const char* asset : {"raw", "clean"}) make_randomly(asset, 2 * kHours);
  ASSERT_EQ(differences("clean"), "");
  ASSERT_FALSE(kept("clean").empty());
  ASSERT_TRUE(home_->record().wipe_asset(AssetKey("raw")));
  EXPECT_TRUE(kept("clean").empty());
  EXPECT_EQ(differences("clean"), "");
}

}  // namespace
}  // namespace treadle::app
