// What changes runs: upsert, stop, rewind, states, delete, alerts.
#include "types.h"
#include <treadle/artifact/store.h>

#include <utility>

namespace treadle::serve {
namespace {

using account::Role;
using tracking::Run;

constexpr std::string_view kRunChangesTypes = R"(
extend type Mutation {
  upsertBucket(input: UpsertBucketInput!): UpsertBucketPayload
  rewindRun(input: RewindRunInput!): RewindRunPayload
  stopRun(input: StopRunInput!): SuccessPayload
  deleteRun(input: DeleteRunInput!): SuccessPayload
  updateRunState(input: UpdateRunStateInput!): SuccessPayload
  notifyScriptableRunAlert(input: NotifyScriptableRunAlertInput!): SuccessPayload
}
input UpsertBucketInput {
  id: String, name: String, groupName: String, modelName: String, entityName: String, description: String,
  displayName: String, notes: String, config: JSONString, commit: String, host: String, debug: Boolean,
  jobProgram: String, jobRepo: String, jobType: String, state: String, sweep: String, tags: [String!],
  summaryMetrics: JSONString, clientMutationId: String
}
type UpsertBucketPayload { bucket: Run inserted: Boolean clientMutationId: String }
input RewindRunInput {
  runName: String!, entityName: String, projectName: String, metricName: String!, metricValue: Float!, clientMutationId: String
}
type RewindRunPayload { rewoundRun: Run clientMutationId: String }
input StopRunInput { id: ID!, clientMutationId: String }
input DeleteRunInput { id: ID!, deleteArtifacts: Boolean, clientMutationId: String }
input UpdateRunStateInput { id: ID!, state: String!, clientMutationId: String }
enum AlertSeverity { INFO WARN ERROR }
input NotifyScriptableRunAlertInput {
  entityName: String!, projectName: String!, runName: String!, title: String!, text: String!,
  severity: AlertSeverity = INFO, waitDuration: Duration, clientMutationId: String
}
)";

struct UpsertedRun {
  Run run;
  bool inserted = false;
};

Result<tracking::RunChanges> changes_of(const graphql::Arguments& input) {
  tracking::RunChanges changes;
  changes.display_name = input.text_if("displayName");
  changes.description = input.text_if("description");
  changes.notes = input.text_if("notes");
  changes.group = input.text_if("groupName");
  changes.job_type = input.text_if("jobType");
  changes.host = input.text_if("host");
  changes.program = input.text_if("jobProgram");
  changes.repository = input.text_if("jobRepo");
  changes.commit = input.text_if("commit");
  changes.sweep = input.text_if("sweep");
  changes.tags = input.texts_if("tags");
  changes.summary = input.text_if("summaryMetrics");
  if (const auto config = input.text_if("config")) {
    TREADLE_TRY(changes.config, tracking::plain_config(*config));
  }
  if (const auto name = input.text_if("state")) {
    changes.state = tracking::state_from(*name);
    if (!changes.state) {
      return fail(Errc::kInvalidArgument, "'" + *name + "' is no state of a run.");
    }
  }
  return changes;
}

// A new run that forks another (`wandb.init(fork_from=...)`) begins with its history; the line
// count of the answer tells the SDK where its own lines begin.
Result<void> fork_if_asked(const Call& call, const tracking::RunRef& ref, std::string_view config) {
  const auto point = tracking::find_branch_point(config);
  if (!point || point->run == ref.id) return {};
  Backend& b = backend(call);
  TREADLE_TRY(const auto source, b.runs.find({ref.entity, ref.project, point->run}));
  if (!source) {
    return fail(Errc::kNotFound, "There is no run '" + point->run + "' in " + ref.entity + "/" +
                                     ref.project + " to fork. A run forks one of its project.");
  }
  TREADLE_TRY(const Run forked, b.runs.fork(source->key, point->step, ref));
  (void)forked;
  return {};
}

Result<Output> upsert_bucket(const Call& call) {
  const auto input = call.args.object("input");
  Backend& b = backend(call);
  tracking::RunRef ref;
  const bool by_id = input.has("id");
  if (by_id) {
    const auto id = parse_run_id(input.text("id"));
    if (!id) return fail(Errc::kInvalidArgument, "'" + input.text("id") + "' is no run's id.");
    ref = {id->entity, id->project, id->name};
  } else {
    ref.entity = entity_or_default(call, input.text("entityName"));
    ref.project = input.has("modelName") && !input.text("modelName").empty()
                      ? input.text("modelName")
                      : "uncategorized";
    ref.id = input.text("name");
  }
  TREADLE_CHECK(require(call, Role::kMember, ref.entity, ref.project));
  TREADLE_TRY(tracking::RunChanges changes, changes_of(input));
  // What another program that writes to this run has set stays.
  if (caller(call).shares_run) {
    changes.config_patch = std::exchange(changes.config, std::nullopt);
    changes.summary_patch = std::exchange(changes.summary, std::nullopt);
  }
  std::optional<Run> before;
  if (!ref.id.empty()) {
    TREADLE_TRY(before, b.runs.find(ref));
  }
  if (by_id && !before) return fail(Errc::kNotFound, "There is no run '" + ref.id + "'.");
  UpsertedRun out;
  out.inserted = !before;
  if (!before) {
    changes.user = caller(call).user.name;
    TREADLE_TRY(const auto project, make_project(call, ref.entity, ref.project));
    (void)project;
  }
  // A process that begins says where it runs; an edit, and a process that goes on, does not.
  const bool begins = !by_id && (!before || input.has("host"));
  if (!before && changes.config) TREADLE_CHECK(fork_if_asked(call, ref, *changes.config));
  if (begins && !changes.state) {
    TREADLE_TRY(auto started, b.runs.start(ref, changes));
    out.run = std::move(started.run);
  } else if (before) {
    TREADLE_TRY(out.run, b.runs.update(before->key, changes));
  } else {
    TREADLE_TRY(auto upserted, b.runs.upsert(ref, changes));
    out.run = std::move(upserted.run);
  }
  // What a running process reports again and again is not an act of its own.
  if (begins || by_id) TREADLE_CHECK(audit(call, out.run.text(), out.inserted ? "new" : ""));
  return graphql::node("UpsertBucketPayload", std::move(out));
}

Result<Output> rewind_run(const Call& call) {
  const auto input = call.args.object("input");
  TREADLE_TRY(const Run run,
              run_named(call, entity_or_default(call, input.text("entityName")),
                        input.has("projectName") ? input.text("projectName") : "uncategorized",
                        input.text("runName"), Role::kMember));
  if (input.text("metricName") != "_step") {
    return fail(Errc::kUnsupported, "A run is rewound by its _step only.");
  }
  TREADLE_CHECK(audit(call, run.text()));
  TREADLE_TRY(auto now,
              backend(call).runs.rewind(
                  run.key, static_cast<std::int64_t>(input.real_if("metricValue").value_or(0))));
  return graphql::node("RewindRunPayload", std::move(now));
}

Result<Output> delete_run(const Call& call) {
  const auto input = call.args.object("input");
  Backend& b = backend(call);
  const auto place = parse_run_id(input.text("id"));
  if (!place) return fail(Errc::kInvalidArgument, "'" + input.text("id") + "' is no run's id.");
  TREADLE_CHECK(require(call, Role::kMember, place->entity, place->project));
  TREADLE_TRY(const auto found, b.runs.find({place->entity, place->project, place->name}));
  // Gone is gone: a delete that is sent again succeeds.
  if (!found) return graphql::node("SuccessPayload", 0);
  const Run& run = *found;
  TREADLE_CHECK(audit(call, run.text(), input.flag("deleteArtifacts") ? "with artifacts" : ""));
  if (input.flag("deleteArtifacts")) {
    TREADLE_TRY(const auto made, b.artifacts.made_by(run.id));
    for (const artifact::Version& version : made) {
      if (version.entity != run.entity || version.project != run.project) continue;
      TREADLE_CHECK(b.artifacts.delete_version(version, true));
    }
  }
  TREADLE_CHECK(b.runs.remove(run.key));
  return graphql::node("SuccessPayload", 0);
}

}  // namespace

