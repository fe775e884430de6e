// Values as files where other programs find them: the latest of each alone. With all versions:
// versioned_files.h.
#pragma once

#include <treadle/define/definitions.h>

#include <memory>
#include <string>

namespace treadle::io {

// <folder>/raw/iris.json               the asset raw/iris, in the form its codec writes
// <folder>/raw/iris/2026-01-01.json    one of its partitions
// <folder>/raw/iris                    a folder
// What is read may have been put there by anybody. A value that would run code when it is opened
// (a pickle) is refused. A file is replaced whole or not at all. Thread-safe.
std::shared_ptr<IOManager> make_latest_files_io_manager(std::string folder);

}  // namespace treadle::io
