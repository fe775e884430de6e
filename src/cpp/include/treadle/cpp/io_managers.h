// IO managers that come with the library, beside the one that keeps versions in the home.
//
//   defs.io_manager("reports", td::files("reports"));   // reports/raw/iris.json, the latest alone
//   defs.io_manager("passing", td::in_memory());        // nothing is kept when the program ends
//
//   defs.io_manager("warehouse", td::sql_tables({.url = "sqlite:///lake.db"}));   // sql_tables.h: rows as tables of a database
//   defs.io_manager("lake", td::object_files({.url = "s3://lake/models"}));       // object_files.h: objects behind a URL
//
// With every version kept: treadle/io/versioned_files.h (folders, git). One's own: td::IOManager.
#pragma once

#include <treadle/define/io_manager.h>

#include <memory>
#include <string>

namespace treadle {

// Each value as one file or folder that other programs can read, by the type's codec: text as .txt, JSON as .json, bytes as .bin,
// a td::File with the ending of its name, a td::Folder as one. The asset raw/iris is <folder>/raw/iris.json, its partition 2026-01-01
// <folder>/raw/iris/2026-01-01.json. A file is replaced whole or not at all. Its content's digest is the data version, and its path
// is told as metadata. What anybody else put there is read, too. Thread-safe; several processes may share the folder.
std::shared_ptr<IOManager> files(std::string folder);

// Values of any type, codec or not, as long as the object lives: shared between the runs of a program, lost with it, and not seen by
// steps in processes of their own. Thread-safe.
std::shared_ptr<IOManager> in_memory();

}  // namespace treadle
