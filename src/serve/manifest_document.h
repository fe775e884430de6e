// Private to the room: manifests as W&B's clients read and write them.
#pragma once

#include <treadle/artifact/service.h>

#include <string>
#include <vector>

namespace treadle::serve {

// The document of a version: the birth artifact of every entry is the version itself.
std::string manifest_document(std::int64_t version_id, const std::vector<artifact::Entry>& entries);

}  // namespace treadle::serve
