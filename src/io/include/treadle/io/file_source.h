// File sources: files and folders on disk, outside of the store, as assets.
#pragma once

#include <treadle/define/definitions.h>

#include <memory>
#include <string>

namespace treadle::io {

// Loads the file or folder at `path` (absolute) through the input's codec, as "file" or "folder",
// where it lies: nothing is copied. The data version is its content_digest, taken when it is
// loaded. Stores nothing. Thread-safe.
std::shared_ptr<IOManager> make_file_source_io_manager(std::string path);

}  // namespace treadle::io
