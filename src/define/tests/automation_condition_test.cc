#include <treadle/define/automation_condition.h>
#include <treadle/define/definitions.h>

#include <gtest/gtest.h>

namespace treadle {
namespace {

using C = AutomationCondition;

TEST(AutomationCondition, EagerIsComposedAsInDagster) {
  const C eager = C::eager();
  EXPECT_EQ(eager.text(), "eager");
  EXPECT_EQ(eager.with_label(std::nullopt).text(),
            "(in_latest_time_window & (newly_missing | any_deps_updated).since(handled) & "
            "~any_deps_missing & ~any_deps_in_progress & ~in_progress)");
  EXPECT_EQ(eager.node().children.size(), 5u);
}

TEST(AutomationCondition, OperandsOfUnlabelledConditionsArePutTogether) {
  const C three = C::missing() & C::newly_updated() & C::execution_failed();
  EXPECT_EQ(three.node().children.size(), 3u);
  const C labelled = (C::missing() & C::newly_updated()).with_label("both") & C::execution_failed();
  EXPECT_EQ(labelled.node().children.size(), 2u);
}

TEST(AutomationCondition, EqualityIsByWhatIsSaid) {
  EXPECT_EQ(C::eager(), C::eager());
  EXPECT_NE(C::on_cron("0 * * * *"), C::on_cron("0 0 * * *"));
  EXPECT_NE(C::missing(), C::missing().with_label("gone"));
  EXPECT_EQ(C::missing().node().identity, C::missing().with_label("gone").node().identity);
}

TEST(AutomationCondition, WithoutAndReplaceFindOperandsByValueNameOrLabel) {
  const C eager = C::eager();
  EXPECT_EQ(eager.without(~C::any_deps_missing()).node().children.size(), 4u);
  EXPECT_THROW((void)eager.without(C::missing()), DefinitionError);
  EXPECT_THROW((void)(C::missing() & C::newly_updated()).without(C::missing()), DefinitionError);
  EXPECT_THROW((void)C::missing().without(C::missing()), DefinitionError);
  const C replaced =
      eager.replace("in_latest_time_window", C::in_latest_time_window(86'400'000'000));
  EXPECT_EQ(replaced.node().children[0].name(),
            "in_latest_time_window(lookback_timedelta=1 day, 0:00:00)");
  EXPECT_EQ(eager.replace("handled", C::newly_requested()).node().children[1].node().children[1],
            C::newly_requested());
  EXPECT_EQ(eager.replace("eager", C::missing()), C::missing());
}

TEST(AutomationCondition, SelectionsReachTheDependenciesBelowAndAddUp) {
  const C eager = C::eager().ignore("key:a").ignore("key:b").allow("group:x");
  const C& missing = eager.node().children[2].node().children[0];
  EXPECT_EQ(missing.node().ignore, "(key:b) or (key:a)");
  EXPECT_EQ(missing.node().allow, "group:x");
  EXPECT_EQ(eager.node().identity, C::eager().node().identity) << "what it remembers stays its own";
}

TEST(AutomationCondition, AnImpossibleCronIsRefusedWhenDeclared) {
  EXPECT_THROW((void)C::on_cron("61 * * * *"), DefinitionError);
  EXPECT_THROW((void)C::on_cron("0 * * * *", "Mars/Olympus"), DefinitionError);
}

}  // namespace
}  // namespace treadle
