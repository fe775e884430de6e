// IO managers: where values go between functions is not the functions' business.
#include <treadle/treadle.hpp>

#include <iostream>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace td = treadle;

class Shelf final : public td::IOManager {
 public:
  td::StepOutcome handle_output(td::OutputContext& context, const td::Value& value) override {
    const std::scoped_lock lock(mutex_);  // parallel steps share it
    values[context.output.asset.key.text()] = value;
    return {};
  }
  tl::expected<td::Value, td::StepFailure> load_input(td::InputContext& context) override {
    const std::scoped_lock lock(mutex_);
    return values.at(context.asset.text());
  }
  std::map<std::string, td::Value> values;

 private:
  std::mutex mutex_;
};

int main() {
  td::Defs defs;
  auto shelf = std::make_shared<Shelf>();
  defs.io_manager("shelf", shelf);
  auto words = defs.asset({.key = "words", .io_manager = "shelf"},
                          [] { return std::vector<std::string>{"warp", "weft"}; });
  defs.asset(
      {.key = "count", .io_manager = "shelf"},
      [](const std::vector<std::string>& w) { return static_cast<int>(w.size()); }, words);

  if (!td::materialize(defs, {.temporary_home = true}).success()) return 1;
  std::cout << "on the shelf: " << shelf->values.size() << " values, count is "
            << *shelf->values.at("count").get<int>() << '\n';
}
