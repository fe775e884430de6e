// Schedules and sensors: names, ticks, and the jobs they run.
#include "problem_finder.h"
#include <treadle/base/cron.h>
#include <treadle/base/suggest.h>

#include <algorithm>
#include <set>

namespace treadle {
namespace {

void check_target(const Definitions& d, const std::string& job, const std::string& who,
                  const std::string& name, const Place& place, Findings& findings) {
  std::vector<std::string> names;
  for (const JobDef& one : d.jobs) {
    if (one.name == job) return;
    names.push_back(one.name);
  }
  findings.add(
      "unknown_job", name, place,
      who + " runs the job '" + job + "', which is not declared." + did_you_mean(job, names),
      "Declare the job, or name one of those there are.");
}

void check_name(std::set<std::string>& seen, const std::string& name, const std::string& who,
                const Place& place, Findings& findings) {
  if (name.empty()) {
    findings.add("missing_name", name, place, "A schedule or sensor has no name.", "Give it one.");
  } else if (!seen.insert(name).second) {
    findings.add("duplicate_instigator", name, place, who + " has the name of another one.",
                 "Schedules and sensors share their names: give one of the two another.");
  }
}

bool asks_of_roots(const AutomationCondition& condition) {
  const auto& node = condition.node();
  using Kind = AutomationCondition::Kind;
  return node.kind == Kind::kAnyJobRoots || node.kind == Kind::kAllJobRoots ||
         std::any_of(node.children.begin(), node.children.end(), asks_of_roots);
}

void check_job_conditions(const Definitions& d, Findings& findings) {
  for (const JobDef& job : d.jobs) {
    if (!job.automation_condition) continue;
    if (job.graph) {
      findings.add("bad_condition", job.name, job.place,
                   "Job '" + job.name + "' runs ops and has an automation condition.",
                   "Only a job of assets can have one: ops have no state that it could ask for.");
    } else if (!asks_of_roots(job.automation_condition)) {
      findings.add(
          "bad_condition", job.name, job.place,
          "Job '" + job.name + "' has an automation condition that asks for none of its assets.",
          "Use any_job_root_assets_match or all_job_root_assets_match in it.");
    }
  }
}

}  // namespace

void check_instigators(const Definitions& d, Findings& findings) {
  check_job_conditions(d, findings);
  std::set<std::string> seen;
  for (const ScheduleDef& schedule : d.schedules) {
    const std::string who = "Schedule '" + schedule.name + "'";
    check_name(seen, schedule.name, who, schedule.place, findings);
    if (const auto cron = CronSchedule::parse(schedule.cron, schedule.timezone); !cron) {
      findings.add("bad_schedule", schedule.name, schedule.place,
                   who + " cannot tick: " + cron.error().message,
                   "Write it as in '0 3 * * *', minute hour day month weekday.");
    }
    if (!schedule.job.empty() || !schedule.evaluate) {
      check_target(d, schedule.job, who, schedule.name, schedule.place, findings);
    }
  }
  for (const SensorDef& sensor : d.sensors) {
    const std::string who = "Sensor '" + sensor.name + "'";
    check_name(seen, sensor.name, who, sensor.place, findings);
    if (!sensor.job.empty()) {
      check_target(d, sensor.job, who, sensor.name, sensor.place, findings);
    }
    if (sensor.minimum_interval_seconds < 0) {
      findings.add("bad_sensor", sensor.name, sensor.place,
                   who + " has a negative minimum interval.", "Give seconds: 0 or more.");
    }
  }
}

}  // namespace treadle
