"""Schedules and sensors: declared, called and evaluated."""

from __future__ import annotations

import datetime
import inspect
import warnings
from typing import Any

import pytest

import treadle as dg
from treadle._errors import ScheduleExecutionError

UTC = datetime.timezone.utc


@dg.asset
def table() -> int:
    return 1


nightly = dg.define_asset_job("nightly", [table])


def at(hour: int) -> datetime.datetime:
    return datetime.datetime(2026, 3, 29, hour, tzinfo=UTC)


def test_a_schedule_requests_a_run_of_its_job() -> None:
    daily = dg.ScheduleDefinition(job=nightly, cron_schedule="0 3 * * *", tags={"team": "x"})
    assert (daily.name, daily.job_name) == ("nightly_schedule", "nightly")
    data = daily.evaluate_tick(dg.build_schedule_context(scheduled_execution_time=at(3)))
    (request,) = data.run_requests
    assert request.tags == {"team": "x", "dagster/schedule_name": "nightly_schedule"}


def test_a_decorated_schedule_is_called_with_its_tick() -> None:
    @dg.schedule(cron_schedule="0 3 * * *", job=nightly)
    def daily(context: dg.ScheduleEvaluationContext) -> dg.RunRequest:
        day = context.scheduled_execution_time.strftime("%Y-%m-%d")
        return dg.RunRequest(run_key=day, tags={"day": day})

    context = dg.build_schedule_context(scheduled_execution_time=at(3))
    assert daily(context) == dg.RunRequest(run_key="2026-03-29", tags={"day": "2026-03-29"})
    assert daily.evaluate_tick(context).run_requests[0].run_key == "2026-03-29"
    with pytest.raises(dg.DagsterInvalidInvocationError, match="expected context argument"):
        daily()


def test_a_schedule_may_skip_return_config_or_nothing() -> None:
    results: list[Any] = [dg.SkipReason("holiday"), {"ops": {}}, None]

    @dg.schedule(cron_schedule="@daily", job=nightly)
    def moody() -> Any:
        return results.pop(0)

    context = dg.build_schedule_context()
    assert moody.evaluate_tick(context).skip_message == "holiday"
    assert moody.evaluate_tick(context).run_requests[0].run_config == {"ops": {}}
    assert moody.evaluate_tick(context).skip_message == "Schedule function returned an empty result"


def test_several_requests_need_run_keys() -> None:
    @dg.schedule(cron_schedule="@daily", job=nightly)
    def many() -> Any:
        yield dg.RunRequest()
        yield dg.RunRequest()

    with pytest.raises(dg.CheckError, match="must specify a run_key"):
        many.evaluate_tick(dg.build_schedule_context())


def test_what_a_schedule_cannot_be() -> None:
    with pytest.raises(dg.DagsterInvalidDefinitionError, match="invalid cron schedule"):
        dg.ScheduleDefinition("x", cron_schedule="61 * * * *", job=nightly)
    with pytest.raises(dg.DagsterInvalidDefinitionError, match="time zone"):
        dg.ScheduleDefinition("x", cron_schedule="@daily", job=nightly, execution_timezone="Mars/Base")
    with pytest.raises(dg.DagsterInvalidDefinitionError, match="only one of the two"):
        dg.ScheduleDefinition("x", cron_schedule="@daily", job=nightly, tags={"a": "b"}, tags_fn=lambda _: {})


class Calendar(dg.ConfigurableResource):
    holiday: bool = False


def test_should_execute_and_resources() -> None:
    @dg.schedule(cron_schedule="@daily", job=nightly, should_execute=lambda _: False)
    def never() -> dg.RunRequest:
        return dg.RunRequest()

    assert "returned false" in str(never.evaluate_tick(dg.build_schedule_context()).skip_message)

    @dg.schedule(cron_schedule="@daily", job=nightly)
    def workday(context: dg.ScheduleEvaluationContext, calendar: Calendar) -> Any:
        return dg.SkipReason("holiday") if calendar.holiday else dg.RunRequest()

    assert workday.required_resource_keys == {"calendar"}
    context = dg.build_schedule_context(resources={"calendar": Calendar(holiday=True)})
    assert workday(context) == dg.SkipReason("holiday")
    assert workday(dg.build_schedule_context(), calendar=Calendar()) == dg.RunRequest()


