// References: entries of a version that name content elsewhere. Local files are known by their content,
// as W&B's SDK knows them; of other places only the URI is known here.
#pragma once

#include <treadle/artifact/service.h>
#include <treadle/base/files.h>

#include <string>
#include <vector>

namespace treadle::artifact {

struct ReferenceOptions {
  std::string name;               // in the artifact; "" = the last part of the URI
  bool checksum = true;           // false: files are known by where they are, and not read
  std::size_t most = 10'000'000;  // files below a folder; kInvalidArgument when there are more
};

// The entries for a URI: of a folder (file:///data/) one for each file below it, below `name`. Files are
// read in constant memory. kInvalidArgument: it has no scheme, or leads to neither file nor folder.
Result<std::vector<DraftEntry>> reference_entries(Files& files, const std::string& uri,
                                                  const ReferenceOptions& options = {});

}  // namespace treadle::artifact
