#include <treadle/base/files.h>
#include <treadle/base/random.h>
#include <treadle/db/testing.h>
#include <treadle/desk/desk.h>

#include <gtest/gtest.h>

namespace treadle::desk {
namespace {

class DeskTest : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(real_files().make_folders(folder_));
    database_ = *db::open_for_test(folder_ + "/treadle.db", {.durability = db::Durability::kOff});
    desk_ = *Desk::open(*database_);
  }
  void TearDown() override {
    desk_.reset();
    database_.reset();
    (void)remove_tree(folder_);
  }

  const std::string folder_ = testing::TempDir() + "desk-" + random_uuid();
  std::unique_ptr<db::Database> database_;
  std::unique_ptr<Desk> desk_;

  static Automation promote(std::int64_t project) {
    Automation a;
    a.name = "promote";
    a.scope_id = project;
    a.project_id = project;
    a.entity_id = 3;
    a.event = "LINK_MODEL";
    a.filter = R"({"alias": {"$regex": "^prod"}})";
    a.action = "NO_OP";
    a.action_config = "{}";
    return a;
  }
};

TEST_F(DeskTest, AnAutomationComesBackToTheLetter) {
  const Automation kept = *desk_->add(promote(7));
  const auto found = *desk_->find_automation(kept.id);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->filter, R"({"alias": {"$regex": "^prod"}})");
  EXPECT_FALSE(found->description);
  EXPECT_TRUE(found->enabled);
  EXPECT_EQ(desk_->automations_of_entity(3)->size(), 1U);
  EXPECT_EQ(desk_->automations_of_project(7)->size(), 1U);
  EXPECT_TRUE(desk_->automations_of_project(8)->empty());
}

TEST_F(DeskTest, NamesOfAutomationsAreUniqueInTheirScopeOnly) {
  ASSERT_TRUE(desk_->add(promote(7)));
  const auto again = desk_->add(promote(7));
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code, Errc::kAlreadyExists);
  Automation other = *desk_->add(promote(8));
  other.scope_id = 7;
  EXPECT_EQ(desk_->replace(other).error().code, Errc::kAlreadyExists);
}

TEST_F(DeskTest, TheIdOfWhatWasDeletedIsNotUsedAgain) {
  const Automation first = *desk_->add(promote(7));
  ASSERT_TRUE(desk_->remove_automation(first.id));
  const Automation second = *desk_->add(promote(7));
  EXPECT_NE(first.id, second.id);
  EXPECT_FALSE(*desk_->find_automation(first.id));
}

TEST_F(DeskTest, AnIntegrationsNameIsUniqueInItsEntity) {
  Integration hook;
  hook.entity_id = 3;
  hook.name = "deploy";
  hook.target = "https://example.com";
  ASSERT_TRUE(desk_->add(hook));
  EXPECT_EQ(desk_->add(hook).error().code, Errc::kAlreadyExists);
  hook.entity_id = 4;
  ASSERT_TRUE(desk_->add(hook));
  EXPECT_EQ(desk_->integrations(3)->size(), 1U);
}

TEST_F(DeskTest, AViewIsChangedInPlaceAndListedByType) {
  View report;
  report.project_id = 7;
  report.type = "runs";
  report.name = "r1";
  report.spec = R"({"blocks": []})";
  const View kept = *desk_->add(report);
  const View changed = *desk_->change_view(kept.id, {.display_name = "Losses"});
  EXPECT_EQ(changed.display_name, "Losses");
  EXPECT_EQ(changed.spec, report.spec);
  EXPECT_EQ(desk_->views(7, "runs")->size(), 1U);
  EXPECT_TRUE(desk_->views(7, "runs/draft")->empty());
  EXPECT_EQ(desk_->change_view(kept.id + 1, {}).error().code, Errc::kNotFound);
  ASSERT_TRUE(desk_->remove_view(kept.id));
  EXPECT_TRUE(desk_->views(7)->empty());
}

TEST_F(DeskTest, APutChartReplacesTheOneOfItsName) {
  Chart chart;
  chart.entity_id = 3;
  chart.name = "roc";
  chart.spec = "{}";
  const Chart first = *desk_->put(chart);
  chart.spec = R"({"a":1})";
  EXPECT_EQ(desk_->put(chart)->id, first.id);
}

TEST_F(DeskTest, AProjectThatGoesTakesItsAutomationsAndViewsAlong) {
  ASSERT_TRUE(desk_->add(promote(7)));
  View report;
  report.project_id = 7;
  ASSERT_TRUE(desk_->add(report));
  ASSERT_TRUE(desk_->remove_project(7));
  EXPECT_TRUE(desk_->automations_of_project(7)->empty());
  EXPECT_TRUE(desk_->views(7)->empty());
}

}  // namespace
}  // namespace treadle::desk
