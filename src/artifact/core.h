// Private to the room: what the store and the handles over it share.
#pragma once

#include <treadle/artifact/store.h>
#include <treadle/blob/store.h>
#include <treadle/db/grouped_writes.h>

namespace treadle::artifact {

// Lives as long as the Store.
struct Core {
  db::Database& database;
  const std::string home;
  Files& files;
  Clock& clock;
  const std::string entity;
  const std::string project;
  const db::Durability durability;
  const bool read_only;
  std::unique_ptr<blob::BlobStore> blobs;
  db::GroupedWrites grouped{database, sync()};

  Result<void> check_writable() const;
  ArtifactRef with_defaults(ArtifactRef ref) const;
  // A manifest document. A sweep may move it between looking up where it is and opening that file:
  // it is looked up twice.
  Result<std::string> document(const Sha256& sha256) const;
  db::Sync sync() const {
    return durability == db::Durability::kFull ? db::Sync::kYes : db::Sync::kNo;
  }
  // The transaction's own way of writing: refused in a home opened for reading.
  Result<void> write(const db::TransactionBody& body) const;
  // The same, in one transaction with what others write just then: see db::GroupedWrites.
  void write_grouped(db::TransactionBody body, db::GroupedWrites::Done done);
};

}  // namespace treadle::artifact
