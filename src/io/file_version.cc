#include "file_version.h"

#include "failure.h"
#include "stored_version.h"
#include <treadle/artifact/code_source.h>
#include <treadle/base/content_digest.h>
#include <treadle/base/digest.h>
#include <treadle/base/files.h>
#include <treadle/base/json.h>
#include <treadle/io/signature.h>
#include <treadle/model/artifact_name.h>

#include <boost/json.hpp>

#include <algorithm>

namespace treadle::io {
namespace {

namespace json = boost::json;

std::string text_in(const json::object& in, std::string_view key) {
  const json::value* value = in.if_contains(key);
  return value != nullptr && value->is_string() ? std::string(value->as_string()) : std::string();
}

Result<void> add_folder(const std::string& folder, const std::string& prefix,
                        std::vector<KeptFile>& out) {
  TREADLE_TRY(const std::vector<std::string> names, real_files().list(folder));
  for (const std::string& name : names) {
    const std::string path = join_path(folder, name);
    TREADLE_TRY(const FileStat stat, real_files().stat(path));
    if (stat.kind == FileStat::Kind::kFolder) {
      TREADLE_CHECK(add_folder(path, prefix + name + "/", out));
    } else if (stat.kind == FileStat::Kind::kFile) {
      TREADLE_CHECK(check_entry_path(prefix + name));
      out.push_back({prefix + name, "", path});
    } else {
      return fail(Errc::kUnsupported, "'" + path + "' is a socket, pipe or device.");
    }
  }
  return {};
}

}  // namespace

std::string FileVersion::to_json() const {
  JsonWriter w;
  const auto text = [&](std::string_view key, const std::string& value) {
    w.key(key);
    value.empty() ? w.null() : w.value(value);
  };
  w.begin_object().field("treadle", "version-1").field("asset", asset).field("version", number);
  w.field("format", format);
  text("file", file);
  text("type", type);
  w.field("sha256", digest).field("created", format_utc(created)).field("created_us", created);
  text("run_id", run_id);
  text("job", job);
  if (says_nothing) w.field("says_nothing", true);
  if (!extra.empty()) w.key("extra").raw(extra);
  w.key("code");
  if (code) {
    w.begin_object()
        .field("repository", code->repository)
        .field("commit", code->commit)
        .field("branch", code->branch)
        .field("folder", code->folder)
        .key("uncommitted");
    code->diff.empty() ? w.null() : w.value(kDiffFile);
    w.end_object();
  } else {
    w.null();
  }
  w.end_object();
  return std::move(w).str() + "\n";
}

std::string FileVersion::place_of_value() const {
  if (format == "folder") return "value";
  return format == kSeveralFiles ? join_path("value", file) : file;
}

Result<FileVersion> FileVersion::parse(std::string_view text, const std::string& where) {
  json::error_code error;
  const json::value root = json::parse(text, error);
  const json::object* in = error ? nullptr : root.if_object();
  FileVersion out;
  if (in != nullptr) {
    out.asset = text_in(*in, "asset");
    out.format = text_in(*in, "format");
    out.file = text_in(*in, "file");
    out.type = text_in(*in, "type");
    out.digest = text_in(*in, "sha256");
    out.run_id = text_in(*in, "run_id");
    out.job = text_in(*in, "job");
    if (const json::value* v = in->if_contains("version"); v != nullptr && v->is_int64())
      out.number = static_cast<int>(v->as_int64());
    if (const json::value* v = in->if_contains("created_us"); v != nullptr && v->is_int64())
      out.created = v->as_int64();
    if (const json::value* v = in->if_contains("extra"); v != nullptr)
      out.extra = json::serialize(*v);
    if (const json::value* v = in->if_contains("says_nothing"); v != nullptr && v->is_bool())
      out.says_nothing = v->as_bool();
    if (const json::value* v = in->if_contains("code"); v != nullptr && v->is_object()) {
      const json::object& code = v->as_object();
      out.code = artifact::CodeSource{text_in(code, "repository"), text_in(code, "commit"),
                                      text_in(code, "branch"), text_in(code, "folder"),
                                      text_in(code, "uncommitted")};
    }
  }
  if (out.format == "folder") out.file.clear();
  const bool named = !out.file.empty() && check_entry_path(out.file).has_value();
  if (out.format.empty() || out.digest.empty() || (out.format != "folder" && !named)) {
    return fail(Errc::kCorrupt, "'" + where + "' does not describe a version that Treadle wrote.");
  }
  return out;
}

Result<std::string> place_of(const AssetKey& key, const std::string& partition) {
  std::string out;
  for (const std::string& part : key.parts()) out += (out.empty() ? "" : "/") + part;
  if (!partition.empty()) {
    std::string name = partition;
    std::replace(name.begin(), name.end(), '|', '.');
    out += "/" + name;
  }
  TREADLE_CHECK(check_entry_path(out));
  return out;
}

Result<AssetKey> asset_of(const OutputContext& context) {
  if (!context.output.asset.key.empty()) return context.output.asset.key;
  return fail(Errc::kUnsupported,
              "Only assets are kept as files: give the op's output another IO manager.");
}

namespace {

Result<void> keep_each(OutputContext& context, const Value& value, const KeepOne& keep) {
  if (context.partitions == nullptr) {
    TREADLE_TRY(const FileVersion version, keep(value, {}));
    if (!version.says_nothing) context.data_version = version.digest;
    return {};
  }
  const std::vector<std::string> keys = context.partitions->keys();
  std::vector<Value> values{value};
  if (keys.size() != 1 && context.output.codec != nullptr) {
    TREADLE_TRY(values, context.output.codec->split(value, keys));
  }
  for (std::size_t i = 0; i < keys.size(); ++i) {
    TREADLE_TRY(const FileVersion version, keep(values[i], keys[i]));
    context.stored.push_back({keys[i], version.says_nothing ? "" : version.digest, ""});
  }
  return {};
}

Result<Value> load_each(InputContext& context, const OpenOne& open) {
  if (context.input.codec == nullptr) {
    return fail(Errc::kUnsupported,
                "Nothing says how the function reads its values. Give the type a codec.");
  }
  if (is_of_one_version(context)) {
    const auto* some = context.partitions;
    TREADLE_TRY(FilesStored stored, open(some == nullptr ? std::string() : some->keys().front()));
    TREADLE_TRY(Value value, context.input.codec->decode(stored));
    if (!stored.version().says_nothing) context.data_version = stored.version().digest;
    return value;
  }
  if (context.partitions->subset.empty()) return Value();
  const MetadataValue* given = find_metadata(context.input.metadata, "allow_missing_partitions");
  const bool* allowed = given == nullptr ? nullptr : std::get_if<bool>(&given->data());
  std::vector<std::string> keys;
  std::vector<FilesStored> opened;
  for (const std::string& key : context.partitions->keys()) {
    Result<FilesStored> stored = open(key);
    const bool missing = !stored && stored.error().code == Errc::kNotFound;
    if (missing && allowed != nullptr && *allowed) continue;
    if (!stored) return tl::make_unexpected(std::move(stored).error());
    opened.push_back(*std::move(stored));
    keys.push_back(key);
  }
  std::vector<std::pair<std::string, Stored*>> all;
  for (std::size_t i = 0; i < keys.size(); ++i) all.emplace_back(keys[i], &opened[i]);
  return context.input.codec->decode_all(all);
}

}  // namespace

StepOutcome keep_output(OutputContext& context, const Value& value, const std::string& where,
                        const KeepOne& keep) {
  if (!value || !context.output.stores_value) return {};
  if (auto kept = keep_each(context, value, keep); !kept)
    return step_failure(std::move(kept).error(),
                        "cannot keep '" + context.output.asset.key.text() + "' " + where);
  return {};
}

tl::expected<Value, StepFailure> read_input(InputContext& context, const std::string& where,
                                            const OpenOne& open) {
  auto value = load_each(context, open);
  if (!value)
    return step_failure(std::move(value).error(),
                        "cannot load '" + context.asset.text() + "', kept " + where);
  return std::move(*value);
}

Result<Prepared> prepare(const OutputContext& context, const Value& value,
                         const std::string& signing_key) {
  const OutputDef& output = context.output;
  if (output.codec == nullptr) {
    return fail(Errc::kUnsupported,
                "Nothing says how its values are written. Give the type a codec.");
  }
  TREADLE_TRY(Encoded encoded, output.codec->encode(value));
  Prepared out;
  const bool several = encoded.format == kSeveralFiles;
  if (several) out.temporary = std::make_shared<const SeveralFiles>(encoded);
  FileVersion& version = out.version;
  version.asset = output.asset.key.text();
  version.format = encoded.format;
  version.type = encoded.type_name;
  version.says_nothing = encoded.says_nothing;
  version.run_id = context.step.run_id();
  version.job = context.step.job_name();
  version.created = system_clock().now();
  if (several) {
    version.file = encoded.file_name;
    TREADLE_CHECK(check_entry_path(version.file));
  }
  if (several || encoded.format == "folder") {
    TREADLE_CHECK(add_folder(encoded.path, "value/", out.files));
    TREADLE_TRY(version.digest, content_digest(real_files(), encoded.path));
  } else {
    version.file = encoded.file_name;
    TREADLE_CHECK(check_entry_path(version.file));
    if (version.file == kVersionFile || version.file == kDiffFile)
      version.file = "value-" + version.file;
    KeptFile kept{version.file, std::move(encoded.bytes), encoded.path};
    if (encoded.must_sign) {
      if (!kept.source.empty()) {
        TREADLE_TRY(kept.bytes, read_file(real_files(), kept.source));
        kept.source.clear();
      }
      TREADLE_TRY(version.extra, signature_extra(signing_key, kept.bytes));
    }
    if (kept.source.empty()) {
      version.digest = to_hex(sha256(kept.bytes));
    } else {
      TREADLE_TRY(version.digest, content_digest(real_files(), kept.source));
    }
    out.files.push_back(std::move(kept));
  }
  if (const auto code = artifact::current_code(version.run_id)) {
    version.code = *code;
    out.diff = code->diff;
  }
  return out;
}

std::string index_text(const std::string& asset, std::vector<FileVersion> versions) {
  std::sort(versions.begin(), versions.end(),
            [](const FileVersion& a, const FileVersion& b) { return a.number > b.number; });
  std::string out =
      "# " + asset +
      "\n\nVersions, newest first. Written by Treadle; version.json beside each has "
      "more.\n\n| version | made (UTC) | content | SHA-256 | run | code |\n| --- | --- "
      "| --- | --- | --- | --- |\n";
  for (const FileVersion& v : versions) {
    std::string code = "unknown";
    if (v.code) {
      code = v.code->repository + " " + v.code->commit.substr(0, 10) +
             (v.code->diff.empty() ? ""
                                   : " with [uncommitted changes](v" + std::to_string(v.number) +
                                         "/" + kDiffFile + ")");
    }
    const std::string name = "v" + std::to_string(v.number);
    out += "| [" + name + "](" + name + ") | " + format_utc(v.created) + " | " +
           (v.file.empty() ? "folder" : "`" + v.place_of_value() + "`") + " | `" +
           v.digest.substr(0, 12) + "` | " + v.run_id + " | " + code + " |\n";
  }
  return out;
}

Result<void> write_content(const std::string& path, const KeptFile& file) {
  TREADLE_CHECK(real_files().make_folders(parent_path(path)));
  TREADLE_TRY(const OpenFile to, real_files().create(path));
  if (file.source.empty()) {
    TREADLE_CHECK(real_files().write(to, file.bytes));
    return real_files().sync(to);
  }
  TREADLE_TRY(const OpenFile from, real_files().open_read(file.source));
  TREADLE_TRY(const bool shared, real_files().clone(from, to));
  std::string chunk;
  constexpr std::size_t kChunk = 1024 * 1024;
  for (std::int64_t offset = 0; !shared; offset += static_cast<std::int64_t>(chunk.size())) {
    TREADLE_CHECK(real_files().read_at(from, offset, kChunk, chunk));
    TREADLE_CHECK(real_files().write(to, chunk));
    if (chunk.size() < kChunk) break;
  }
  return real_files().sync(to);
}

const std::string& FilesStored::format() const {
  static const std::string kFile = "file";
  return version_.format == kSeveralFiles ? kFile : version_.format;
}

std::string FilesStored::whole() const {
  const bool below_value = version_.format == kSeveralFiles || version_.file.empty();
  return join_path(folder_, below_value ? "value" : version_.file);
}

Result<void> FilesStored::check() const {
  TREADLE_TRY(const std::string digest, content_digest(real_files(), whole()));
  if (digest == version_.digest) return {};
  return fail(Errc::kCorrupt,
              "'" + whole() +
                  "' is not what was written there: somebody changed it. Restore it, "
                  "or materialize the asset again.");
}

Result<std::string> FilesStored::local_path() {
  TREADLE_CHECK(check());
  return version_.format == kSeveralFiles ? join_path(whole(), version_.file) : whole();
}

Result<std::string> FilesStored::other(const std::string& path) {
  TREADLE_CHECK(check_entry_path(path));
  TREADLE_CHECK(check());
  return read_file(real_files(), join_path(whole(), path));
}

Result<std::string> FilesStored::bytes() {
  if (version_.format == kSeveralFiles) return other(version_.file);
  TREADLE_TRY(std::string content, read_file(real_files(), whole()));
  if (to_hex(sha256(content)) != version_.digest) TREADLE_CHECK(check());  // says so
  if (version_.format == "pickle") {
    TREADLE_CHECK(check_signature(signing_key_, "'" + whole() + "'", version_.extra, content));
  }
  return content;
}

}  // namespace treadle::io
