#include "display_name.h"

#include <treadle/base/random.h>

#include <array>
#include <string_view>

namespace treadle::tracking {
namespace {

constexpr std::array<std::string_view, 48> kFirst = {
    "woven",   "calm",    "bright", "quick",  "gentle", "amber",  "silver", "quiet",
    "brave",   "clear",   "dapper", "eager",  "fair",   "golden", "hardy",  "indigo",
    "jolly",   "keen",    "lively", "mellow", "noble",  "olive",  "proud",  "rapid",
    "royal",   "scarlet", "serene", "sleek",  "snowy",  "solid",  "spry",   "steady",
    "sunny",   "swift",   "tidy",   "true",   "vivid",  "warm",   "wise",   "young",
    "crimson", "dusty",   "frosty", "lucid",  "misty",  "rustic", "smooth", "violet"};
constexpr std::array<std::string_view, 48> kSecond = {
    "heron",  "loom",    "maple",   "river",  "thread", "falcon",  "meadow", "harbor",
    "otter",  "cedar",   "comet",   "delta",  "ember",  "fern",    "garnet", "hazel",
    "island", "juniper", "kestrel", "lark",   "marten", "nebula",  "orchid", "pebble",
    "quartz", "raven",   "spruce",  "tundra", "valley", "willow",  "zephyr", "acorn",
    "beacon", "canyon",  "dune",    "eagle",  "forest", "glacier", "hollow", "iris",
    "jasper", "lagoon",  "mesa",    "north",  "opal",   "prairie", "reef",   "summit"};

}  // namespace

std::string made_up_name(std::int64_t number) {
  const std::string bytes = random_bytes(2);
  const auto pick = [](const auto& words, char byte) {
    return std::string(words[static_cast<unsigned char>(byte) % words.size()]);
  };
  return pick(kFirst, bytes[0]) + "-" + pick(kSecond, bytes[1]) + "-" + std::to_string(number);
}

}  // namespace treadle::tracking