def test_a_sensor_keeps_a_cursor() -> None:
    @dg.sensor(job=nightly)
    def files(context: dg.SensorEvaluationContext) -> dg.SensorResult:
        n = int(context.cursor or 0)
        return dg.SensorResult([dg.RunRequest(run_key=str(n))], cursor=str(n + 1))

    data = files.evaluate_tick(dg.build_sensor_context(cursor="4"))
    assert (data.run_requests[0].run_key, data.cursor) == ("4", "5")
    assert data.run_requests[0].tags == {"dagster/sensor_name": "files"}
    assert files(dg.build_sensor_context()).cursor == "1"


def test_sensors_yield_requests_or_one_reason() -> None:
    @dg.sensor(job=nightly)
    def mixed() -> Any:
        yield dg.RunRequest(run_key="a")
        yield dg.SkipReason("no")

    with pytest.raises(dg.CheckError, match="received both"):
        mixed.evaluate_tick(dg.build_sensor_context())

    @dg.asset(partitions_def=dg.DynamicPartitionsDefinition(name="files"))
    def file() -> None: ...

    @dg.sensor(job=dg.define_asset_job("new_file", [file]))
    def adds(context: dg.SensorEvaluationContext) -> dg.SensorResult:
        new = dg.AddDynamicPartitionsRequest("files", ["a"])
        return dg.SensorResult(
            [dg.RunRequest(run_key="a", partition_key="a")], dynamic_partitions_requests=[new]
        )

    with pytest.raises(dg.DagsterInvariantViolationError, match="Must provide repository def"):
        adds.evaluate_tick(dg.build_sensor_context())
    definitions = dg.Definitions([file], sensors=[adds])
    data = adds.evaluate_tick(dg.build_sensor_context(definitions=definitions))
    assert data.dynamic_partitions_requests == [dg.AddDynamicPartitionsRequest("files", ["a"])]
    assert data.run_requests[0].tags["dagster/partition"] == "a"

    @dg.sensor(jobs=[nightly, dg.define_asset_job("other", [table])])
    def vague() -> dg.RunRequest:
        return dg.RunRequest()

    with pytest.raises(dg.DagsterInvariantViolationError, match="did not specify job_name"):
        vague.evaluate_tick(dg.build_sensor_context())


def test_an_asset_sensor_sees_each_materialization_once() -> None:
    @dg.asset_sensor(asset_key=dg.AssetKey("table"), job=nightly)
    def on_table(context: dg.SensorEvaluationContext, asset_event: dg.EventLogEntry) -> dg.RunRequest:
        assert asset_event.asset_materialization is not None
        return dg.RunRequest(run_key=context.cursor)

    instance = dg.DagsterInstance.ephemeral()
    assert "No new" in str(on_table.evaluate_tick(dg.build_sensor_context(instance)).skip_message)
    dg.materialize([table], instance=instance)
    data = on_table.evaluate_tick(dg.build_sensor_context(instance))
    assert len(data.run_requests) == 1
    again = on_table.evaluate_tick(dg.build_sensor_context(instance, cursor=data.cursor))
    assert again.run_requests == []


def test_a_multi_asset_sensor_says_what_it_has_consumed() -> None:
    @dg.asset
    def second() -> None: ...

    @dg.multi_asset_sensor(monitored_assets=[table.key, second.key], job=nightly)
    def both(context: dg.MultiAssetSensorEvaluationContext) -> Any:
        if all(context.latest_materialization_records_by_key().values()):
            context.advance_all_cursors()
            return dg.RunRequest()
        return None

    instance = dg.DagsterInstance.ephemeral()
    keys = [table.key, second.key]
    dg.materialize([table], instance=instance)
    data = both.evaluate_tick(dg.build_multi_asset_sensor_context(monitored_assets=keys, instance=instance))
    assert data.run_requests == []
    dg.materialize([second], instance=instance)
    data = both.evaluate_tick(dg.build_multi_asset_sensor_context(monitored_assets=keys, instance=instance))
    assert len(data.run_requests) == 1
    again = dg.build_multi_asset_sensor_context(monitored_assets=keys, instance=instance, cursor=data.cursor)
    assert both.evaluate_tick(again).run_requests == []


