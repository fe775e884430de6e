// Runs requests against a schema: parses, validates, coerces variables, executes, writes JSON.
#pragma once

#include <treadle/graphql/schema.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace treadle::graphql {

struct Limits {
  ParseLimits parse;
  int depth = 30;                    // of fields in fields, through fragments
  std::size_t fields = 20'000;       // of a document, fragments counted where they are used
  std::size_t resolved = 5'000'000;  // fields that one answer may have
  std::size_t answer_bytes = 512 << 20;
  std::size_t cached_documents = 512;
};

struct RequestText {
  std::string_view query;
  std::string_view operation_name;  // "" = the only one
  Value variables;  // an object, or null; those the document does not declare are ignored
};

struct Answer {
  std::string json;       // {"data":...,"errors":[...]}
  bool ran = false;       // false: refused before anything was executed
  bool has_data = false;  // something in data is not null
  Operation::Kind kind = Operation::Kind::kQuery;
  std::string operation;      // its name, or the name of its first field
  std::vector<Error> errors;  // as in json, with their codes
};

// Thread-safe.
class Engine {
 public:
  explicit Engine(Schema schema, const Limits& limits = {});
  ~Engine();
  Answer run(const RequestText& request, Context& context);
  const Schema& schema() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace treadle::graphql
