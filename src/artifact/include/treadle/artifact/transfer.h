// Versions out of a home and into another: from store to store, as a plain folder, as a tar archive.
// What arrives is verified entry by entry and visible only when it is whole; what was interrupted
// goes on where it stopped. Layout of folder and archive: docs/formats/artifact-export.md.
#pragma once

#include <treadle/artifact/store.h>

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace treadle::artifact {

// Bytes done, bytes in all.
using TransferProgress = std::function<void(std::int64_t, std::int64_t)>;

struct ArriveOptions {
  ArtifactRef as;  // what is "" stays as it was; the version is given by the store
  std::vector<std::string> aliases;  // beside those kept
  bool keep_aliases = true;          // those it had, less `latest`
  // copy(): the number it had, or the next one where the collection has gone past it already.
  bool keep_number = false;
  TransferProgress progress;
};

// Into another home, or under another name of the same. Content the target has is not moved again.
// Description, metadata, tags, TTL, the run's id and the code's origin go along.
Result<Logged> copy(Store& from, const Version& version, Store& to,
                    const ArriveOptions& options = {});

// A new folder (kAlreadyExists when it is there and not empty): `artifact.json` and `files/`.
Result<void> export_folder(Store& store, const Version& version, const std::string& folder,
                           const TransferProgress& progress = {});
// The same as one tar archive, byte for byte the same for the same version.
Result<void> export_archive(Store& store, const Version& version, const std::string& path,
                            const TransferProgress& progress = {});

// A folder or archive made by these. kCorrupt names the first thing that is not as the manifest
// says; paths that lead out, links, devices, and members nobody announced are refused. Equal to the
// latest version: that one.
Result<Logged> import(Store& store, const std::string& path, const ArriveOptions& options = {});

}  // namespace treadle::artifact