def test_a_failed_run_is_seen_once() -> None:
    @dg.asset
    def broken() -> None:
        raise ValueError("no")

    seen: list[str] = []

    @dg.run_failure_sensor
    def alarm(context: dg.RunFailureSensorContext) -> None:
        seen.append(context.dagster_run.run_id)
        assert context.get_step_failure_events()[0].step_key == "broken"
        failure = context.failure_event.event_specific_data
        assert failure.first_step_failure_event.step_key == "broken"
        assert failure.error.cause.cls_name == "ValueError"

    instance = dg.DagsterInstance.ephemeral()
    first = alarm.evaluate_tick(dg.build_sensor_context(instance))
    result = dg.materialize([broken], instance=instance, raise_on_error=False)
    data = alarm.evaluate_tick(dg.build_sensor_context(instance, cursor=first.cursor))
    assert seen == [result.run_id]
    alarm.evaluate_tick(dg.build_sensor_context(instance, cursor=data.cursor))
    assert seen == [result.run_id]
    run = instance.get_run_by_id(result.run_id)
    assert run is not None
    alarm(dg.build_run_status_sensor_context("alarm", result.all_events[-1], instance, run))
    assert len(seen) == 2


def test_freshness_and_metadata_checks() -> None:
    rows = {"n": 5}

    @dg.asset
    def counted() -> dg.MaterializeResult[None]:
        return dg.MaterializeResult(metadata={"rows": rows["n"]})

    checks = [
        *dg.build_last_update_freshness_checks(
            assets=[counted], lower_bound_delta=datetime.timedelta(hours=1)
        ),
        *dg.build_metadata_bounds_checks(assets=[counted], metadata_key="rows", min_value=1, max_value=9),
        *dg.build_column_schema_change_checks(assets=[counted]),
    ]
    instance = dg.DagsterInstance.ephemeral()
    dg.materialize([counted], instance=instance)
    selected = dg.AssetSelection.all_asset_checks()
    result = dg.materialize([counted, *checks], instance=instance, selection=selected)
    passed = {e.check_name: e.passed for e in result.get_asset_check_evaluations()}
    assert passed == {"freshness_check": True, "rows_bounds_check": True, "column_schema_change": True}
    rows["n"] = 10
    dg.materialize([counted], instance=instance)
    result = dg.materialize([counted, *checks], instance=instance, selection=selected)
    passed = {e.check_name: e.passed for e in result.get_asset_check_evaluations()}
    assert passed == {"freshness_check": True, "rows_bounds_check": False, "column_schema_change": False}
    sensor = dg.build_sensor_for_freshness_checks(freshness_checks=[checks[0]])
    assert sensor.evaluate_tick(dg.build_sensor_context(instance)).run_requests == []
    assert sensor.evaluate_tick(dg.build_sensor_context(dg.DagsterInstance.ephemeral())).run_requests


def test_policies_of_freshness() -> None:
    hour = datetime.timedelta(hours=1)
    policy = dg.FreshnessPolicy.time_window(hour)
    spec = dg.apply_freshness_policy(dg.AssetSpec("x"), policy)
    assert spec.freshness_policy == policy
    other = dg.FreshnessPolicy.cron("0 9 * * *", hour)
    assert dg.apply_freshness_policy(spec, other, overwrite_existing=False).freshness_policy == policy
    with pytest.raises(dg.CheckError, match="less than"):
        dg.FreshnessPolicy.time_window(hour, hour)
    with pytest.raises(dg.CheckError, match="smallest cron interval"):
        dg.FreshnessPolicy.cron("0 * * * *", 2 * hour)


def test_conditions_are_evaluated_by_their_sensor() -> None:
    @dg.asset(automation_condition=dg.AutomationCondition.missing())
    def due() -> None: ...

    sensor = dg.AutomationConditionSensorDefinition("conditions", target=dg.AssetSelection.all())
    defs = dg.Definitions([due], sensors=[sensor])
    instance = dg.DagsterInstance.ephemeral()
    data = sensor.evaluate_tick(dg.build_sensor_context(instance, definitions=defs))
    (request,) = data.run_requests
    assert request.asset_selection == [dg.AssetKey("due")]
    assert request.tags["dagster/sensor_name"] == "conditions"
    assert data.cursor


