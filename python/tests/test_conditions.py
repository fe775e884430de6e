"""Automation conditions, evaluated against a home."""

from __future__ import annotations

import datetime
from typing import Any

import pytest

import treadle as dg
from treadle._automation.evaluation import AssetDaemonCursor

AC = dg.AutomationCondition


def hours(n: float) -> datetime.datetime:
    return datetime.datetime(2026, 1, 5, tzinfo=datetime.timezone.utc) + datetime.timedelta(hours=n)


def test_an_eager_asset_follows_its_dependency() -> None:
    @dg.asset
    def up() -> None: ...

    @dg.asset(deps=[up], automation_condition=AC.eager())
    def down() -> None: ...

    instance = dg.DagsterInstance.ephemeral()
    result = dg.evaluate_automation_conditions([up, down], instance)
    assert result.total_requested == 0
    dg.materialize([up], instance=instance)
    result = dg.evaluate_automation_conditions([up, down], instance, cursor=result.cursor)
    assert result.total_requested == 1
    assert result.get_requested_partitions(dg.AssetKey("down")) == {None}
    assert result.get_requested_partitions(dg.AssetKey("up")) == set()
    cursor = AssetDaemonCursor.deserialize(result.cursor.serialize())
    result = dg.evaluate_automation_conditions([up, down], instance, cursor=cursor)
    assert result.total_requested == 0


def test_a_materialization_reported_from_elsewhere_counts() -> None:
    source = dg.AssetSpec("source")

    @dg.asset(deps=[source], automation_condition=AC.eager())
    def down() -> None: ...

    defs = dg.Definitions([source, down])
    instance = dg.DagsterInstance.ephemeral()
    result = dg.evaluate_automation_conditions(defs, instance)
    instance.report_runless_asset_event(dg.AssetMaterialization("source"))
    result = dg.evaluate_automation_conditions(defs, instance, cursor=result.cursor)
    assert result.total_requested == 1


def test_on_cron_waits_for_the_tick() -> None:
    @dg.asset(automation_condition=AC.on_cron("0 * * * *"))
    def hourly() -> None: ...

    instance = dg.DagsterInstance.ephemeral()
    result = dg.evaluate_automation_conditions([hourly], instance, evaluation_time=hours(0.5))
    assert result.total_requested == 0
    result = dg.evaluate_automation_conditions(
        [hourly], instance, evaluation_time=hours(0.9), cursor=result.cursor
    )
    assert result.total_requested == 0
    result = dg.evaluate_automation_conditions(
        [hourly], instance, evaluation_time=hours(1.1), cursor=result.cursor
    )
    assert result.total_requested == 1


def test_each_sub_condition_says_where_it_holds() -> None:
    @dg.asset(automation_condition=AC.missing() & ~AC.in_progress())
    def alone() -> None: ...

    result = dg.evaluate_automation_conditions([alone], dg.DagsterInstance.ephemeral())
    (root,) = result.results
    assert root.condition == AC.missing() & ~AC.in_progress()
    assert [c.true_subset.size for c in root.child_results] == [1, 1]
    assert "✓ missing" in result.explain("alone")


def test_a_condition_of_ones_own_keeps_a_cursor() -> None:
    class EveryOther(AC):
        def evaluate(self, context: dg.AutomationContext) -> dg.AutomationResult:
            times = int(context.cursor or 0)
            subset = context.candidate_subset if times % 2 else context.get_empty_subset()
            return dg.AutomationResult(context, subset, cursor=str(times + 1))

    @dg.asset(automation_condition=EveryOther())
    def sometimes() -> None: ...

    instance = dg.DagsterInstance.ephemeral()
    cursor, seen = None, []
    for _ in range(4):
        result = dg.evaluate_automation_conditions([sometimes], instance, cursor=cursor)
        cursor = result.cursor
        seen.append(result.total_requested)
    assert seen == [0, 1, 0, 1]


def test_an_error_in_ones_own_condition_names_the_asset() -> None:
    class Broken(AC):
        def evaluate(self, context: dg.AutomationContext) -> dg.AutomationResult:
            raise ValueError("nothing works")

    @dg.asset(automation_condition=Broken())
    def unlucky() -> None: ...

    with pytest.raises(dg.DagsterError, match=r"(?s)unlucky.*nothing works"):
        dg.evaluate_automation_conditions([unlucky], dg.DagsterInstance.ephemeral())


