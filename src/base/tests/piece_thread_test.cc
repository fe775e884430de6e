#include <treadle/base/digest.h>
#include <treadle/base/piece_thread.h>

#include <gtest/gtest.h>

namespace treadle {
namespace {

TEST(PieceThread, TakesEveryPieceInOrder) {
  std::string taken;
  std::string pushed;
  PieceThread thread([&](std::string_view piece) { taken += piece; });
  for (int i = 0; i < 1000; ++i) {
    pushed += std::to_string(i);
    thread.push(std::make_shared<const std::string>(std::to_string(i)));
  }
  thread.drain();
  EXPECT_EQ(taken, pushed);
  thread.push(std::make_shared<const std::string>("more"));
  thread.drain();
  EXPECT_EQ(taken, pushed + "more");
}

TEST(PieceThread, TakesWhatWasPushedBeforeItIsDestroyed) {
  StreamHasher<Md5> hasher;
  {
    PieceThread thread([&](std::string_view piece) { hasher.update(piece); });
    thread.push(std::make_shared<const std::string>("ab"));
    thread.push(std::make_shared<const std::string>("c"));
  }
  EXPECT_EQ(to_hex(hasher.finish()), to_hex(md5("abc")));
}

TEST(PieceThread, OfNothingIsAtItsEndAtOnce) {
  int taken = 0;
  PieceThread thread([&](std::string_view) { ++taken; });
  thread.drain();
  EXPECT_EQ(taken, 0);
}

}  // namespace
}  // namespace treadle
