// Values that are several files of one artifact: the document of an image, and the picture it names.
#pragma once

#include <treadle/define/codec.h>

#include <string>
#include <string_view>

namespace treadle {

// Encoded::format of such a value: `path` is a folder of its own with all of its files, `file_name` the one
// that speaks of the others. Who stores the value removes the folder; the artifact says "file".
inline constexpr std::string_view kSeveralFiles = "files";

// What places that keep such values read them back from.
class StoredFiles : public Stored {
 public:
  // Another file of the same artifact, verified. kNotFound when there is none of that path.
  virtual Result<std::string> other(const std::string& path) = 0;
};

}  // namespace treadle
