#include <treadle/base/json.h>
#include <treadle/base/suggest.h>
#include <treadle/io/wandb_artifacts.h>

#include <boost/json.hpp>

#include <array>

namespace treadle::io {
namespace {

namespace json = boost::json;

constexpr std::array<const char*, 11> kKeys = {"name",      "type",     "description",    "aliases",
                                               "add_files", "add_dirs", "add_references", "version",
                                               "alias",     "get",      "get_path"};

void write_additions(JsonWriter& w, std::string_view key, std::string_view path_key,
                     const std::vector<WandbAddition>& additions) {
  if (additions.empty()) return;
  w.key(key).begin_array();
  for (const WandbAddition& each : additions) {
    w.begin_object().field(path_key, each.path);
    if (!each.name.empty()) w.field("name", each.name);
    w.end_object();
  }
  w.end_array();
}

tl::unexpected<Error> bad(const std::string& why) {
  return fail(Errc::kInvalidArgument,
              "The '" + std::string(kWandbConfiguration) + "' of the metadata " + why);
}

Result<void> read_text(const json::object& in, const char* key, std::string& out) {
  const json::value* value = in.if_contains(key);
  if (value == nullptr || value->is_null()) return {};
  if (!value->is_string()) return bad("must have text for '" + std::string(key) + "'.");
  out = value->as_string();
  return {};
}

Result<void> read_additions(const json::object& in, const char* key, const char* path_key,
                            std::vector<WandbAddition>& out) {
  const json::value* value = in.if_contains(key);
  if (value == nullptr || value->is_null()) return {};
  if (!value->is_array()) return bad("must have a list for '" + std::string(key) + "'.");
  for (const json::value& each : value->as_array()) {
    if (!each.is_object()) return bad("must have objects in '" + std::string(key) + "'.");
    WandbAddition addition;
    TREADLE_CHECK(read_text(each.as_object(), path_key, addition.path));
    TREADLE_CHECK(read_text(each.as_object(), "name", addition.name));
    if (addition.path.empty())
      return bad("must have '" + std::string(path_key) + "' in each of '" + key + "'.");
    out.push_back(std::move(addition));
  }
  return {};
}

Result<void> check(const WandbArtifactConfiguration& c, bool reading) {
  if (!c.version.empty() && !c.alias.empty())
    return bad("has both 'version' and 'alias'. Give one of them.");
  if (!c.get.empty() && !c.get_path.empty())
    return bad("has both 'get' and 'get_path'. Give one of them.");
  if (reading) return {};
  for (const auto& [key, said] :
       {std::pair("version", !c.version.empty()), std::pair("alias", !c.alias.empty()),
        std::pair("get", !c.get.empty()), std::pair("get_path", !c.get_path.empty())}) {
    if (said) return bad("of an output has '" + std::string(key) + "', which is for inputs.");
  }
  return {};
}

}  // namespace

std::pair<std::string, MetadataValue> WandbArtifactConfiguration::metadata() const {
  JsonWriter w;
  w.begin_object();
  const auto text = [&](std::string_view key, const std::string& value) {
    if (!value.empty()) w.field(key, value);
  };
  text("name", name);
  text("type", type);
  text("description", description);
  if (!aliases.empty()) {
    w.key("aliases").begin_array();
    for (const std::string& alias : aliases) w.value(alias);
    w.end_array();
  }
  write_additions(w, "add_files", "local_path", add_files);
  write_additions(w, "add_dirs", "local_path", add_dirs);
  write_additions(w, "add_references", "uri", add_references);
  text("version", version);
  text("alias", alias);
  text("get", get);
  text("get_path", get_path);
  w.end_object();
  return {kWandbConfiguration, MetadataValue::json(std::move(w).str())};
}

Result<WandbArtifactConfiguration> WandbArtifactConfiguration::from(const Metadata& metadata,
                                                                    bool reading) {
  WandbArtifactConfiguration out;
  const MetadataValue* given = find_metadata(metadata, kWandbConfiguration);
  const auto* text = given == nullptr ? nullptr : std::get_if<std::string>(&given->data());
  if (given == nullptr) return out;
  json::error_code error;
  const json::value root = text == nullptr ? json::value() : json::parse(*text, error);
  if (error || !root.is_object()) return bad("must be an object.");
  const json::object& in = root.as_object();
  for (const auto& [key, value] : in) {
    const std::vector<std::string> known(kKeys.begin(), kKeys.end());
    if (std::find(known.begin(), known.end(), std::string(key)) == known.end())
      return bad("has an unknown key '" + std::string(key) + "'." +
                 did_you_mean(std::string(key), known));
  }
  TREADLE_CHECK(read_text(in, "name", out.name));
  TREADLE_CHECK(read_text(in, "type", out.type));
  TREADLE_CHECK(read_text(in, "description", out.description));
  TREADLE_CHECK(read_text(in, "version", out.version));
  TREADLE_CHECK(read_text(in, "alias", out.alias));
  TREADLE_CHECK(read_text(in, "get", out.get));
  TREADLE_CHECK(read_text(in, "get_path", out.get_path));
  if (const json::value* list = in.if_contains("aliases"); list != nullptr && list->is_array()) {
    for (const json::value& each : list->as_array()) {
      if (!each.is_string()) return bad("must have texts in 'aliases'.");
      out.aliases.emplace_back(each.as_string());
    }
  }
  TREADLE_CHECK(read_additions(in, "add_files", "local_path", out.add_files));
  TREADLE_CHECK(read_additions(in, "add_dirs", "local_path", out.add_dirs));
  TREADLE_CHECK(read_additions(in, "add_references", "uri", out.add_references));
  TREADLE_CHECK(check(out, reading));
  return out;
}

}  // namespace treadle::io
