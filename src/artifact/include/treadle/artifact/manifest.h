// The manifest: the list of an artifact's entries, as a document in W&B's shape with our extra
// fields. Format: docs/formats/artifacts.md.
#pragma once

#include <treadle/artifact/service.h>
#include <treadle/base/result.h>

#include <string>
#include <string_view>
#include <vector>

namespace treadle::artifact {

struct Manifest {
  std::vector<Entry> entries;  // in order of path, each path once
};

// Reads a document that may come from anywhere. Checks everything that is relied on later: paths
// stay inside the artifact and do not contradict each other (no file is also a folder), digests are
// digests, sizes are not negative. kCorrupt names the entry and the rule. Entries without sha256
// are accepted (W&B's own documents have none); unknown fields are ignored.
Result<Manifest> parse_manifest(std::string_view text);
// The document. Entries must be in order of path.
std::string manifest_text(const Manifest& manifest);

// W&B's digest of an artifact, lower-case hex. Entries must be in order of path.
std::string manifest_digest(const Manifest& manifest);
// As manifest_digest, over our SHA-256 (where an entry has one): differs for contents that were
// made to share their MD5. Hex.
std::string content_digest(const Manifest& manifest);

// Puts entries in order; kInvalidArgument when two have one path and differ, or when one is a
// folder of another.
Result<Manifest> make_manifest(std::vector<Entry> entries);
// What `base` has, replaced and added to by `over`. Both in order of path.
Result<Manifest> overlay(const std::vector<Entry>& base, const Manifest& over);

}  // namespace treadle::artifact
