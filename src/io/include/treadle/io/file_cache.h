// Versions downloaded for reading, shared by all processes that use the same cache folder.
#pragma once

#include <treadle/artifact/service.h>

#include <string>
#include <vector>

namespace treadle::io {

// The folder below `cache_folder` that holds all files of the version, read-only and verified. It
// is made whole elsewhere and renamed into place, so that readers see all of it or nothing; files
// that were changed since are found by size and times, and then the version is downloaded again.
Result<std::string> cached_folder(artifact::ArtifactService& service,
                                  const std::string& cache_folder, const artifact::Version& version,
                                  const std::vector<artifact::Entry>& entries);

}  // namespace treadle::io
