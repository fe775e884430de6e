#include <treadle/account/accounts.h>
#include <treadle/base/files.h>
#include <treadle/base/random.h>
#include <treadle/db/testing.h>

#include <gtest/gtest.h>

namespace treadle::account {
namespace {

class AccountsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ = ::testing::TempDir() + "accounts-" + random_uuid();
    ASSERT_TRUE(real_files_make());
    auto database =
        db::open_for_test(folder_ + "/treadle.db", {.durability = db::Durability::kOff});
    ASSERT_TRUE(database) << database.error().message;
    database_ = *std::move(database);
    accounts_ = *Accounts::open(*database_, "secret");
    admin_key_ = (*accounts_->ensure_admin())->text;
    admin_ = *accounts_->get_user("local");
    ada_ = *accounts_->add_user("ada", "ada@example.org", false);
    bob_ = *accounts_->add_user("bob", "", false);
  }
  void TearDown() override {
    accounts_.reset();
    database_.reset();
    (void)remove_tree(folder_);
  }
  bool real_files_make() { return real_files().make_folders(folder_).has_value(); }
  Role access(const User& user, std::string_view entity, std::string_view project = {}) {
    return *accounts_->access(user, entity, project);
  }

  std::string folder_;
  std::unique_ptr<db::Database> database_;
  std::unique_ptr<Accounts> accounts_;
  std::string admin_key_;
  User admin_, ada_, bob_;
};

TEST_F(AccountsTest, TheFirstAdminIsMadeOnce) {
  EXPECT_GE(admin_key_.size(), 40u);
  EXPECT_TRUE(admin_.admin);
  EXPECT_FALSE(*accounts_->ensure_admin());
}

TEST_F(AccountsTest, AKeyOpensUntilItIsRevoked) {
  const NewKey key = *accounts_->add_key(ada_.id, "laptop");
  EXPECT_EQ((*accounts_->authenticate(key.text))->name, "ada");
  EXPECT_FALSE(*accounts_->authenticate(key.text + "x"));
  EXPECT_FALSE(*accounts_->authenticate(""));
  ASSERT_TRUE(accounts_->revoke_key(key.key.id));
  EXPECT_FALSE(*accounts_->authenticate(key.text));
}

TEST_F(AccountsTest, AnyStringOfFortyCharactersIsAKeyAndShorterOnesAreNot) {
  const std::string text = "user_gw0-" + std::string(40, 'a');
  ASSERT_TRUE(accounts_->add_key(ada_.id, "", text));
  EXPECT_EQ((*accounts_->authenticate(text))->name, "ada");
  EXPECT_EQ(accounts_->add_key(bob_.id, "", text).error().code, Errc::kAlreadyExists);
  EXPECT_FALSE(accounts_->add_key(ada_.id, "", std::string(39, 'a')));
  EXPECT_FALSE(accounts_->add_key(ada_.id, "", std::string(39, 'a') + " b"));
}

TEST_F(AccountsTest, KeysAreHashedWithTheHomesSecret) {
  const auto other = *Accounts::open(*database_, "another secret");
  EXPECT_FALSE(*other->authenticate(admin_key_));
  EXPECT_TRUE(*accounts_->authenticate(admin_key_));
}

TEST_F(AccountsTest, TheLocalKeyIsTheSameInEveryProcess) {
  const std::string key = *accounts_->local_key();
  EXPECT_EQ(*accounts_->local_key(), key);
  EXPECT_EQ((*accounts_->authenticate(key))->name, "local");
}

TEST_F(AccountsTest, ARemovedUserHasNoKeyAndTheLastAdminStays) {
  const NewKey key = *accounts_->add_key(ada_.id, "");
  ASSERT_TRUE(accounts_->remove_user("ada"));
  EXPECT_FALSE(*accounts_->authenticate(key.text));
  EXPECT_FALSE(*accounts_->find_user("ada"));
  EXPECT_FALSE(accounts_->remove_user("local"));
  EXPECT_EQ(accounts_->add_user("ada", "", false).error().code, Errc::kAlreadyExists);
}