void define_run_changes(graphql::Schema& schema) {
  schema.define(kRunChangesTypes);
  schema.resolve("Mutation", "upsertBucket", upsert_bucket);
  schema.resolve<UpsertedRun>(
      "UpsertBucketPayload",
      {{"bucket", [](const UpsertedRun& u, const Call&) { return run_node(u.run); }},
       {"inserted", [](const UpsertedRun& u, const Call&) { return u.inserted; }},
       {"clientMutationId", [](const UpsertedRun&, const Call&) { return nullptr; }}});
  schema.resolve("Mutation", "rewindRun", rewind_run);
  schema.resolve<Run>("RewindRunPayload",
                      {{"rewoundRun", [](const Run& r, const Call&) { return run_node(r); }},
                       {"clientMutationId", [](const Run&, const Call&) { return nullptr; }}});
  schema.resolve("Mutation", "stopRun", [](const Call& call) -> Result<Output> {
    TREADLE_TRY(const Run run,
                run_of_id(call, call.args.object("input").text("id"), Role::kMember));
    TREADLE_CHECK(audit(call, run.text()));
    TREADLE_CHECK(backend(call).runs.request_stop(run.key));
    return graphql::node("SuccessPayload", 0);
  });
  schema.resolve("Mutation", "deleteRun", delete_run);
  schema.resolve("Mutation", "updateRunState", [](const Call& call) -> Result<Output> {
    const auto input = call.args.object("input");
    TREADLE_TRY(const Run run, run_of_id(call, input.text("id"), Role::kMember));
    const auto state = tracking::state_from(input.text("state"));
    if (!state) {
      return fail(Errc::kInvalidArgument, "'" + input.text("state") + "' is no state of a run.");
    }
    TREADLE_CHECK(audit(call, run.text(), input.text("state")));
    TREADLE_CHECK(backend(call).runs.set_state(run.key, *state));
    return graphql::node("SuccessPayload", 0);
  });
  // There is no mail or chat to send it by: it stands in the audit log.
  schema.resolve("Mutation", "notifyScriptableRunAlert", [](const Call& call) -> Result<Output> {
    const auto input = call.args.object("input");
    TREADLE_TRY(const Run run, run_named(call, input.text("entityName"), input.text("projectName"),
                                         input.text("runName"), Role::kMember));
    TREADLE_CHECK(
        audit(call, run.text(),
              input.text("severity") + ": " + input.text("title") + ": " + input.text("text")));
    return graphql::node("SuccessPayload", 0);
  });
}

}  // namespace treadle::serve