def test_requests_for_partitions_get_the_config_of_their_job() -> None:
    @dg.static_partitioned_config(["a", "b"], tags_for_partition_key_fn=lambda key: {"of": key})
    def config(partition_key: str) -> dict[str, Any]:
        return {"ops": {"work": {"config": {"key": partition_key}}}}

    @dg.op(config_schema={"key": str})
    def work() -> None: ...

    @dg.job(config=config)
    def partitioned() -> None:
        work()

    @dg.sensor(job=partitioned)
    def good() -> dg.RunRequest:
        return dg.RunRequest(partition_key="a")

    @dg.sensor(job_name="partitioned")
    def bad() -> dg.RunRequest:
        return dg.RunRequest(partition_key="c")

    definitions = dg.Definitions(jobs=[partitioned], sensors=[good, bad])
    (request,) = good.evaluate_tick(dg.build_sensor_context(definitions=definitions)).run_requests
    assert request.run_config == {"ops": {"work": {"config": {"key": "a"}}}}
    assert (request.tags["of"], request.tags["dagster/partition"]) == ("a", "a")
    with pytest.raises(dg.DagsterUnknownPartitionError, match="Could not find a partition"):
        bad.evaluate_tick(dg.build_sensor_context(definitions=definitions))


def test_a_sensor_of_assets_asks_for_its_selection() -> None:
    @dg.sensor(asset_selection=[table])
    def asks() -> dg.RunRequest:
        return dg.RunRequest()

    definitions = dg.Definitions([table], sensors=[asks])
    (request,) = asks.evaluate_tick(dg.build_sensor_context(definitions=definitions)).run_requests
    assert request.asset_selection == [table.key]


def test_a_schedule_of_a_job_whose_assets_have_the_partitions() -> None:
    @dg.asset(partitions_def=dg.DailyPartitionsDefinition("2026-01-01"))
    def daily() -> None: ...

    schedule = dg.build_schedule_from_partitioned_job(dg.define_asset_job("all_days", [daily]), hour_of_day=3)
    resolved = dg.Definitions([daily], schedules=[schedule]).get_schedule_def("all_days_schedule")
    assert resolved.cron_schedule == "0 3 * * *"
    at = datetime.datetime(2026, 1, 5, 3, tzinfo=datetime.timezone.utc)
    data = resolved.evaluate_tick(dg.build_schedule_context(scheduled_execution_time=at))
    assert [r.partition_key for r in data.run_requests] == ["2026-01-04"]


def test_a_schedule_of_partitions_can_be_called() -> None:
    @dg.op
    def load(context: dg.OpExecutionContext) -> str:
        return context.partition_key

    def asked_by(partitions: dg.PartitionsDefinition, cron: str | None = None) -> Any:
        @dg.job(partitions_def=partitions)
        def nightly() -> None:
            load()

        at = datetime.datetime(2026, 1, 5, tzinfo=datetime.timezone.utc)
        context = dg.build_schedule_context(scheduled_execution_time=at)
        return dg.build_schedule_from_partitioned_job(nightly, cron_schedule=cron)(context)

    assert asked_by(dg.DailyPartitionsDefinition("2026-01-01")).partition_key == "2026-01-04"
    several = asked_by(dg.StaticPartitionsDefinition(["a", "b"]), "@daily")
    assert [r.partition_key for r in several] == ["a", "b"]


def test_a_schedule_of_partitions_skips_windows_that_are_left_out() -> None:
    days = dg.DailyPartitionsDefinition("2026-01-01", exclusions=["0 0 * * sun"])

    @dg.asset(partitions_def=days)
    def daily() -> None: ...

    job = dg.define_asset_job("weekdays", [daily], partitions_def=days)
    schedule = dg.build_schedule_from_partitioned_job(job)

    def asked(day: int) -> list[Any]:
        at = datetime.datetime(2026, 1, day, tzinfo=datetime.timezone.utc)
        context = dg.build_schedule_context(scheduled_execution_time=at)
        return [r.partition_key for r in schedule.evaluate_tick(context).run_requests]

    assert (asked(4), asked(5), asked(6)) == (["2026-01-03"], [], ["2026-01-05"])


class Inbox(dg.ConfigurableResource):
    folder: str


