#include "export_document.h"

#include <boost/json.hpp>

namespace treadle::artifact {
namespace {

namespace json = boost::json;

constexpr const char* kFormat = "treadle-artifact-1";
constexpr std::size_t kDeepestExport = 100;

json::array list_of(const std::vector<std::string>& texts) {
  return json::array(texts.begin(), texts.end());
}

tl::unexpected<Error> bad_export(const std::string& why) {
  return fail(Errc::kCorrupt, std::string(kExportName) + " " + why);
}

Result<std::string> export_field(const json::object& in, const char* key, bool required = true) {
  const json::value* value = in.if_contains(key);
  if ((value == nullptr || value->is_null()) && !required) return std::string();
  if (value == nullptr || !value->is_string())
    return bad_export("has no text '" + std::string(key) + "'.");
  return std::string(value->as_string());
}

Result<std::vector<std::string>> list_of(const json::object& in, const char* key) {
  std::vector<std::string> out;
  const json::value* value = in.if_contains(key);
  if (value == nullptr) return out;
  if (!value->is_array()) return bad_export("has no list '" + std::string(key) + "'.");
  for (const json::value& each : value->as_array()) {
    if (!each.is_string())
      return bad_export("has something else than text in '" + std::string(key) + "'.");
    out.emplace_back(each.as_string());
  }
  return out;
}

Result<std::int64_t> number_of(const json::object& in, const char* key, std::int64_t otherwise) {
  const json::value* value = in.if_contains(key);
  if (value == nullptr || value->is_null()) return otherwise;
  if (!value->is_int64()) return bad_export("has no whole number '" + std::string(key) + "'.");
  return value->as_int64();
}

}  // namespace

std::string export_text(const ExportDocument& document) {
  const Version& v = document.version;
  json::object out{{"format", kFormat},
                   {"entity", v.entity},
                   {"project", v.project},
                   {"collection", v.collection},
                   {"version", "v" + std::to_string(v.index)},
                   {"type", v.type},
                   {"digest", v.digest},
                   {"description", v.description},
                   {"aliases", list_of(v.aliases)},
                   {"tags", list_of(v.tags)},
                   {"ttl_seconds", v.ttl_seconds},
                   {"created", v.created},
                   {"run_id", v.run_id},
                   {"metadata", v.metadata}};
  if (v.history_step) out["history_step"] = *v.history_step;
  if (document.code) {
    const CodeSource& code = *document.code;
    out["code"] = json::object{{"repository", code.repository},
                               {"commit", code.commit},
                               {"branch", code.branch},
                               {"folder", code.folder},
                               {"diff", code.diff}};
  }
  out["manifest"] = json::parse(manifest_text(document.manifest));
  return json::serialize(out) + "\n";
}

Result<ExportDocument> parse_export(std::string_view text) {
  json::error_code error;
  json::parse_options options;
  options.max_depth = kDeepestExport;
  const json::value root = json::parse(text, error, {}, options);
  if (error || !root.is_object()) return bad_export("is not a JSON object.");
  const json::object& in = root.as_object();
  TREADLE_TRY(const std::string format, export_field(in, "format"));
  if (format != kFormat) {
    return bad_export("has the format '" + format + "'; this Treadle reads " + kFormat + ".");
  }
  ExportDocument out;
  Version& v = out.version;
  TREADLE_TRY(v.entity, export_field(in, "entity"));
  TREADLE_TRY(v.project, export_field(in, "project"));
  TREADLE_TRY(v.collection, export_field(in, "collection"));
  TREADLE_TRY(v.type, export_field(in, "type"));
  TREADLE_TRY(v.digest, export_field(in, "digest"));
  TREADLE_TRY(v.description, export_field(in, "description", false));
  TREADLE_TRY(v.metadata, export_field(in, "metadata"));
  TREADLE_TRY(v.run_id, export_field(in, "run_id", false));
  TREADLE_TRY(v.aliases, list_of(in, "aliases"));
  TREADLE_TRY(v.tags, list_of(in, "tags"));
  TREADLE_TRY(v.ttl_seconds, number_of(in, "ttl_seconds", kTtlInherit));
  if (in.contains("history_step")) {
    TREADLE_TRY(v.history_step, number_of(in, "history_step", 0));
  }
  if (const json::value* code = in.if_contains("code"); code != nullptr && code->is_object()) {
    CodeSource source;
    TREADLE_TRY(source.repository, export_field(code->as_object(), "repository"));
    TREADLE_TRY(source.commit, export_field(code->as_object(), "commit"));
    TREADLE_TRY(source.branch, export_field(code->as_object(), "branch"));
    TREADLE_TRY(source.folder, export_field(code->as_object(), "folder"));
    TREADLE_TRY(source.diff, export_field(code->as_object(), "diff"));
    out.code = std::move(source);
  }
  const json::value* manifest = in.if_contains("manifest");
  if (manifest == nullptr) return bad_export("has no manifest.");
  TREADLE_TRY(out.manifest, parse_manifest(json::serialize(*manifest)));
  if (manifest_digest(out.manifest) != v.digest) {
    return bad_export("has a manifest whose digest is not the version's: it was changed.");
  }
  for (const Entry& entry : out.manifest.entries) {
    v.size += std::max<std::int64_t>(entry.size, 0);
    ++v.file_count;
  }
  return out;
}

}  // namespace treadle::artifact
