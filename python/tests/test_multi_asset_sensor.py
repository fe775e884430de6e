"""What a multi-asset sensor has consumed of each asset, and what trails behind."""

from __future__ import annotations

from typing import Any

import pytest

import treadle as dg

DAYS = dg.DailyPartitionsDefinition("2026-01-01", end_date="2026-02-01")


@dg.asset(partitions_def=DAYS)
def source() -> None: ...


@dg.asset(partitions_def=DAYS)
def twin() -> None: ...


@dg.asset(partitions_def=dg.WeeklyPartitionsDefinition("2026-01-04", end_date="2026-02-01"), deps=[source])
def weekly() -> None: ...


@dg.job
def nothing() -> None: ...


DEFINITIONS = dg.Definitions(assets=[source, twin, weekly])


def context_of(instance: dg.DagsterInstance, cursor: str | None = None, **rest: Any) -> Any:
    return dg.build_multi_asset_sensor_context(
        monitored_assets=[source.key], definitions=DEFINITIONS, instance=instance, cursor=cursor, **rest
    )


def make(instance: dg.DagsterInstance, *days: int) -> None:
    for day in days:
        dg.materialize([source], partition_key=f"2026-01-{day:02}", instance=instance)


def consuming(*days: int) -> dg.MultiAssetSensorDefinition:
    """A sensor that consumes these days, and asks for a run."""

    @dg.multi_asset_sensor(monitored_assets=[source.key], job=nothing)
    def consumes(context: dg.MultiAssetSensorEvaluationContext) -> Any:
        for key, record in context.latest_materialization_records_by_partition(source.key).items():
            if int(key[-2:]) in days:
                context.advance_cursor({source.key: record})
        return dg.RunRequest()

    return consumes


def fresh(context: dg.MultiAssetSensorEvaluationContext) -> list[str]:
    return list(context.latest_materialization_records_by_partition(source.key))


def test_what_came_before_and_was_not_consumed_stays() -> None:
    instance = dg.DagsterInstance.ephemeral()
    make(instance, 1, 2, 3)
    cursor = consuming(2).evaluate_tick(context_of(instance)).cursor
    after = context_of(instance, cursor)
    assert after.get_cursor_partition(source.key) == "2026-01-02"
    assert fresh(after) == ["2026-01-01", "2026-01-03"]
    assert [r.partition_key for r in after.get_trailing_unconsumed_events(source.key)] == ["2026-01-01"]
    # A new event of the same partition takes the place of the one that trails.
    make(instance, 1)
    assert fresh(context_of(instance, cursor)) == ["2026-01-03", "2026-01-01"]
    cursor = consuming(1, 3).evaluate_tick(context_of(instance, cursor)).cursor
    assert fresh(context_of(instance, cursor)) == []


def test_what_trails_is_consumed_without_moving_the_cursor() -> None:
    instance = dg.DagsterInstance.ephemeral()
    make(instance, 1, 2, 3)
    cursor = consuming(3).evaluate_tick(context_of(instance)).cursor
    context = context_of(instance, cursor)
    consuming(1, 2)(context)
    assert context.get_cursor_partition(source.key) == "2026-01-03"
    assert context.get_trailing_unconsumed_events(source.key) == []


def test_the_cursor_is_written_when_the_function_has_returned() -> None:
    instance = dg.DagsterInstance.ephemeral()
    make(instance, 5)
    seen = []

    @dg.multi_asset_sensor(monitored_assets=[source.key], job=nothing)
    def watch(context: dg.MultiAssetSensorEvaluationContext) -> Any:
        context.advance_all_cursors()
        seen.append(context.cursor)
        yield dg.RunRequest()

    context = context_of(instance)
    assert len(list(watch(context))) == 1
    assert seen == [None]
    place = instance.fetch_materializations(source.key, 1).records[0].storage_id
    assert context.cursor == f'{{"AssetKey([\'source\'])": ["2026-01-05", {place}, {{}}]}}'
    assert context.latest_materialization_records_by_key() == {source.key: None}