def test_a_resource_that_is_not_given_is_named() -> None:
    @dg.sensor(job=nightly)
    def files(inbox: Inbox) -> dg.RunRequest:
        return dg.RunRequest(run_key=inbox.folder)

    with pytest.raises(dg.DagsterInvalidDefinitionError, match="'inbox' required by sensor 'files'"):
        files()
    assert files(dg.build_sensor_context(resources={"inbox": Inbox(folder="f")})).run_key == "f"


def test_a_sensor_may_return_after_it_has_yielded() -> None:
    @dg.sensor(job=nightly)
    def quiet() -> Any:
        if datetime.datetime.now().year < 2000:
            yield dg.RunRequest()
        return dg.SkipReason("nothing new")

    data = quiet.evaluate_tick(dg.build_sensor_context())
    assert (data.run_requests, data.skip_message) == ([], "nothing new")


def test_a_sensor_again_with_other_attributes() -> None:
    @dg.sensor(job=nightly, metadata={"a": 1})
    def one() -> None: ...

    other = one.with_attributes(metadata={"b": 2})
    assert set(other.metadata) == {"b"}
    assert set(one.metadata) == {"a"}


class Mailbox(dg.ConfigurableResource):
    address: str


def test_the_context_stands_wherever_the_resources_leave_it() -> None:
    @dg.sensor(job=nightly)
    def post(mailbox: Mailbox, tick: Any) -> dg.RunRequest:
        tick.update_cursor("seen")
        return dg.RunRequest(tags={"to": mailbox.address})

    context = dg.build_sensor_context()
    assert post(context, mailbox=Mailbox(address="a")).tags == {"to": "a"}
    assert context.cursor == "seen"
    assert post(context, mailbox=Mailbox(address="b")).tags == {"to": "b"}
    with pytest.raises(dg.DagsterInvalidInvocationError, match="only as keyword arguments"):
        post(Mailbox(address="a"))
    with pytest.raises(dg.DagsterInvalidInvocationError, match="expected argument 'tick'"):
        post(mailbox=Mailbox(address="a"))
    with pytest.raises(dg.DagsterInvalidDefinitionError, match="'mailbox' required by sensor 'post'"):
        post(dg.build_sensor_context())
    given = dg.build_sensor_context(
        definitions=dg.Definitions(resources={"mailbox": Mailbox(address="of definitions")})
    )
    assert post(given).tags == {"to": "of definitions"}


def test_resources_that_end_need_a_context_that_ends() -> None:
    closed: list[str] = []

    @dg.resource
    def connection() -> Any:
        yield "open"
        closed.append("closed")

    @dg.schedule(cron_schedule="@daily", job=nightly)
    def daily(connection: dg.ResourceParam[str]) -> dg.RunRequest:
        return dg.RunRequest(tags={"connection": connection})

    with pytest.raises(dg.DagsterInvariantViolationError, match=r"with build_schedule_context\(...\)"):
        daily(dg.build_schedule_context(resources={"connection": connection}))
    closed.clear()
    with dg.build_schedule_context(resources={"connection": connection}) as context:
        assert daily(context).tags == {"connection": "open"}
        assert closed == []
    assert closed == ["closed"]


def test_what_functions_of_a_schedule_raise_says_where() -> None:
    @dg.schedule(cron_schedule="@daily", job=nightly)
    def broken(context: dg.ScheduleEvaluationContext) -> Any:
        raise ValueError("no")

    with pytest.raises(ScheduleExecutionError, match="evaluation of schedule broken") as raised:
        broken.evaluate_tick(dg.build_schedule_context())
    assert isinstance(raised.value.user_exception, ValueError)
    with pytest.raises(ValueError, match="no"):
        broken(dg.build_schedule_context())
    worse = dg.ScheduleDefinition(
        "worse", cron_schedule="@daily", job=nightly, should_execute=lambda _: 1 // 0 == 1
    )
    with pytest.raises(ScheduleExecutionError, match="should_execute for schedule worse"):
        worse.evaluate_tick(dg.build_schedule_context())
    with pytest.raises(dg.DagsterInvalidInvocationError, match="schedule decorators"):
        worse(dg.build_schedule_context())


