#include <treadle/define/definitions.h>

#include <gtest/gtest.h>

namespace treadle {
namespace {

TEST(Place, ReadsAsEditorsWantIt) {
  EXPECT_EQ((Place{"pipeline.py", 12}).text(), "pipeline.py:12");
  EXPECT_EQ((Place{"pipeline.py", 0}).text(), "pipeline.py");
  EXPECT_EQ(Place{}.text(), "");
}

TEST(Problem, SaysPlaceThenMessageThenCure) {
  const Problem problem{"cycle", "a", {"p.py", 3}, "It is wrong.", "Mend it."};
  EXPECT_EQ(problem.text(), "p.py:3: It is wrong. Mend it.");
  EXPECT_EQ((Problem{"cycle", "a", {}, "It is wrong.", ""}).text(), "It is wrong.");
}

TEST(DefinitionError, CarriesAllProblemsAndTheirText) {
  const DefinitionError one({{"x", "a", {}, "A.", "B."}});
  EXPECT_STREQ(one.what(), "A. B.");
  const DefinitionError two({{"x", "a", {}, "A.", "B."}, {"y", "c", {"p.py", 1}, "C.", ""}});
  EXPECT_STREQ(two.what(), "2 problems with these definitions:\n  - A. B.\n  - p.py:1: C.");
  EXPECT_EQ(two.problems().size(), 2u);
}

}  // namespace
}  // namespace treadle
