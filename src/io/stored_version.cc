#include "stored_version.h"

#include <treadle/base/files.h>
#include <treadle/base/json.h>
#include <treadle/base/json_parse.h>
#include <treadle/io/file_cache.h>
#include <treadle/io/signature.h>

#include <boost/json.hpp>

#include <algorithm>

namespace treadle::io {

namespace json = boost::json;

std::string Description::to_json() const {
  JsonWriter w;
  w.begin_object().key("treadle").begin_object();
  w.field("format", format).field("type", type).field("asset_key", asset_key);
  if (!file.empty()) w.field("file", file);
  if (says_nothing) w.field("says_nothing", true);
  w.end_object().end_object();
  return std::move(w).str();
}

namespace {

std::string text_field(const json::object& object, std::string_view name) {
  const auto* value = object.if_contains(name);
  if (value == nullptr || !value->is_string()) return {};
  return std::string(std::string_view(value->get_string()));
}

json::object parse_object(std::string_view text) {
  json::value value;
  return parse_json_value(text, value) && value.is_object() ? std::move(value.get_object())
                                                            : json::object();
}

}  // namespace

Result<Description> describe(const artifact::Version& version,
                             const std::vector<artifact::Entry>& entries) {
  const json::object metadata = parse_object(version.metadata);
  const auto* ours = metadata.if_contains("treadle");
  if (ours == nullptr || !ours->is_object() || text_field(ours->get_object(), "format").empty()) {
    if (entries.size() == 1)
      return Description{
          .format = "file", .file = entries.front().path, .type = {}, .asset_key = {}};
    return Description{.format = "folder", .file = {}, .type = {}, .asset_key = {}};
  }
  const json::object& object = ours->get_object();
  Description description{.format = text_field(object, "format"),
                          .file = text_field(object, "file"),
                          .type = text_field(object, "type"),
                          .asset_key = text_field(object, "asset_key")};
  const auto* nothing = object.if_contains("says_nothing");
  description.says_nothing = nothing != nullptr && nothing->is_bool() && nothing->get_bool();
  if (description.format != "folder" &&
      std::none_of(entries.begin(), entries.end(),
                   [&](const auto& e) { return e.path == description.file; })) {
    return fail(Errc::kCorrupt, version.text() + " says that its value is in the file '" +
                                    description.file +
                                    "', which it does not have. Materialize the asset again.");
  }
  return description;
}

Result<StoredVersion> StoredVersion::open(artifact::ArtifactService& service,
                                          const ArtifactIOManagerOptions& options,
                                          const artifact::Version& version) {
  StoredVersion stored(service, options, version);
  TREADLE_TRY(stored.entries_, service.entries(version));
  TREADLE_TRY(stored.description_, describe(version, stored.entries_));
  return stored;
}

Result<void> StoredVersion::check(std::string_view bytes) const {
  if (description_.format != "pickle") return {};
  const auto entry = std::find_if(entries_.begin(), entries_.end(), [&](const artifact::Entry& e) {
    return e.path == description_.file;
  });
  return check_signature(options_->signing_key, version_, *entry, bytes);
}

Result<std::string> StoredVersion::bytes() {
  if (description_.format == "folder")
    return fail(Errc::kUnsupported,
                version_.text() + " is a folder of files. Read it as a folder.");
  TREADLE_TRY(std::string bytes, service_->read(version_, description_.file,
                                                std::max<std::int64_t>(version_.size, 1)));
  TREADLE_CHECK(check(bytes));
  return bytes;
}

Result<std::string> StoredVersion::local_path() {
  if (description_.format == "pickle") TREADLE_CHECK(bytes());
  TREADLE_TRY(std::string folder,
              cached_folder(*service_, options_->cache_folder, version_, entries_));
  return description_.format == "folder" ? folder : join_path(folder, description_.file);
}

}  // namespace treadle::io
