// Names in the artifact store, and the rules they follow (W&B's). Values and pure functions.
#pragma once

#include <treadle/base/result.h>
#include <treadle/model/asset_key.h>

#include <string>
#include <string_view>

namespace treadle {

// "[[entity/]project/]collection[:version-or-alias]", or of a server
// "https://host/entity/project/collection[:version-or-alias]".
struct ArtifactRef {
  std::string entity;      // "" = the default of the home
  std::string project;     // "" = the default of the home
  std::string collection;  // never ""
  std::string version;     // "v3", an alias, or "" = latest
  std::string host = {};   // URL of the server that has it; "" = the home
  bool operator==(const ArtifactRef&) const = default;
  std::string text() const;
};

Result<ArtifactRef> parse_artifact_ref(std::string_view text);

// Each says which rule a bad name broke. Collection, type, project and entity names: 1..128
// characters of letters, digits,
// '_', '-', '.' and space inside; not "." or "..". Aliases: 1..128 characters without '/', ':' or
// control characters.
Result<void> check_artifact_name(std::string_view what, std::string_view name);
Result<void> check_alias(std::string_view alias);
// W&B's rule for tags: words of letters, digits, '_' and '-', separated by spaces; 1..128 characters.
Result<void> check_tag(std::string_view tag);
// A path inside an artifact: relative, '/'-separated, no empty, "." or ".." part, no NUL, backslash
// or control character, valid UTF-8, at most 4096 bytes.
Result<void> check_entry_path(std::string_view path);
// "v0", "v12": reserved for versions, never an alias.
bool is_version_name(std::string_view alias);

// The collection that keeps an asset's values. Different keys give different names; a key of
// letters, digits and '_' joined by
// '/' reads as itself with dots: "raw/iris" -> "raw.iris".
std::string artifact_name_for(const AssetKey& key);
// The collection that keeps one partition of it: "raw.iris.2026-01-01"; dimensions are joined by
// dots, "sales.2026-01-01.eu". A key with characters that no name may have is told apart by a digest.
std::string artifact_name_for(const AssetKey& key, std::string_view partition);
// The collection that keeps an op's output: "etl.clean.result", of a step inside a graph "etl.outer.inner.result".
std::string artifact_name_for_output(std::string_view job, std::string_view step,
                                     std::string_view output);

}  // namespace treadle
