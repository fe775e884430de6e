// The store beside a naive model: a list of lines.
#include "home.h"

#include <map>
#include <random>

namespace treadle::tracking {
namespace {

using Rows = std::vector<std::string>;

class Model {
 public:
  explicit Model(unsigned seed) : random_(seed) {}

  int pick(int below) { return std::uniform_int_distribution<int>(0, below - 1)(random_); }

  std::string value() {
    switch (pick(8)) {
      case 0:
        return std::to_string(pick(1000) - 500);
      case 1:
        return "NaN";
      case 2:
        return "null";
      case 3:
        return "\"text" + std::to_string(pick(5)) + "\"";
      case 4:
        return "true";
      case 5:
        return "[1,\"a\"]";
      default:
        return std::to_string(pick(100)) + "." + std::to_string(pick(9) + 1);
    }
  }

  std::string row(std::int64_t step) {
    std::string row = "{\"_step\":" + std::to_string(step);
    for (const char* key : {"loss", "acc", "lr", "note"}) {
      if (pick(4) != 0) row += ",\"" + std::string(key) + "\":" + value();
    }
    if (pick(3) == 0) row += ",\"nested\":{\"a\":" + value() + ",\"b\":" + value() + "}";
    return row + "}";
  }

  Rows lines;

 private:
  std::mt19937 random_;
};

class AgainstModel : public testing::TestWithParam<unsigned> {};

TEST_P(AgainstModel, AnyOrderOfSendingGivesTheLinesSentLast) {
  TestHome home;
  Model model(GetParam());
  auto run = home.start("r1");
  for (int action = 0; action < 120; ++action) {
    const auto size = static_cast<std::int64_t>(model.lines.size());
    const int kind = model.pick(10);
    if (kind < 6 || size == 0) {  // goes on
      Rows rows;
      const int count = 1 + model.pick(kind == 0 ? 600 : 4);
      for (int i = 0; i < count; ++i) rows.push_back(model.row(size + i));
      ASSERT_TRUE(home.send(run, size, rows));
      model.lines.insert(model.lines.end(), rows.begin(), rows.end());
    } else if (kind < 8) {  // sends again what it sent, and a little more
      const std::int64_t from = std::max<std::int64_t>(0, size - 1 - model.pick(30));
      Rows rows(model.lines.begin() + from, model.lines.end());
      if (model.pick(2) == 0) rows.push_back(model.row(size));
      ASSERT_TRUE(home.send(run, from, rows));
      model.lines.resize(static_cast<std::size_t>(from));
      model.lines.insert(model.lines.end(), rows.begin(), rows.end());
    } else if (kind < 9) {  // sends something else there
      const std::int64_t from = model.pick(static_cast<int>(size));
      const std::int64_t count = std::min<std::int64_t>(size - from, 1 + model.pick(5));
      Rows rows;
      for (std::int64_t i = 0; i < count; ++i) rows.push_back(model.row(from + i));
      ASSERT_TRUE(home.send(run, from, rows));
      std::copy(rows.begin(), rows.end(), model.lines.begin() + from);
    } else {  // goes back
      const std::int64_t step = size - 1 - model.pick(10);
      run = home.store->rewind(run.key, step).value();
      model.lines.resize(static_cast<std::size_t>(std::max<std::int64_t>(step + 1, 0)));
    }
    ASSERT_EQ(home.store->get(run.key)->history_lines,
              static_cast<std::int64_t>(model.lines.size()));
  }
  ASSERT_EQ(home.store->rows(run.key, Stream::kHistory).value(), model.lines);
  // Another process reads the same.
  auto other = Store::open(*home.database, *home.artifacts).value();
  ASSERT_EQ(other->rows(run.key, Stream::kHistory).value(), model.lines);

  std::map<std::string, std::int64_t> counts;
  for (const std::string& line : model.lines) {
    for (const char* key : {"\"loss\":", "\"acc\":", "\"lr\":", "\"note\":", "\"_step\":"}) {
      counts[key] += line.find(key) != std::string::npos ? 1 : 0;
    }
    counts["\"nested.a\":"] += line.find("nested") != std::string::npos ? 1 : 0;
  }
  const KeysInfo info = other->keys_info(run.key).value();
  for (const KeyInfo& key : info.keys) {
    if (key.key == "nested.b") continue;
    std::int64_t total = 0;
    for (const auto& [type, count] : key.type_counts) total += count;
    EXPECT_EQ(total, counts["\"" + key.key + "\":"]) << key.key;
  }
  // All rows that have two keys, however many are asked for: sampling is a selection of them.
  HistoryQuery both;
  both.keys = {"_step", "loss"};
  const Rows all = other->rows(run.key, Stream::kHistory, both).value();
  EXPECT_EQ(static_cast<std::int64_t>(all.size()), counts["\"loss\":"]);
  SampleQuery sample;
  sample.keys = both.keys;
  sample.samples = 17;
  const Rows some = other->sampled(run.key, Stream::kHistory, sample).value();
  ASSERT_EQ(some.size(), std::min<std::size_t>(all.size(), 17));
  EXPECT_EQ(some.front(), all.front());
  EXPECT_EQ(some.back(), all.back());
  std::size_t at = 0;
  for (const std::string& row : some) {
    while (at < all.size() && all[at] != row) ++at;
    ASSERT_LT(at, all.size()) << row;
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, AgainstModel, testing::Range(1U, 13U));

}  // namespace
}  // namespace treadle::tracking
