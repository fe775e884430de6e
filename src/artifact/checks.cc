#include "checks.h"

#include "json_object.h"
#include "members.h"
#include <treadle/base/json.h>
#include <treadle/model/run.h>

#include <boost/json.hpp>

namespace treadle::artifact {
namespace {

constexpr std::size_t kLongestText = 16 * 1024 * 1024;
constexpr std::size_t kDeepestExtra = 16;

}  // namespace

Result<void> check_text(std::string_view what, std::string_view text) {
  if (text.size() > kLongestText) {
    return fail(Errc::kInvalidArgument, "The " + std::string(what) + " has " +
                                            format_size(static_cast<std::int64_t>(text.size())) +
                                            "; at most 16 MiB are kept.");
  }
  if (!is_valid_utf8(text) || text.find('\0') != std::string_view::npos) {
    return fail(Errc::kInvalidArgument,
                "The " + std::string(what) + " must be UTF-8 text without NUL.");
  }
  return {};
}

Result<void> check_metadata(std::string_view metadata) {
  TREADLE_CHECK(check_text("metadata", metadata));
  if (is_json_object(metadata)) return {};
  return fail(Errc::kInvalidArgument,
              "The metadata must be one JSON object, at most 64 levels deep.");
}

Result<void> check_ttl(std::int64_t seconds) {
  if (seconds > 0 || seconds == kTtlInherit || seconds == kTtlNone) return {};
  return fail(Errc::kInvalidArgument,
              "A time to live is a positive number of seconds, -1 (as the collection says) or -2 "
              "(kept until deleted), not " +
                  std::to_string(seconds) + ".");
}

Result<void> check_place(const ArtifactRef& ref) {
  TREADLE_CHECK(check_artifact_name("entity name", ref.entity));
  TREADLE_CHECK(check_artifact_name("project name", ref.project));
  return check_artifact_name("artifact name", ref.collection);
}

Result<void> check_reference(const std::string& path, const std::string& reference,
                             const std::string& digest) {
  TREADLE_CHECK(check_text("reference", reference));
  TREADLE_CHECK(check_text("reference digest", digest));
  if (!reference.empty() && !digest.empty() && digest.find('\n') == std::string::npos) return {};
  return fail(Errc::kInvalidArgument,
              "The reference '" + path +
                  "' needs a URI and a digest of one line that identifies its content (an "
                  "ETag, a checksum, or the URI itself).");
}

Result<void> check_extra(const std::string& path, const std::string& extra) {
  if (extra.empty()) return {};
  boost::json::error_code error;
  boost::json::parse_options options;
  options.max_depth = kDeepestExtra;
  const boost::json::value value = boost::json::parse(extra, error, {}, options);
  if (!error && value.is_object()) return {};
  return fail(Errc::kInvalidArgument,
              "The extra of '" + path + "' must be a JSON object, at most 16 levels deep.");
}

Result<void> check_draft(const Draft& draft, const ArtifactRef& ref) {
  TREADLE_CHECK(check_place(ref));
  TREADLE_CHECK(check_artifact_name("artifact type", draft.type));
  for (const std::string& alias : draft.aliases) {
    if (alias != kLatest) TREADLE_CHECK(check_given_alias(alias));
  }
  for (const std::string& tag : draft.tags) TREADLE_CHECK(check_tag(tag));
  TREADLE_CHECK(check_ttl(draft.ttl_seconds));
  TREADLE_CHECK(check_text("description", draft.description));
  TREADLE_CHECK(check_metadata(draft.metadata));
  if (!draft.run_id.empty()) TREADLE_CHECK(check_run_id(draft.run_id));
  for (const DraftEntry& entry : draft.entries) {
    TREADLE_CHECK(check_entry_path(entry.path));
    TREADLE_CHECK(check_extra(entry.path, entry.extra));
    if (entry.source != DraftEntry::Source::kReference) continue;
    TREADLE_CHECK(check_reference(entry.path, entry.reference, entry.reference_digest));
  }
  if (!draft.folder_prefix.empty()) TREADLE_CHECK(check_entry_path(draft.folder_prefix));
  for (const DraftFolder& folder : draft.more_folders) {
    if (!folder.prefix.empty()) TREADLE_CHECK(check_entry_path(folder.prefix));
  }
  return {};
}

}  // namespace treadle::artifact
