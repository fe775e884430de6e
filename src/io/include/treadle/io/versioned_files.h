// Versions kept outside of the store, where people and other tools find them: as plain files in a
// folder, or as commits in a git repository. Both keep beside each value what made it: the run, the
// data version, the code's repository, commit and uncommitted changes.
#pragma once

#include <treadle/define/definitions.h>

#include <memory>
#include <string>

namespace treadle::io {

struct PlainFilesOptions {
  std::string folder;       // versions go below it: <folder>/<asset/key>/v3/
  std::string signing_key;  // the home's; without it pickles are refused
};

// <folder>/raw/iris/v3/output.json     the value, in the form its codec writes
// <folder>/raw/iris/v3/version.json    what made it
// <folder>/raw/iris/v3/uncommitted.diff  when the code was not committed
// <folder>/raw/iris/INDEX.md           all versions, for a person
// <folder>/raw/iris/latest             a link to the newest
// A version appears whole or not at all; two writers at once make two versions. The same content as
// the newest version makes none. What was changed since it was written is refused when it is loaded.
// Thread-safe.
std::shared_ptr<IOManager> make_plain_files_io_manager(PlainFilesOptions options);

struct GitOptions {
  std::string repository;                 // a folder in a git work tree, or a bare repository
  std::string branch = "treadle-models";  // versions are committed to it; made when it is not there
  std::string folder = "models";          // in the repository
  std::string cache_folder;               // where files are put for reading
  std::string signing_key;                // the home's; without it pickles are refused
  std::string push_to;                    // a remote that each version is pushed to; "" = none
};

// One commit and one tag (<folder>/<asset/key>/v3) per version, made beside the work tree: what is
// checked out and staged stays as it is. Where .gitattributes sends files of that path through LFS
// (or any other filter), the filter is applied both ways. The branch must not be the one that is
// checked out. Two writers at once make two versions, in order. Thread-safe.
std::shared_ptr<IOManager> make_git_io_manager(GitOptions options);

}  // namespace treadle::io
