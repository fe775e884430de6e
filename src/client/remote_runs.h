// tracking::Store over a connection: runs at work through their senders (runs.cc), everything else one
// query at a time (run_reads.cc).
#pragma once

#include "run_document.h"
#include "run_sender.h"
#include <treadle/client/runs.h>

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <sys/types.h>
#include <vector>

namespace treadle::client {

class RemoteRuns final : public tracking::Store {
 public:
  RemoteRuns(std::shared_ptr<Connection> connection, RunsOptions options);
  ~RemoteRuns() override;

  Result<tracking::Project> add_project(const std::string& entity,
                                        const std::string& name) override;
  Result<std::optional<tracking::Project>> find_project(const std::string& entity,
                                                        const std::string& name) override;
  Result<std::vector<tracking::Project>> projects(const std::string& entity) override;
  Result<void> update_project(std::int64_t project_key, const std::string& description,
                              const std::string& settings) override;
  Result<void> remove_project(std::int64_t project_key) override;

  Result<tracking::Started> start(const tracking::RunRef& ref, const tracking::RunChanges& changes,
                                  tracking::Resume resume) override;
  Result<tracking::Started> upsert(const tracking::RunRef& ref,
                                   const tracking::RunChanges& changes) override;
  Result<tracking::Run> update(std::int64_t run_key, const tracking::RunChanges& changes) override;
  Result<tracking::StreamReply> stream(std::int64_t run_key, const tracking::StreamUpdate& update,
                                       db::Sync sync) override;
  Result<tracking::StreamReply> heartbeat(std::int64_t run_key) override;
  Result<void> finish(std::int64_t run_key, int exit_code) override;
  Result<void> request_stop(std::int64_t run_key) override;
  Result<void> set_state(std::int64_t run_key, tracking::State state) override;
  Result<tracking::Run> rewind(std::int64_t run_key, std::int64_t step) override;
  Result<tracking::Run> fork(std::int64_t run_key, std::int64_t step,
                             const tracking::RunRef& into) override;
  Result<void> remove(std::int64_t run_key) override;

  Result<std::optional<tracking::Run>> find(const tracking::RunRef& ref) override;
  Result<tracking::Run> get(const tracking::RunRef& ref) override;
  Result<tracking::Run> get(std::int64_t run_key) override;
  Result<std::vector<tracking::Run>> find_by_id(const std::string& id) override;
  Result<tracking::RunPage> runs(const tracking::RunQuery& query) override;
  Result<std::int64_t> count(const tracking::RunQuery& query) override;

  Result<void> scan(std::int64_t run_key, tracking::Stream stream,
                    const tracking::HistoryQuery& query, const tracking::RowSink& sink) override;
  Result<std::vector<std::string>> rows(std::int64_t run_key, tracking::Stream stream,
                                        const tracking::HistoryQuery& query) override;
  Result<std::vector<std::string>> sampled(std::int64_t run_key, tracking::Stream stream,
                                           const tracking::SampleQuery& query) override;
  Result<std::vector<tracking::Point>> series(std::int64_t run_key, const std::string& key,
                                              std::int64_t samples,
                                              tracking::Stream stream) override;
  Result<tracking::KeysInfo> keys_info(std::int64_t run_key, tracking::Stream stream) override;
  Result<std::vector<std::string>> console(std::int64_t run_key, std::int64_t first,
                                           std::int64_t count) override;

  Result<tracking::RunFile> put_file(std::int64_t run_key, const std::string& name,
                                     std::string_view bytes, const std::string& mimetype) override;
  Result<tracking::RunFile> put_file_from(std::int64_t run_key, const std::string& name,
                                          const std::string& path,
                                          const std::string& mimetype) override;
  Result<std::vector<tracking::RunFile>> files(std::int64_t run_key,
                                               const std::string& pattern) override;
  Result<std::optional<tracking::RunFile>> find_file(std::int64_t run_key,
                                                     const std::string& name) override;
  Result<std::string> read_file(std::int64_t run_key, const std::string& name,
                                std::int64_t limit) override;
  Result<void> copy_file(std::int64_t run_key, const std::string& name,
                         const std::string& path) override;
  Result<void> remove_file(std::int64_t run_key, const std::string& name) override;

 private:
  struct Known {
    std::int64_t key = 0;
    tracking::RunRef ref;
    std::string id;                     // the server's own
    std::string cursor;                 // of the list it was read in
    std::optional<tracking::Run> work;  // as this process knows it, which is at work on it
    std::shared_ptr<RunSender> sender;  // while it is at work
  };
  struct File {
    std::string id;
    std::string url;
    tracking::RunFile file;
  };

  Result<Known> known(std::int64_t run_key);
  std::shared_ptr<RunSender> sender_of(std::int64_t run_key);
  std::int64_t remember(const RemoteRun& run, const std::string& cursor = {});
  tracking::Run keyed(RemoteRun run, const std::string& cursor = {});
  Result<tracking::RunRef> complete(tracking::RunRef ref);
  std::string fields() const;
  // Asks with all fields; with those that every server has, when it does not know the others.
  Result<void> with_fields(const std::function<Result<void>(const std::string&)>& ask);
  Result<void> query(std::string_view document, const Variables& variables,
                     boost::json::value& data);
  Result<void> ask_run(std::string_view fields, const Known& run, boost::json::value& data,
                       std::string_view arguments = {}, const Variables& more = {});
  Result<std::optional<RemoteRun>> resume_status(const tracking::RunRef& ref, bool& begun);
  Result<Variables> variables_of(const tracking::RunChanges& changes, const tracking::Run* before);
  Result<tracking::Run> change_at_work(const Known& run, const tracking::RunChanges& changes);
  Result<std::vector<File>> list_files(const Known& run, const std::string& pattern,
                                       const std::string& name);
  Result<File> get_file(std::int64_t run_key, const std::string& name);
  Result<std::vector<std::string>> sampled_rows(const Known& run, const std::string& spec);

  const std::shared_ptr<Connection> connection_;
  const RunsOptions options_;
  const pid_t process_;
  std::mutex mutex_;
  std::atomic<bool> knows_more_ = true;  // the server has kMoreRunFields
  std::map<std::int64_t, Known> known_;
  std::map<std::string, std::int64_t> key_of_;  // by "entity/project/id"
};

}  // namespace treadle::client