def test_all_is_consumed_at_once() -> None:
    instance = dg.DagsterInstance.ephemeral()
    make(instance, 1, 2)
    cursor = consuming(2).evaluate_tick(context_of(instance)).cursor

    @dg.multi_asset_sensor(monitored_assets=[source.key])
    def all_of_it(context: dg.MultiAssetSensorEvaluationContext) -> None:
        context.advance_all_cursors()

    cursor = all_of_it.evaluate_tick(context_of(instance, cursor)).cursor
    assert fresh(context_of(instance, cursor)) == []
    assert fresh(context_of(instance, cursor_from_latest_materializations=True)) == []


def test_too_much_that_trails_is_refused() -> None:
    instance = dg.DagsterInstance.ephemeral()
    make(instance, *range(1, 27))
    with pytest.raises(dg.DagsterInvariantViolationError, match="maximum number of trailing unconsumed"):
        consuming(26)(context_of(instance))
    consuming(25)(context_of(instance))


def test_runs_asked_for_without_saying_what_is_consumed() -> None:
    instance = dg.DagsterInstance.ephemeral()
    make(instance, 1)

    @dg.multi_asset_sensor(monitored_assets=[source.key], job=nothing)
    def forgets(context: dg.MultiAssetSensorEvaluationContext) -> Any:
        return dg.RunRequest()

    @dg.multi_asset_sensor(monitored_assets=[source.key], job=nothing)
    def own_cursor(context: dg.MultiAssetSensorEvaluationContext) -> Any:
        return dg.SensorResult(cursor="mine")

    with pytest.raises(dg.DagsterInvalidDefinitionError, match="cursor was not updated"):
        forgets.evaluate_tick(context_of(instance))
    with pytest.raises(dg.DagsterInvariantViolationError, match="Cannot set cursor"):
        own_cursor.evaluate_tick(context_of(instance))


def test_questions_about_partitions() -> None:
    instance = dg.DagsterInstance.ephemeral()
    make(instance, 5, 10)
    context = context_of(instance)
    assert context.all_partitions_materialized(source.key, ["2026-01-05", "2026-01-10"])
    assert not context.all_partitions_materialized(source.key)
    with pytest.raises(dg.DagsterInvalidInvocationError, match="at least one"):
        context.all_partitions_materialized(source.key, [])
    assert context.get_downstream_partition_keys("2026-01-12", source.key, weekly.key) == ["2026-01-11"]
    with pytest.raises(dg.DagsterInvalidInvocationError, match="not monitored"):
        context.latest_materialization_records_by_partition(twin.key)
    with pytest.raises(dg.DagsterInvalidInvocationError, match="does not have an AssetDefinition"):
        context.get_downstream_partition_keys("2026-01-12", source.key, dg.AssetKey("nobody"))
    assert context.assets_defs_by_key[source.key] is source
    cursor = consuming(5).evaluate_tick(context).cursor
    after = context_of(instance, cursor)
    later = after.latest_materialization_records_by_partition(source.key, after_cursor_partition=True)
    assert list(later) == ["2026-01-10"]


def test_assets_with_the_same_partitions_are_seen_together() -> None:
    instance = dg.DagsterInstance.ephemeral()
    dg.materialize([source, twin], partition_key="2026-01-03", instance=instance)
    make(instance, 4)

    def both(*keys: dg.AssetKey) -> Any:
        context = dg.build_multi_asset_sensor_context(
            monitored_assets=list(keys), definitions=DEFINITIONS, instance=instance
        )
        return context.latest_materialization_records_by_partition_and_asset()

    found = both(source.key, twin.key)
    assert {k: set(v) for k, v in found.items()} == {
        "2026-01-03": {source.key, twin.key},
        "2026-01-04": {source.key},
    }
    with pytest.raises(dg.DagsterInvalidInvocationError, match="same partitions definition"):
        both(source.key, weekly.key)


def test_what_a_multi_asset_sensor_cannot_be() -> None:
    with pytest.raises(dg.CheckError, match="Sequence of AssetKeys"):
        dg.multi_asset_sensor(monitored_assets="source")  # type: ignore[arg-type]
    with pytest.raises(dg.DagsterInvalidInvocationError, match="both cursor and"):
        dg.build_multi_asset_sensor_context(
            monitored_assets=[source.key], cursor="{}", cursor_from_latest_materializations=True
        )
    selection = dg.AssetSelection.assets(source).downstream()
    context = dg.build_multi_asset_sensor_context(monitored_assets=selection, definitions=DEFINITIONS)
    assert set(context.asset_keys) == {source.key, weekly.key}
