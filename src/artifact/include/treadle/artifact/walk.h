// The files of a folder, as a version takes them in.
#pragma once

#include <treadle/base/files.h>

#include <string>
#include <vector>

namespace treadle::artifact {

struct FoundFile {
  std::string path;   // on disk
  std::string entry;  // inside the folder, '/'-separated
  FileStat stat;
};

// Every file below `folder`, in order of entry path; empty folders leave no trace. Symlinks to
// files inside the folder are followed; one that leads out, into nothing or to a folder, and
// sockets and devices, are errors that name them. `skip` (absolute, "" = none) is left out: the
// home itself.
Result<std::vector<FoundFile>> walk(Files& files, const std::string& folder,
                                    const std::string& skip);

}  // namespace treadle::artifact
