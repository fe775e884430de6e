// Random conditions over random histories, against the plain model (condition_model.h).
#include "condition_model.h"

#include <gtest/gtest.h>

#include <random>

namespace treadle::automate {
namespace {

using C = AutomationCondition;

class AgainstTheModel : public ::testing::TestWithParam<unsigned> {
 protected:
  template <class T>
  const T& one_of(const std::vector<T>& from) {
    return from[random_() % from.size()];
  }

  RunTagFilter filter() {
    RunTagFilter out;
    if (random_() % 2 == 0) {
      out.keys = std::set<std::string>{"team"};
    } else {
      out.values = std::map<std::string, std::string>{{"team", random_() % 2 == 0 ? "ml" : "web"}};
    }
    return out;
  }

  C leaf(bool of_check) {
    switch (random_() % (of_check ? 8 : 19)) {
      case 0:
        return C::missing();
      case 1:
        return C::initial_evaluation();
      case 2:
        return C::newly_requested();
      case 3:
        return C::will_be_requested();
      case 4:
        return C::cron_tick_passed("0 * * * *");
      case 5:
        return C::check_passed();
      case 6:
        return C::check_failed();
      case 7:
        return C::in_latest_time_window();
      case 8:
        return C::run_in_progress();
      case 9:
        return C::backfill_in_progress();
      case 10:
        return C::execution_failed();
      case 11:
        return C::data_version_changed();
      case 12:
        return C::code_version_changed();
      case 13:
        return C::in_latest_time_window(2 * kDay);
      case 14:
        return C::executed_with_root_target();
      case 15:
        return C::executed_with_tags(filter());
      case 16:
        return C::any_new_update_has_run_tags(filter());
      case 17:
        return C::all_new_updates_have_run_tags(filter());
      default:
        return C::newly_updated();
    }
  }

  C condition(int depth, bool of_check = false) {
    if (depth == 0) return leaf(of_check);
    switch (random_() % (of_check ? 6 : 14)) {
      case 0:
        return condition(depth - 1, of_check) & condition(depth - 1, of_check);
      case 1:
        return condition(depth - 1, of_check) | condition(depth - 1, of_check);
      case 2:
        return ~condition(depth - 1, of_check);
      case 3:
        return condition(depth - 1, of_check).newly_true();
      case 4:
        return condition(depth - 1, of_check).since(condition(depth - 1, of_check));
      case 5:
        return leaf(of_check);
      case 6:
        return C::any_deps_match(condition(depth - 1));
      case 7:
        return C::all_deps_match(condition(depth - 1));
      case 8:
        return C::any_deps_match(condition(depth - 1)).ignore("a or c");
      case 9:
        return C::all_deps_match(condition(depth - 1)).allow("b or c or e");
      case 10:
        return C::any_checks_match(condition(depth - 1, true), random_() % 2 == 0);
      case 11:
        return C::all_checks_match(condition(depth - 1, true), random_() % 2 == 0);
      case 12:
        return C::asset_matches(AssetKey(one_of(keys_)), condition(depth - 1));
      default:
        return one_of(std::vector<C>{C::eager(), C::on_missing(), C::on_cron("0 * * * *"),
                                     C::any_deps_updated(), C::newly_missing(),
                                     C::newly_updated().since_last_handled()});
    }
  }

  PartitionSubset some(const std::string& key) {
    const Entity& entity = (*h_.entities)[h_.entities->find(key)];
    std::vector<std::int64_t> numbers;
    for (std::int64_t n = 0; n < entity.size; ++n)
      if (random_() % 3 == 0) numbers.push_back(n);
    return PartitionSubset::of(std::move(numbers));
  }

  void something_happens() {
    switch (random_() % 7) {
      case 0:
      case 1:
      case 2: {
        std::vector<std::string> what;
        for (const std::string& key : keys_) {
          if (random_() % 3 != 0) continue;
          const PartitionSet* set = (*h_.entities)[h_.entities->find(key)].partitions;
          what.push_back(!set ? key
                              : key + "@" +
                                    set->key(static_cast<std::int64_t>(random_()) % set->size()));
        }
        std::map<std::string, std::string> tags;
        if (random_() % 2 == 0) tags["team"] = random_() % 2 == 0 ? "ml" : "web";
        if (!what.empty()) h_.run(what, tags);
        break;
      }
      case 3: {
        auto* const where = one_of(std::vector<std::map<std::string, PartitionSubset>*>{
            &h_.running, &h_.failed, &h_.backfilling});
        const std::string& key = one_of(keys_);
        (*where)[key] = random_() % 2 == 0 ? PartitionSubset() : some(key);
        break;
      }
      case 4:
        h_.code_versions[one_of(keys_)] = std::to_string(random_() % 2);
        break;
      case 5:
        h_.check_results[random_() % 2 == 0 ? "b:fine" : "b:complete"] = random_() % 2 == 0;
        break;
      default:
        h_.now += static_cast<Micros>(random_() % 40) * kHour;
    }
  }

  std::mt19937 random_{GetParam()};
  std::vector<std::string> keys_ = {"a", "b", "c", "d", "e", "f"};
  History h_;
};

TEST_P(AgainstTheModel, EveryConditionHoldsWhereThePlainEvaluationSays) {
  const PartitionsPtr letters = *static_partitions({"x", "y", "z"});
  const PartitionsPtr days = *daily_partitions("2026-01-01");
  const PartitionsPtr weeks = *weekly_partitions("2025-12-21");
  const auto maybe = [&]() { return random_() % 4 == 0 ? C() : condition(3); };
  h_.asset("a", {}, maybe(), letters).asset("b", {"a"}, maybe(), letters);
  h_.asset("c", {}, maybe(), days).asset("d", {"c"}, maybe(), weeks);
  h_.asset("e", {"b", "d"}, maybe()).asset("f", {"c", "e"}, maybe(), days);
  h_.check("b", "fine", true, random_() % 2 == 0 ? condition(2, true) : C());
  h_.check("b", "complete");
  ConditionModel model(h_);
  for (int round = 0; round < 12; ++round) {
    h_.tick();
    std::map<std::string, ConditionModel::Set> holds;
    for (const Requested& one : h_.evaluation.results) {
      const Entity& entity = (*h_.entities)[one.entity];
      const auto numbers = one.slice.subset(entity.size).numbers();
      holds[std::string(entity.key)] = {numbers.begin(), numbers.end()};
    }
    const auto expected = model.tick();
    for (const auto& [key, set] : expected)
      ASSERT_EQ(holds.at(key), set)
          << "round " << round << ", " << key << ": "
          << (*h_.entities)[h_.entities->find(key)].condition->text() << "\n"
          << h_.why(key).text(*h_.entities);
    // The cursor says the same after a way through text.
    h_.cursor = History::take(Cursor::from_json(h_.cursor.to_json()));
    for (int i = static_cast<int>(random_() % 4); i > 0; --i) something_happens();
    h_.now += 60'000'000;
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, AgainstTheModel, ::testing::Range(0u, 150u));

}  // namespace
}  // namespace treadle::automate
