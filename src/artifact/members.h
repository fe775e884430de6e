// Private to the room: collections, memberships and aliases inside a transaction.
#pragma once

#include <treadle/artifact/collection.h>
#include <treadle/db/database.h>
#include <treadle/model/artifact_name.h>

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace treadle::artifact {

inline constexpr std::string_view kLatest = "latest";

struct CollectionRow {
  std::int64_t id = 0;
  std::string entity;
  std::string project;
  std::string name;
  std::string type;
  CollectionKind kind = CollectionKind::kSequence;
  std::int64_t next_index = 0;
  std::string text() const { return entity + "/" + project + "/" + name; }
};

// Nothing when there is none, or it was deleted.
Result<std::optional<CollectionRow>> find_row(db::Session& session, const std::string& entity,
                                              const std::string& project, const std::string& name);
Result<std::optional<CollectionRow>> find_row(db::Session& session, std::int64_t id);
// Makes the type, too. Of a name that was deleted: goes on counting where that one ended.
Result<CollectionRow> insert_collection(db::Session& session, const ArtifactRef& ref,
                                        const std::string& type, CollectionKind kind,
                                        const std::string& description, Micros now);
Result<void> ensure_type(db::Session& session, const std::string& entity,
                         const std::string& project, const std::string& type, Micros now);
Result<void> touch(db::Session& session, std::int64_t collection_id, Micros now);

// The version a reference means, in a sequence or a portfolio.
Result<std::optional<Membership>> select_ref(db::Session& session, const ArtifactRef& ref);
Result<std::vector<Membership>> select_members(db::Session& session, const CollectionRow& row);
// In portfolios, in order of linking.
Result<std::vector<Membership>> select_links(db::Session& session, std::int64_t version_id);
Membership own_membership(const Version& version);

// What a change of aliases needs to know.
struct Change {
  const ChangeOptions& options;
  Micros now;
};
// An alias a person may give: check_alias, neither `vN` nor `latest`.
Result<void> check_given_alias(std::string_view alias);
// Moves or makes it, and writes history. kPermissionDenied when it is protected.
Result<void> give_alias(db::Session& session, const Change& change, std::int64_t collection_id,
                        const std::string& alias, std::int64_t version_id);
Result<void> take_alias(db::Session& session, const Change& change, std::int64_t collection_id,
                        const std::string& alias, std::int64_t version_id);
// Makes `latest` of the collection the newest member there is.
Result<void> move_latest(db::Session& session, std::int64_t collection_id, CollectionKind kind);
// Fails when the aliases the version has here stop it from going.
Result<void> check_may_go(db::Session& session, const Change& change, const Version& version,
                          std::int64_t collection_id, bool with_aliases);
// Takes a linked version out, its aliases with it.
Result<void> remove_link(db::Session& session, const Change& change, std::int64_t collection_id,
                         std::int64_t version_id, std::string_view action);
// Deletes a version everywhere; its own collection's `latest` is the caller's.
Result<void> remove_version(db::Session& session, const Change& change, const Version& version,
                            bool with_aliases);
// A collection with all that is in it.
Result<void> remove_collection(db::Session& session, const Change& change, const CollectionRow& row,
                               bool with_aliases);

// Whether the project is a registry that does not take the type, or a registry that does not exist.
Result<void> check_registry_takes(db::Session& session, const std::string& entity,
                                  const std::string& project, const std::string& type);

Result<void> write_history(db::Session& session, const Change& change, std::int64_t collection_id,
                           std::string_view action, std::optional<std::int64_t> version_id,
                           std::string_view alias);

}  // namespace treadle::artifact
