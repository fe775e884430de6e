#include "../ids.h"

#include <gtest/gtest.h>

namespace treadle::serve {
namespace {

TEST(Ids, NumbersComeBackAndOtherKindsDoNot) {
  EXPECT_EQ(number_of(make_id("Project", 42), "Project"), 42);
  EXPECT_FALSE(number_of(make_id("Project", 42), "Entity"));
  EXPECT_FALSE(number_of("nonsense", "Project"));
  EXPECT_FALSE(number_of(make_text_id("Project", "4x"), "Project"));
}

TEST(Ids, RunIdsAreWhatTheLauncherBuilds) {
  const std::string id = make_run_id({"ada", "iris", "abc12345"});
  EXPECT_EQ(id, "UnVuOnYxOmFiYzEyMzQ1OmlyaXM6YWRh");
  const auto run = parse_run_id(id);
  ASSERT_TRUE(run);
  EXPECT_EQ(run->entity, "ada");
  EXPECT_EQ(run->project, "iris");
  EXPECT_EQ(run->name, "abc12345");
  EXPECT_FALSE(parse_run_id(make_text_id("Run:v1", "only:two")));
}

}  // namespace
}  // namespace treadle::serve
