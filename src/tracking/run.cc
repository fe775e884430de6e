#include <treadle/base/json.h>
#include <treadle/base/json_parse.h>
#include <treadle/model/run.h>
#include <treadle/tracking/run.h>

#include <boost/json.hpp>

#include <array>
#include <cmath>

namespace treadle::tracking {
namespace {

constexpr std::array<std::string_view, 9> kStateNames = {"pending",    "running",   "finished",
                                                         "failed",     "crashed",   "killed",
                                                         "preempting", "preempted", "stopped"};

Result<boost::json::object> parse_object(std::string_view text) {
  boost::json::value value;
  TREADLE_CHECK(parse_json_value(text.empty() ? "{}" : text, value));
  if (!value.is_object()) {
    return fail(Errc::kInvalidArgument, "A configuration must be a JSON object.");
  }
  return std::move(value.get_object());
}

Result<void> check_folder_name(std::string_view what, const std::string& name) {
  constexpr std::string_view kForbidden = "/\\#?%:";
  if (name.size() > 128) {
    return fail(Errc::kInvalidArgument, std::string(what) + " '" + name.substr(0, 40) +
                                            "...' is longer than 128 characters.");
  }
  for (const char c : name) {
    if (kForbidden.find(c) != std::string_view::npos || static_cast<unsigned char>(c) < 0x20) {
      return fail(Errc::kInvalidArgument, std::string(what) + " '" + name +
                                              "' must not contain any of / \\ # ? % : or control "
                                              "characters.");
    }
  }
  return {};
}

}  // namespace

std::string_view to_string(State state) {
  return kStateNames[static_cast<std::size_t>(state)];
}

std::optional<State> state_from(std::string_view name) {
  for (std::size_t i = 0; i < kStateNames.size(); ++i) {
    if (kStateNames[i] == name) return static_cast<State>(i);
  }
  return std::nullopt;
}

std::string Run::text() const {
  return entity + "/" + project + "/" + id;
}

Result<void> check_run_ref(const RunRef& ref) {
  TREADLE_CHECK(check_folder_name("The entity", ref.entity));
  TREADLE_CHECK(check_folder_name("The project", ref.project));
  return ref.id.empty() ? Result<void>() : check_run_id(ref.id);
}

Result<std::string> plain_config(std::string_view wandb_config) {
  TREADLE_TRY(boost::json::object object, parse_object(wandb_config));
  for (auto& [key, value] : object) {
    if (!value.is_object()) continue;
    const boost::json::object& wrapper = value.get_object();
    const auto* inner = wrapper.if_contains("value");
    const std::size_t known = (inner != nullptr ? 1 : 0) + (wrapper.contains("desc") ? 1 : 0);
    if (inner == nullptr || wrapper.size() != known) continue;
    boost::json::value copy = *inner;
    value = std::move(copy);
  }
  return json_value_text(object);
}

Result<std::string> wandb_config(std::string_view plain) {
  TREADLE_TRY(const boost::json::object object, parse_object(plain));
  JsonWriter w;
  w.begin_object();
  for (const auto& [key, value] : object) {
    w.key({key.data(), key.size()}).begin_object();
    w.key("value").raw(json_value_text(value)).end_object();
  }
  w.end_object();
  return std::move(w).str();
}

std::optional<BranchPoint> find_branch_point(std::string_view config) {
  boost::json::value document;
  if (!parse_json_value(config, document) || !document.is_object()) return std::nullopt;
  const auto* own = document.get_object().if_contains("_wandb");
  if (own == nullptr || !own->is_object()) return std::nullopt;
  const auto* point = own->get_object().if_contains("branch_point");
  if (point == nullptr || !point->is_object()) return std::nullopt;
  const auto* run = point->get_object().if_contains("run_id");
  const auto* step = point->get_object().if_contains("step");
  if (run == nullptr || !run->is_string() || step == nullptr) return std::nullopt;
  boost::system::error_code wrong;
  const auto number = step->to_number<double>(wrong);  // the SDK writes 3.0, too
  if (wrong || !(std::abs(number) < 9e15)) return std::nullopt;
  return BranchPoint{std::string(run->get_string()), static_cast<std::int64_t>(number)};
}

}  // namespace treadle::tracking
