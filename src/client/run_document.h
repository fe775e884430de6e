// A run as the protocol writes it, and the queries about runs.
#pragma once

#include <treadle/client/connection.h>
#include <treadle/tracking/run.h>

#include <boost/json/fwd.hpp>

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace treadle::client {

// The fields of a run that every server has, and those that only a few have beside them.
inline constexpr std::string_view kRunFields =
    "id name displayName description notes tags state config summaryMetrics systemMetrics group "
    "jobType "
    "commit sweepName createdAt heartbeatAt historyLineCount eventsLineCount logLineCount "
    "historyKeys "
    "user{username} project{name entity{name}}";
inline constexpr std::string_view kMoreRunFields = " host program repo exitcode stopped";

// As SDKs begin, resume and change runs.
std::string upsert_document(std::string_view run_fields);
inline constexpr std::string_view kResumeStatus =
    "query RunResumeStatus($project: String, $entity: String, $name: String!) {"
    " model(name: $project, entityName: $entity) { id name entity { id name }"
    " bucket(name: $name, missingOk: true) { id name summaryMetrics displayName logLineCount"
    " historyLineCount eventsLineCount historyTail eventsTail config tags notes"
    " wandbConfig(keys: [\"t\"]) } } }";

struct RemoteRun {
  tracking::Run run;  // `key` is not set
  std::string id;     // the server's own
};
Result<RemoteRun> read_run(const boost::json::value& node);
// "2026-01-31T12:00:00.123456Z", with or without a fraction; 0 when it is no time.
Micros read_time(const std::string& text);

// Variables of an upsert by name, as JSON. Merging: later ones go before earlier ones.
using Variables = std::map<std::string, std::string>;
std::string variables_text(const Variables& variables);
std::string quoted(std::string_view text);
std::string quoted(const std::vector<std::string>& texts);
// What `changes` says, but for tags that are added, config and summary, which `before` has to be known
// for, and metadata, which is a file.
void add_changes(Variables& variables, const tracking::RunChanges& changes);
// `config` (plain) with the keys of a patch in place of those there are; under `_wandb`, its keys.
Result<std::string> patched(std::string_view object, std::string_view patch);
// The config names the client, without which no later resume finds the run.
Result<std::string> with_client(std::string_view config, std::string_view version);
std::vector<std::string> joined_tags(std::vector<std::string> tags,
                                     const std::vector<std::string>& more);

}  // namespace treadle::client
