// What the bindings of the artifact store share: treadle._core.Artifacts, and versions and entries as tuples.
#pragma once

#include "bindings.h"
#include "convert.h"
#include "home.h"
#include <treadle/artifact/library.h>

#include <memory>
#include <string>

namespace treadle::python {

// Of a home, or of a server for the runs of a home, whose key signs and checks.
struct Artifacts {
  app::Home* home;  // kept alive by the binding
  std::shared_ptr<artifact::Library> library;
  artifact::Library& store() const { return *library; }
};

nb::tuple text_tuple(const std::vector<std::string>& items);

// As treadle.wandb._store.Record reads it.
nb::tuple version_tuple(const artifact::Version& version);
// "entity/project/collection:version"
ArtifactRef ref_of(nb::handle text);
artifact::Version version_of(Artifacts& self, nb::handle text);
// (path, kind, content, digest, size, extra): kind is "bytes", "signed", "file" or "reference".
artifact::DraftEntry entry_of(Artifacts& self, nb::handle given);

// An optional item of a dictionary; null when it is not there, or None.
nb::object item_of(nb::handle dictionary, const char* key);
std::string text_in(nb::handle dictionary, const char* key);
std::vector<std::string> texts_in(nb::handle dictionary, const char* key);
std::int64_t integer_in(nb::handle dictionary, const char* key, std::int64_t otherwise);

// Versions: links, edits and deletions; collections, registries.
void bind_catalog(nb::class_<Artifacts>& artifacts);
// Versions in the making, by several writers.
void bind_drafts(nb::class_<Artifacts>& artifacts);

}  // namespace treadle::python
