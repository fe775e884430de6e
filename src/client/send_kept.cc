// What a run left on disk because its server was away, sent later.
#include "fields.h"
#include "run_upload.h"
#include "spool.h"
#include <treadle/base/json_parse.h>
#include <treadle/client/runs.h>

#include <cstdio>
#include <memory>

namespace treadle::client {
namespace {

namespace json = boost::json;
using tracking::RunRef;

// Lines of the file, one JSON object each; a last one that is cut off was never promised.
class KeptLines {
 public:
  static Result<KeptLines> open(const std::string& folder) {
    KeptLines lines;
    lines.file_.reset(std::fopen(join_path(folder, kSpoolFile).c_str(), "re"));
    if (lines.file_) return lines;
    return fail(Errc::kNotFound, "There is nothing to be sent in " + folder + ": it has no file " +
                                     std::string(kSpoolFile) + ".");
  }
  bool next(json::value& object) {
    std::string line;
    for (int c = std::getc(file_.get()); c != EOF; c = std::getc(file_.get())) {
      if (c == '\n') return parse_json_value(line, object) && object.is_object();
      line += static_cast<char>(c);
    }
    return false;
  }

 private:
  struct Close {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };
  std::unique_ptr<std::FILE, Close> file_;
};

struct Head {
  RunRef run;
  std::string host;
};

Result<Head> read_head(KeptLines& lines, const std::string& folder) {
  json::value object;
  const json::value* run = lines.next(object) ? find(object, {"run"}) : nullptr;
  if (run == nullptr) {
    return fail(Errc::kCorrupt, join_path(folder, kSpoolFile) + " does not say whose run it is.");
  }
  return Head{{text(*run, "entity"), text(*run, "project"), text(*run, "name")},
              text(*run, "host")};
}

std::string text_of(const RunRef& run) {
  return run.entity + "/" + run.project + "/" + run.id;
}

}  // namespace

Result<SentRun> kept_run(const std::string& folder) {
  TREADLE_TRY(KeptLines lines, KeptLines::open(folder));
  TREADLE_TRY(const Head head, read_head(lines, folder));
  return SentRun{text_of(head.run), head.host};
}

Result<SentRun> send_kept(Connection& connection, const std::string& folder) {
  TREADLE_TRY(KeptLines lines, KeptLines::open(folder));
  TREADLE_TRY(const Head head, read_head(lines, folder));
  json::value object;
  // The last stream may say that the run is complete: files go before it.
  std::vector<FileToSend> files;
  std::vector<std::string> bodies;
  while (lines.next(object)) {
    if (const json::value* upsert = find(object, {"upsert"})) {
      Variables variables;
      for (const auto& [name, value] : upsert->get_object())
        variables[name] = json_value_text(value);
      json::value data;
      TREADLE_CHECK(connection.graphql(upsert_document("id"), variables_text(variables), data,
                                       {Retry::kUpsert, {}, {}}));
    } else if (const json::value* file = find(object, {"file"})) {
      const std::string path = join_path(join_path(folder, "files"), text(*file, "copy"));
      // One that is not there any more was sent.
      if (real_files().stat(path)) files.push_back({text(*file, "name"), path});
    } else if (const json::value* stream = find(object, {"stream"})) {
      bodies.push_back(json_value_text(*stream));
    }
  }
  if (!files.empty()) TREADLE_CHECK(send_files(connection, head.run, files));
  for (std::string& body : bodies) {
    TREADLE_TRY(const bool stop, send_stream(connection, head.run, std::move(body),
                                             {false, std::chrono::minutes(5), {}}));
    (void)stop;
  }
  TREADLE_CHECK(remove_tree(folder));
  return SentRun{text_of(head.run), head.host};
}

}  // namespace treadle::client