TEST_F(AccountsTest, NamesOfUsersAndTeamsAreOneSpace) {
  EXPECT_EQ(accounts_->add_team("ada", "", admin_).error().code, Errc::kAlreadyExists);
  EXPECT_FALSE(accounts_->add_user("../x", "", false));
}

TEST_F(AccountsTest, OnesOwnEntityIsOnesOwn) {
  EXPECT_EQ(access(ada_, "ada"), Role::kAdmin);
  EXPECT_EQ(access(bob_, "ada"), Role::kNone);
  EXPECT_EQ(access(admin_, "ada"), Role::kAdmin);
  EXPECT_EQ(access(admin_, "nobody"), Role::kNone);
}

TEST_F(AccountsTest, TeamRolesHold) {
  const Entity team = *accounts_->add_team("vision", "", ada_);
  EXPECT_EQ(access(ada_, "vision", "p"), Role::kAdmin);
  EXPECT_EQ(access(bob_, "vision", "p"), Role::kNone);
  for (const Role role : {Role::kViewer, Role::kMember, Role::kNone}) {
    ASSERT_TRUE(accounts_->set_member(team.id, bob_.id, role));
    EXPECT_EQ(access(bob_, "vision", "p"), role);
  }
}

TEST_F(AccountsTest, VisibilityOpensAProjectAndRestrictionClosesIt) {
  const Entity team = *accounts_->add_team("vision", "", ada_);
  const Project project = **accounts_->project("vision", "open", true);
  ASSERT_TRUE(accounts_->set_visibility(project.id, Visibility::kReadable));
  EXPECT_EQ(access(bob_, "vision", "open"), Role::kViewer);
  EXPECT_EQ(access(bob_, "vision", "other"), Role::kNone);
  ASSERT_TRUE(accounts_->set_member(team.id, bob_.id, Role::kMember));
  EXPECT_EQ(access(bob_, "vision", "open"), Role::kMember);
  ASSERT_TRUE(accounts_->set_visibility(project.id, Visibility::kRestricted));
  EXPECT_EQ(access(bob_, "vision", "open"), Role::kNone);
  EXPECT_EQ(access(ada_, "vision", "open"), Role::kAdmin);
  ASSERT_TRUE(accounts_->set_project_member(project.id, bob_.id, Role::kViewer));
  EXPECT_EQ(access(bob_, "vision", "open"), Role::kViewer);
}

TEST_F(AccountsTest, WhoIsInATeamOfAnOrganizationIsInTheOrganization) {
  const Organization acme = *accounts_->add_organization("acme", ada_);
  const Entity team = *accounts_->add_team("vision", "acme", ada_);
  EXPECT_EQ(access(ada_, acme.entity), Role::kAdmin);
  EXPECT_EQ(access(bob_, acme.entity), Role::kNone);
  ASSERT_TRUE(accounts_->set_member(team.id, bob_.id, Role::kViewer));
  EXPECT_EQ(access(bob_, acme.entity), Role::kMember);
  EXPECT_EQ(accounts_->organizations(bob_.id)->size(), 1u);
  const Project registry = **accounts_->project(acme.entity, "wandb-registry-model", true);
  ASSERT_TRUE(accounts_->set_project_member(registry.id, bob_.id, Role::kViewer));
  EXPECT_EQ(access(bob_, acme.entity, "wandb-registry-model"), Role::kViewer);
  ASSERT_TRUE(accounts_->set_project_member(registry.id, bob_.id, Role::kNone));
  ASSERT_TRUE(accounts_->set_project_team(registry.id, team.id, Role::kAdmin));
  EXPECT_EQ(access(bob_, acme.entity, "wandb-registry-model"), Role::kAdmin);
}

TEST_F(AccountsTest, TheAuditLogKeepsWhatWasDone) {
  ASSERT_TRUE(accounts_->audit("ada", "upsertBucket", "ada/p", "", "127.0.0.1"));
  ASSERT_TRUE(accounts_->audit("bob", "deleteRun", "bob/p/r", "", "10.0.0.1"));
  EXPECT_EQ(accounts_->audit_log(10)->front().action, "deleteRun");
  EXPECT_EQ(accounts_->audit_log(10)->size(), 2u);
}

}  // namespace
}  // namespace treadle::account
