// Collections and what stands in them: values. A collection is a sequence (versions are made in it) or
// a portfolio (versions made elsewhere are linked into it: registries have these).
#pragma once

#include <treadle/artifact/service.h>
#include <treadle/base/clock.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace treadle::artifact {

struct ArtifactType {
  std::int64_t id = 0;
  std::string entity;
  std::string project;
  std::string name;
  std::string description;
  Micros created = 0;
};

enum class CollectionKind : std::uint8_t { kSequence, kPortfolio };

struct Collection {
  std::int64_t id = 0;
  std::string entity;
  std::string project;
  std::string name;
  std::string type;
  CollectionKind kind = CollectionKind::kSequence;
  std::string description;
  bool described = false;               // it was given a description, which may be ""
  std::vector<std::string> tags;        // in order
  std::int64_t ttl_seconds = kTtlNone;  // of versions that inherit theirs
  Micros created = 0;
  Micros updated = 0;              // when it, or a version, tag or alias in it, last changed
  std::int64_t version_count = 0;  // members, not deleted
  // Bytes of all these versions, shared content counted each time; -1 = unknown, on a server that has many.
  std::int64_t size = 0;
  std::optional<Version> latest;  // the newest member; nothing when there is none
};

// Which collections; "" and nothing = any.
struct CollectionFilter {
  std::string entity;
  std::string project;
  std::string type;
  std::string name;
  std::optional<CollectionKind> kind;
  std::string tag;
};

// What is not given stays as it is.
struct CollectionEdit {
  std::optional<std::string> name;  // kAlreadyExists when the project has one of that name
  std::optional<std::string> type;  // made when the project has none of that name
  std::optional<std::string> description;
  std::optional<std::int64_t> ttl_seconds;
  std::vector<std::string> tags_to_add;
  std::vector<std::string> tags_to_remove;
};

// Who does it, and whether aliases that are protected may be moved, removed and deleted with their
// version. Without: kPermissionDenied, which names the alias.
struct ChangeOptions {
  bool protected_too = false;
  std::string by;  // run id or user, for the history
};

// A version in a collection. Each version has one in its own sequence, and one in each portfolio it
// was linked into, with a number and aliases of that collection's own.
struct Membership {
  std::int64_t collection_id = 0;
  std::string entity;  // of the collection
  std::string project;
  std::string collection;
  CollectionKind kind = CollectionKind::kSequence;
  int index = 0;  // 3 for v3 in this collection
  std::vector<std::string> aliases;
  Micros created = 0;  // when it was made, or linked
  Version version;
  std::string text() const;  // "entity/project/collection:v3"
};

// One line of a collection's history, oldest first: who changed what its names mean, and when.
struct MembershipEvent {
  std::int64_t id = 0;
  // "link", "unlink", "alias" (given or moved to the version), "unalias", "delete", "protect",
  // "unprotect" (of an alias)
  std::string action;
  std::string version;  // Version::text(), also when it was deleted since; "" = none
  int index = -1;       // in this collection; -1 = none
  std::string alias;
  Micros at = 0;
  std::string by;  // run id or user; "" = unknown
};

}  // namespace treadle::artifact
