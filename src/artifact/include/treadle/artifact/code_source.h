// Where the running code comes from, asked of git.
#pragma once

#include <treadle/artifact/service.h>

#include <memory>
#include <string>

namespace treadle::artifact {

// Of the repository around `folder`. Null when there is none, or no git. What was not committed is
// part of it, files git does not know yet included (ignored ones are not); where that is more than 8
// MiB, `diff` says so in one line instead (see is_complete). Runs git: milliseconds.
std::shared_ptr<const CodeSource> capture_code(const std::string& folder);
// As capture_code() of the current folder, asked once per run ("" = none: then it is remembered for a
// few seconds).
std::shared_ptr<const CodeSource> current_code(const std::string& run_id);

// Whether commit and diff together are the code.
bool is_complete(const CodeSource& code);
// "https://github.com/a/b.git" for "https://user:token@github.com/a/b.git".
std::string without_credentials(const std::string& url);

}  // namespace treadle::artifact
