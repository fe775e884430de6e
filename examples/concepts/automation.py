"""Run without anybody asking: a condition, a schedule, a sensor, and what they ask for."""

import datetime
import zoneinfo

import treadle as dg


@dg.asset
def raw() -> int:
    return 1


@dg.asset(automation_condition=dg.AutomationCondition.eager())
def model(raw: int) -> int:
    return raw + 1


nightly = dg.define_asset_job("nightly", selection="*")


@dg.schedule(cron_schedule="0 3 * * *", execution_timezone="Europe/Berlin", job=nightly)
def at_three(context: dg.ScheduleEvaluationContext) -> dg.RunRequest:
    return dg.RunRequest(run_key=context.scheduled_execution_time.strftime("%Y-%m-%d"))


@dg.sensor(job=nightly)
def files(context: dg.SensorEvaluationContext) -> dg.SensorResult | dg.SkipReason:
    newest = "b.csv"
    if newest <= (context.cursor or ""):
        return dg.SkipReason("no new files")
    return dg.SensorResult([dg.RunRequest(run_key=newest)], cursor=newest)


defs = dg.Definitions([raw, model], jobs=[nightly], schedules=[at_three], sensors=[files])

if __name__ == "__main__":
    instance = dg.DagsterInstance.ephemeral()
    first = dg.evaluate_automation_conditions(defs, instance)
    print("at first conditions ask for", len(first.requested_subsets))
    dg.materialize([raw], instance=instance)
    then = dg.evaluate_automation_conditions(defs, instance, cursor=first.cursor)
    print("raw was made:", *[key.to_user_string() for key in then.requested_subsets])

    morning = datetime.datetime(2026, 1, 5, 3, tzinfo=zoneinfo.ZoneInfo("Europe/Berlin"))
    tick = at_three.evaluate_tick(dg.build_schedule_context(scheduled_execution_time=morning))
    print("the schedule asks for", tick.run_requests[0].run_key)

    asked = files.evaluate_tick(dg.build_sensor_context())
    print("the sensor asks for", asked.run_requests[0].run_key)
    again = files.evaluate_tick(dg.build_sensor_context(cursor=asked.cursor))
    print("and after that:", again.skip_message)
