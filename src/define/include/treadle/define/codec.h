// Codecs: how a value becomes files of an artifact, and comes back. C++ types bring one each,
// Python one for any object; what the languages share (text, JSON, bytes, files) is written the
// same way, so that one reads what the other wrote.
#pragma once

#include <treadle/base/result.h>
#include <treadle/define/value.h>

#include <string>
#include <utility>
#include <vector>

namespace treadle {

// The written form of a value. `format` is stored in the artifact's metadata:
//   text    one file output.txt, UTF-8             std::string <-> str
//   json    one file output.json, one JSON value   int, double, bool, vector, map, td::Json
//                                                  <-> int, float, bool, list, dict
//   bytes   one file output.bin                    td::Bytes <-> bytes
//   file    one file under its own name            td::File <-> treadle.File
//   folder  all files below a folder               td::Folder <-> treadle.Folder
//   pickle  one file output.pickle, signed         any picklable Python object; C++ cannot read it
struct Encoded {
  std::string format;
  std::string file_name;  // inside the artifact; unused for "folder"
  std::string bytes;      // the content, unless it is on disk
  std::string path;       // the file or folder on disk ("file", "folder"); "" = `bytes`
  std::string type_name;  // the value's type, for people: "int", "pandas.core.frame.DataFrame"
  // A value that is the same whatever its function did (None): its digest is no data version.
  bool says_nothing = false;
  bool must_sign = false;  // content that is only opened with this home's own signature (pickles)
};

// What a value is read back from. Files are fetched when asked for.
class Stored {
 public:
  virtual ~Stored() = default;
  virtual const std::string& format() const = 0;
  virtual const std::string& file_name() const = 0;
  // The only file's content, verified against its digest (and signature where it must have one).
  virtual Result<std::string> bytes() = 0;
  // The file or folder on local disk, verified. Read-only; lives as long as the home's cache keeps
  // it.
  virtual Result<std::string> local_path() = 0;
};

// A column of a table whose rows are the records of a value.
struct RowColumn {
  enum class Kind : std::uint8_t { kBool, kInt, kFloat, kText, kJson };
  std::string name;
  Kind kind = Kind::kText;
  bool nullable = false;
};

// Thread-safe, stateless.
class Codec {
 public:
  virtual ~Codec() = default;
  virtual Result<Encoded> encode(const Value& value) const = 0;
  // Of a value that holds several partitions by key (dict, std::map): each one's. kInvalidArgument
  // unless it holds exactly `keys`.
  virtual Result<std::vector<Value>> split(const Value& value,
                                           const std::vector<std::string>& keys) const;
  // The opposite: reads each partition and puts them together by key.
  virtual Result<Value> decode_all(
      const std::vector<std::pair<std::string, Stored*>>& partitions) const;
  // kUnsupported for a format it cannot read, with what to do: "'model' was kept as a Python
  // pickle, which C++ cannot read; ...".
  virtual Result<Value> decode(Stored& stored) const = 0;
  // Of a type that is a list of records, written as a JSON list of objects: their fields, in order. None: it is no such type.
  virtual std::vector<RowColumn> columns() const { return {}; }
};

}  // namespace treadle