def test_the_tags_of_a_schedule_are_those_of_runs_it_says_nothing_about() -> None:
    @dg.schedule(cron_schedule="@daily", job=nightly, tags={"team": {"of": "two"}})  # type: ignore[dict-item]
    def of_config() -> dict[str, Any]:
        return {"ops": {}}

    @dg.schedule(cron_schedule="@daily", job=nightly, tags={"team": "one"})
    def request() -> dg.RunRequest:
        return dg.RunRequest(tags={"own": "yes"})

    told, _ = of_config.evaluate_tick(dg.build_schedule_context())
    assert told[0].tags == {"team": '{"of": "two"}', "dagster/schedule_name": "of_config"}
    assert of_config() == {"ops": {}}
    told, _ = request.evaluate_tick(dg.build_schedule_context())
    assert told[0].tags == {"own": "yes", "dagster/schedule_name": "request"}
    with pytest.raises(dg.DagsterInvalidDefinitionError, match="reserved system prefix"):
        dg.ScheduleDefinition("x", cron_schedule="@daily", job=nightly, tags={"dagster/mine": "1"})


def test_a_sensor_with_a_selection_asks_for_its_assets_and_their_checks() -> None:
    @dg.asset
    def inside() -> None: ...

    @dg.asset
    def outside() -> None: ...

    @dg.asset_check(asset=inside)
    def fine() -> dg.AssetCheckResult:
        return dg.AssetCheckResult(passed=True)

    asked: list[Any] = []

    @dg.sensor(asset_selection=[inside])
    def some(context: dg.SensorEvaluationContext) -> dg.RunRequest:
        return dg.RunRequest(asset_selection=asked[-1])

    definitions = dg.Definitions(assets=[inside, outside], asset_checks=[fine], sensors=[some])

    def tick() -> Any:
        return some.evaluate_tick(dg.build_sensor_context(definitions=definitions)).run_requests[0]

    asked.append(None)
    assert tick().asset_selection == [inside.key]
    assert tick().asset_check_keys == [fine.check_key]
    asked.append([])
    assert (tick().asset_selection, tick().asset_check_keys) == ([], [])
    asked.append([outside.key])
    with pytest.raises(dg.DagsterInvalidSubsetError, match="outside"):
        tick()


def test_a_sensor_asks_once_for_each_dynamic_partition() -> None:
    images = dg.DynamicPartitionsDefinition(name="images")
    requests: list[Any] = []

    @dg.sensor(job=nightly)
    def adds(context: dg.SensorEvaluationContext) -> dg.SensorResult:
        return dg.SensorResult(dynamic_partitions_requests=requests)

    requests[:] = [images.build_add_request(["a"]), images.build_add_request(["a", "b"])]
    with pytest.raises(dg.DagsterInvariantViolationError, match="duplicate"):
        adds.evaluate_tick(dg.build_sensor_context())
    requests[:] = [images.build_add_request(["a"]), images.build_delete_request(["a"])]
    with pytest.raises(dg.DagsterInvariantViolationError, match="both add and delete"):
        adds.evaluate_tick(dg.build_sensor_context())
    requests[:] = [images.build_add_request(["a"]), images.build_delete_request(["b"])]
    assert len(adds.evaluate_tick(dg.build_sensor_context()).dynamic_partitions_requests) == 2


def test_a_request_for_a_partition_is_filled_in_by_its_job() -> None:
    images = dg.DynamicPartitionsDefinition(name="images")

    @dg.job(partitions_def=images)
    def over_images() -> None: ...

    instance = dg.DagsterInstance.ephemeral()
    request = dg.RunRequest(partition_key="a", tags={"own": "yes"})
    with pytest.raises(dg.DagsterUnknownPartitionError, match="`a`"):
        request.with_resolved_tags_and_config(over_images, [], instance)
    resolved = request.with_resolved_tags_and_config(over_images, [images.build_add_request(["a"])], instance)
    assert resolved.tags["dagster/partition"] == "a"
    assert resolved.tags["own"] == "yes"
    assert resolved.has_resolved_partition()
    with pytest.raises(dg.CheckError, match="without partition key"):
        dg.RunRequest().with_resolved_tags_and_config(over_images, [], instance)
    with pytest.raises(dg.CheckError, match="has no partitions"):
        request.with_resolved_tags_and_config(nothing_at_all.to_job(), [], instance)


@dg.graph
def nothing_at_all() -> None: ...


