// Where the artifact commands work: the store of the home, or a server; and the reference they were given.
#pragma once

#include "session.h"
#include <treadle/artifact/library.h>
#include <treadle/artifact/lineage.h>
#include <treadle/artifact/store.h>
#include <treadle/client/artifacts.h>

namespace treadle::cli {

// The home for reading, for commands that cannot do without one; null after an error was reported,
// with the exit code in `code`.
std::unique_ptr<app::Home> open_store_for_reading(Session& session, int& code);

// Parses `text` and finds the version.
Result<artifact::Version> get_version(app::Home& home, const std::string& text);

// The artifacts that a command is about. Exactly one of the two places is there, or none of them: a home
// in which nothing is kept yet.
struct Artifacts {
  std::unique_ptr<app::Home> home;
  std::shared_ptr<client::Artifacts> server;
  std::shared_ptr<artifact::Library> library;      // of either
  std::shared_ptr<client::Connection> connection;  // of the server

  explicit operator bool() const { return library != nullptr; }
  Result<artifact::Version> get(const std::string& text) const;
  // Of all projects; on a server, of those of who asks.
  Result<std::vector<artifact::Collection>> collections(artifact::CollectionFilter filter) const;
  Result<artifact::Lineage> lineage(const artifact::Version& version,
                                    const artifact::LineageOptions& options) const;
  // Returns when the last change survives the loss of the machine's power.
  Result<void> flush() const;
};

enum class Access {
  kLook,   // nothing is there when the home has nothing yet
  kRead,   // which is then an error
  kWrite,  // as kRead
  kMake,   // makes the home
};
// By --host, else WANDB_BASE_URL unless a home was named, else the home. Empty after an error was reported,
// with the exit code in `code`; with kLook also when there is nothing. On a server, runs are of the project of
// `ref`, what the command is about.
Artifacts open_artifacts(Session& session, const std::string& host, Access access, int& code,
                         const std::string& ref = {});

// Of what a protected alias stands in the way of: with the option that goes on all the same.
Error with_override_hint(Error error);

// The value of --metadata: JSON object text, or "@file" that holds it. "" = {}.
Result<std::string> read_metadata_option(const std::string& given);

}  // namespace treadle::cli