def test_conditions_are_values() -> None:
    assert AC.eager() == AC.eager()
    assert hash(AC.eager()) == hash(AC.eager())
    assert len(AC.eager().children) == 5
    assert AC.eager().get_label() == "eager"
    assert AC.eager().without(~AC.any_deps_missing()).children[2] == ~AC.any_deps_in_progress()
    with pytest.raises(dg.CheckError, match="not found in operands"):
        AC.eager().without(AC.missing())
    with pytest.raises(dg.CheckError, match="Invalid cron schedule"):
        AC.on_cron("61 * * * *")
    with pytest.raises(dg.CheckError, match="is no AutomationCondition"):
        dg.AssetSpec("x", automation_condition="eager")  # type: ignore[arg-type]


def test_what_is_selected_is_evaluated() -> None:
    @dg.asset(automation_condition=AC.missing())
    def one() -> None: ...

    @dg.asset(automation_condition=AC.missing())
    def two() -> None: ...

    result = dg.evaluate_automation_conditions(
        [one, two], dg.DagsterInstance.ephemeral(), asset_selection=dg.AssetSelection.keys("one")
    )
    assert [r.key for r in result.results] == [dg.AssetKey("one")]


def test_freshness_is_a_condition_too() -> None:
    policy = dg.FreshnessPolicy.time_window(datetime.timedelta(hours=1))

    @dg.asset(freshness_policy=policy, automation_condition=AC.freshness_failed())
    def old() -> None: ...

    instance = dg.DagsterInstance.ephemeral()
    dg.materialize([old], instance=instance)
    assert dg.evaluate_automation_conditions([old], instance).total_requested == 0
    later = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(hours=2)
    assert dg.evaluate_automation_conditions([old], instance, evaluation_time=later).total_requested == 1


def test_a_job_is_requested_when_its_roots_ask() -> None:
    @dg.asset
    def up() -> None: ...

    @dg.asset(deps=[up])
    def root() -> None: ...

    @dg.asset(deps=[root])
    def leaf() -> None: ...

    condition = AC.any_job_root_assets_match(AC.any_deps_updated())
    job = dg.define_asset_job("reports", selection="root+", automation_condition=condition)
    defs = dg.Definitions([up, root, leaf], jobs=[job])
    instance = dg.DagsterInstance.ephemeral()
    result = dg.evaluate_automation_conditions(defs, instance)
    dg.materialize([root], instance=instance)
    result = dg.evaluate_automation_conditions(defs, instance, cursor=result.cursor)
    assert result.total_requested == 0
    dg.materialize([up], instance=instance)
    result = dg.evaluate_automation_conditions(defs, instance, cursor=result.cursor)
    assert [key.to_user_string() for key in result.requested_subsets] == ["reports"]


def test_a_condition_of_assets_is_refused_on_a_job() -> None:
    with pytest.raises(dg.DagsterInvalidDefinitionError, match="wrap them with"):
        dg.define_asset_job("job", automation_condition=AC.eager())


def test_a_sensor_gives_a_condition_to_what_has_none() -> None:
    @dg.asset
    def up() -> None: ...

    @dg.asset(deps=[up])
    def down() -> None: ...

    @dg.asset(deps=[up], automation_condition=AC.on_missing())
    def other() -> None: ...

    sensor = dg.AutomationConditionSensorDefinition(
        "sensor", target="*", use_user_code_server=True, default_condition=AC.eager()
    )
    defs = dg.Definitions([up, down, other], sensors=[sensor])
    instance = dg.DagsterInstance.ephemeral()

    def tick(cursor: str | None) -> Any:
        context = dg.build_sensor_context(instance=instance, cursor=cursor, definitions=defs)
        return sensor.evaluate_tick(context)

    first = tick(None)
    dg.materialize([up], instance=instance)
    requests = tick(first.cursor).run_requests or []
    assert [r.asset_selection for r in requests] == [[dg.AssetKey("down")]]
