#include "duration.h"
#include "render.h"
#include "text.h"

#include <fmt/format.h>

namespace treadle::cli {

std::string short_artifact(std::string_view artifact) {
  constexpr std::string_view kDefault = "local/default/";
  if (artifact.starts_with(kDefault)) artifact.remove_prefix(kDefault.size());
  return std::string(artifact);
}

void write_version(JsonWriter& json, const artifact::Version& version) {
  const auto text = [&](std::string_view name, const std::string& value) {
    json.key(name);
    value.empty() ? json.null() : json.value(value);
  };
  json.begin_object()
      .field("name", version.text())
      .field("entity", version.entity)
      .field("project", version.project);
  json.field("collection", version.collection)
      .field("version", "v" + std::to_string(version.index))
      .field("type", version.type);
  json.key("aliases").begin_array();
  for (const std::string& alias : version.aliases) json.value(alias);
  json.end_array().key("tags").begin_array();
  for (const std::string& tag : version.tags) json.value(tag);
  json.end_array()
      .field("digest", version.digest)
      .field("size", version.size)
      .field("file_count", version.file_count);
  json.field("created", format_utc(version.created));
  json.key("ttl_seconds");
  version.ttl_effective > 0 ? json.value(version.ttl_effective) : json.null();
  text("run_id", version.run_id);
  text("description", version.description);
  json.key("metadata").raw(version.metadata.empty() ? "{}" : version.metadata).end_object();
}

void write_entry(JsonWriter& json, const artifact::Entry& entry) {
  const auto text = [&](std::string_view name, const std::string& value) {
    json.key(name);
    value.empty() ? json.null() : json.value(value);
  };
  json.begin_object().field("path", entry.path).key("size");
  entry.size < 0 ? json.null() : json.value(entry.size);
  json.field("md5", entry.md5);
  text("sha256", entry.sha256);
  text("reference", entry.reference);
  json.end_object();
}

void write_code(JsonWriter& json, const std::optional<artifact::CodeSource>& code) {
  if (!code) {
    json.null();
    return;
  }
  json.begin_object()
      .field("repository", code->repository)
      .field("commit", code->commit)
      .field("branch", code->branch)
      .field("folder", code->folder)
      .key("uncommitted");
  code->diff.empty() ? json.null() : json.value(code->diff);
  json.end_object();
}

std::string code_text(const artifact::CodeSource& code) {
  std::string out = code.repository + " at " +
                    (code.commit.empty() ? "no commit yet" : short_digest(code.commit));
  if (!code.branch.empty()) out += " (" + code.branch + ")";
  if (!code.diff.empty()) out += ", with uncommitted changes";
  return out;
}

std::string render_version(const artifact::Version& version, const Terminal& terminal, Micros now) {
  const auto line = [&](std::string_view name, const std::string& value) {
    return value.empty()
               ? std::string()
               : "  " + terminal.paint(Style::kDim, pad_right(name, 12)) + printable(value) + "\n";
  };
  std::string out = terminal.paint(Style::kBold, printable(short_artifact(version.text()))) + "\n";
  out += line("type", version.type);
  out += line("aliases", join(version.aliases, ", "));
  out += line("tags", join(version.tags, ", "));
  out += line("description", version.description);
  out +=
      line("content",
           fmt::format("{}, {}", count_text(static_cast<std::size_t>(version.file_count), "file"),
                       format_size(version.size)));
  out += line("digest", version.digest);
  out += line("created", format_time(version.created) + ", " + format_ago(version.created, now));
  if (version.ttl_effective > 0) out += line("time", ttl_text(version));
  out += line("by run", version.run_id);
  if (version.metadata != "{}") out += line("metadata", version.metadata);
  return out;
}

}  // namespace treadle::cli
