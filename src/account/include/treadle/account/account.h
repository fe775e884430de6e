// Who there is, as values: users and service accounts, organizations and their teams, keys, roles.
#pragma once

#include <treadle/base/clock.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace treadle::account {

// In a team, an organization or a project; each may what those before it may.
enum class Role : std::uint8_t {
  kNone = 0,
  kRestrictedViewer = 1,
  kViewer = 2,
  kMember = 3,
  kAdmin = 4
};
std::string_view to_string(Role role);  // "restricted_viewer", as on W&B's wire
std::optional<Role> role_from(std::string_view name);

struct User {
  std::int64_t id = 0;
  std::string name;  // also the name of the user's own entity
  std::string full_name;
  std::string email;
  bool admin = false;          // of the whole server
  bool service = false;        // a program, not a person
  std::string default_entity;  // where runs go that name none
  Micros created = 0;
};

// Who owns projects: a user, a team, or an organization (whose projects are registries).
struct Entity {
  enum class Kind : std::uint8_t { kUser = 0, kTeam = 1, kOrganization = 2 };
  std::int64_t id = 0;
  std::string name;
  Kind kind = Kind::kTeam;
  std::int64_t user_id = 0;          // kUser: whose it is
  std::int64_t organization_id = 0;  // of a team or an organization's own entity; 0 = none
  Micros created = 0;
};

struct Organization {
  std::int64_t id = 0;
  std::string name;
  std::string entity;  // the name of its own entity
  Micros created = 0;
};

struct Member {
  User user;
  Role role = Role::kMember;
};
struct TeamMember {  // of a project
  Entity team;
  Role role = Role::kMember;
};

// The text of a key is known only to who made it; what is kept is its hash.
struct Key {
  std::int64_t id = 0;
  std::int64_t user_id = 0;
  std::string hint;  // its first characters
  std::string description;
  Micros created = 0;
};
struct NewKey {
  Key key;
  std::string text;  // shown once
};

// Who besides the members of its entity may see or change a project.
enum class Visibility : std::uint8_t {
  kPrivate = 0,     // nobody
  kRestricted = 1,  // not even they: only those named
  kReadable = 2,    // every user of the server may read
  kWritable = 3,    // every user of the server may write
};
std::string_view to_string(
    Visibility visibility);  // "PRIVATE" "RESTRICTED" "USER_READ" "USER_WRITE"
std::optional<Visibility> visibility_from(std::string_view name);

// A project's number and who may see it. What is in it is kept by tracking and artifact, by name.
struct Project {
  std::int64_t id = 0;
  std::string entity;
  std::string name;
  Visibility visibility = Visibility::kPrivate;
  std::int64_t creator_id = 0;  // 0 = unknown
  Micros created = 0;
  Micros updated = 0;
};

struct AuditLine {
  std::int64_t id = 0;
  Micros time = 0;
  std::string user;
  std::string action;  // "upsertBucket", "key new", ...
  std::string target;  // "entity/project", a name
  std::string detail;
  std::string peer;  // address, or "command line"
};

}  // namespace treadle::account
