// What identifies the content of a file or folder, wherever it lies and whatever its times are.
#pragma once

#include <treadle/base/files.h>

#include <string>

namespace treadle {

// Of a file: the SHA-256 of its bytes, in hex. Of a folder: the SHA-256 of one line "<digest> <path
// inside>\n" for each file below it, ordered by path; empty folders do not count, symlinks are
// followed. Constant memory. kNotFound when there is nothing there, kUnsupported for sockets and
// devices.
Result<std::string> content_digest(Files& files, const std::string& path);

}  // namespace treadle