def test_what_fails_for_one_run_does_not_hide_the_others() -> None:
    @dg.asset
    def fine() -> None: ...

    seen: list[str] = []

    @dg.run_status_sensor(dg.DagsterRunStatus.SUCCESS)
    def watch(context: dg.RunStatusSensorContext) -> None:
        seen.append(context.dagster_run.run_id)
        if len(seen) == 1:
            raise ValueError("of the first only")

    instance = dg.DagsterInstance.ephemeral()
    cursor = watch.evaluate_tick(dg.build_sensor_context(instance)).cursor
    runs = [dg.materialize([fine], instance=instance).run_id for _ in range(2)]
    data = watch.evaluate_tick(dg.build_sensor_context(instance, cursor=cursor))
    assert seen == runs
    first, second = data.dagster_run_reactions
    assert (first.dagster_run.run_id, second.error) == (runs[0], None)
    assert "of the first only" in first.error.message
    with pytest.raises(dg.DagsterInvalidDefinitionError, match="monitor_all_code_locations"):
        dg.run_failure_sensor(monitored_jobs=[nightly], monitor_all_code_locations=True)(lambda c: None)


@pytest.mark.parametrize(
    ("decorator", "definition", "function", "others"),
    [
        (dg.sensor, dg.SensorDefinition, "evaluation_fn", set()),
        (dg.schedule, dg.ScheduleDefinition, "execution_fn", {"run_config", "run_config_fn"}),
        (dg.asset_sensor, dg.AssetSensorDefinition, "asset_materialization_fn", set()),
        (dg.multi_asset_sensor, dg.MultiAssetSensorDefinition, "asset_materialization_fn", set()),
        (
            dg.run_status_sensor,
            dg.RunStatusSensorDefinition,
            "run_status_sensor_fn",
            {"required_resource_keys", "job_selection", "monitor_all_repositories"},
        ),
    ],
)
def test_decorators_take_what_their_definitions_take(
    decorator: Any, definition: Any, function: str, others: set[str]
) -> None:
    taken = set(inspect.signature(decorator).parameters)
    assert taken ^ set(inspect.signature(definition).parameters) == {function, *others}


def test_a_resource_that_makes_something_else_is_no_annotation() -> None:
    class Greeting(dg.ConfigurableResourceFactory[str]):
        def create_resource(self, context: dg.InitResourceContext) -> str:
            return "hello"

    with pytest.raises(dg.DagsterInvalidDefinitionError, match="Resource param 'greeting' is annotated as"):

        @dg.sensor(job_name="any")
        def greet(context: dg.SensorEvaluationContext, greeting: Greeting) -> None: ...


def test_what_a_schedule_or_sensor_runs_can_be_asked() -> None:
    @dg.asset
    def orders() -> None: ...

    nightly = dg.define_asset_job("nightly", [orders])
    by_assets = dg.ScheduleDefinition(name="by_assets", cron_schedule="@daily", target=[orders])
    by_job = dg.ScheduleDefinition(cron_schedule="@daily", job=nightly)
    by_name = dg.ScheduleDefinition(name="by_name", cron_schedule="@daily", job_name="nightly")
    assert by_assets.target.assets_defs == [orders]
    assert by_job.target.job_def is nightly
    assert by_job.target.assets_defs == []
    assert by_name.target.job_name == "nightly"
    assert not by_name.target.has_job_def
    with pytest.raises(dg.CheckError, match="nightly"):
        _ = by_name.target.job_def

    @dg.sensor(target=orders)
    def files() -> None: ...

    @dg.sensor(jobs=[nightly, dg.define_asset_job("other", "*")])
    def two() -> None: ...

    assert [t.assets_defs for t in files.targets] == [[orders]]
    assert [t.job_name for t in two.targets] == ["nightly", "other"]


@pytest.mark.parametrize("cron", ["*/90 * * * *", "0 */24 * * *", ["@daily", "5/60 * * * *"]])
def test_an_interval_longer_than_its_field_is_warned_of(cron: str | list[str]) -> None:
    with pytest.warns(UserWarning, match="greater than the expected range for schedule 's'"):
        dg.ScheduleDefinition(name="s", cron_schedule=cron, target="*")


def test_an_interval_within_its_field_is_not_warned_of() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        dg.ScheduleDefinition(name="s", cron_schedule="*/45 */23 * * *", target="*")
