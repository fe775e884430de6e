"""Running assets: values, results, events."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

import treadle as dg


def step_events(result: dg.ExecuteInProcessResult, step: str) -> list[str]:
    return [e.event_type_value for e in result.all_events if e.step_key == step]


def test_values_go_from_asset_to_asset() -> None:
    @dg.asset
    def numbers() -> list[int]:
        return [1, 2, 3]

    @dg.asset
    def total(numbers: list[int]) -> int:
        return sum(numbers)

    result = dg.materialize([numbers, total])
    assert result.success
    assert result.output_for_node("total") == 6
    assert result.asset_value("numbers") == [1, 2, 3]
    assert [e.asset_key for e in result.get_asset_materialization_events()] == [numbers.key, total.key]


def test_a_step_has_dagsters_events_in_dagsters_order() -> None:
    @dg.asset
    def a() -> int:
        return 1

    @dg.asset
    def b(a: int) -> int:
        return a

    result = dg.materialize([a, b])
    assert step_events(result, "b") == [
        "STEP_START",
        "LOADED_INPUT",
        "STEP_INPUT",
        "STEP_OUTPUT",
        "ASSET_MATERIALIZATION",
        "HANDLED_OUTPUT",
        "STEP_SUCCESS",
    ]
    names = [e.event_type_value for e in result.all_events]
    assert (names[0], names[-1]) == ("PIPELINE_START", "PIPELINE_SUCCESS")
    assert result.get_run_success_event().event_type is dg.DagsterEventType.RUN_SUCCESS


def test_metadata_comes_from_outputs_contexts_and_results() -> None:
    @dg.asset
    def a(context: dg.AssetExecutionContext) -> dg.Output[int]:
        context.add_output_metadata({"from_context": 1})
        return dg.Output(1, metadata={"from_output": dg.MetadataValue.md("**x**")})

    @dg.asset
    def b() -> dg.MaterializeResult[Any]:
        return dg.MaterializeResult(
            metadata={"rows": 2.5}, data_version=dg.DataVersion("v9"), tags={"k": "v"}
        )

    result = dg.materialize([a, b])
    [ma] = result.asset_materializations_for_node("a")
    assert ma.metadata == {
        "from_context": dg.MetadataValue.int(1),
        "from_output": dg.MetadataValue.md("**x**"),
    }
    [mb] = result.asset_materializations_for_node("b")
    assert mb.metadata == {"rows": dg.MetadataValue.float(2.5)}
    assert mb.data_version == "v9"
    assert mb.tags["k"] == "v"
    assert "HANDLED_OUTPUT" not in step_events(result, "b")


def test_yielded_outputs_are_stored_one_by_one() -> None:
    @dg.multi_asset(outs={"a": dg.AssetOut(), "b": dg.AssetOut(is_required=False)})
    def two(context: dg.AssetExecutionContext) -> Iterator[Any]:
        yield dg.Output(1, "a")
        context.log.info("between")
        yield dg.AssetMaterialization("elsewhere", metadata={"n": 1})
        yield dg.AssetObservation("elsewhere")

    @dg.asset
    def after_b(b: int) -> int:
        return b

    result = dg.materialize([two, after_b])
    assert result.success
    assert result.asset_value("a") == 1
    assert step_events(result, "two") == [
        "STEP_START",
        "STEP_OUTPUT",
        "ASSET_MATERIALIZATION",
        "HANDLED_OUTPUT",
        "ASSET_MATERIALIZATION",
        "ASSET_OBSERVATION",
        "STEP_SUCCESS",
    ]
    assert result.is_node_skipped("after_b")
    assert [o.asset_key.to_user_string() for o in result.asset_observations_for_node("two")] == ["elsewhere"]


def test_a_tuple_fills_the_outputs_of_a_multi_asset() -> None:
    @dg.multi_asset(outs={"a": dg.AssetOut(), "b": dg.AssetOut()})
    def two() -> tuple[int, str]:
        return 1, "x"

    result = dg.materialize([two])
    assert result.output_for_node("two", "a") == 1
    assert result.output_for_node("two", "b") == "x"


def test_assets_by_spec_are_made_without_values() -> None:
    @dg.multi_asset(specs=[dg.AssetSpec("a"), dg.AssetSpec("b", skippable=True)])
    def made() -> Iterator[Any]:
        yield dg.MaterializeResult("a", metadata={"n": 1})

    @dg.multi_asset(specs=[dg.AssetSpec("c"), dg.AssetSpec("d")])
    def silent() -> None: ...

    result = dg.materialize([made, silent])
    keys = [e.asset_key.to_user_string() for e in result.get_asset_materialization_events() if e.asset_key]
    assert keys == ["a", "c", "d"]


@pytest.mark.parametrize(
    ("returned", "error", "said"),
    [
        (1, dg.DagsterInvariantViolationError, "multiple outputs"),
        ((1, 2, 3), dg.DagsterInvariantViolationError, "Length mismatch"),
    ],
)
def test_wrong_returns_of_a_multi_asset_fail(returned: Any, error: type[Exception], said: str) -> None:
    @dg.multi_asset(outs={"a": dg.AssetOut(), "b": dg.AssetOut()})
    def two() -> Any:
        return returned

    with pytest.raises(error, match=said):
        dg.materialize([two])


def test_a_missing_required_output_fails_the_step() -> None:
    @dg.multi_asset(outs={"a": dg.AssetOut(), "b": dg.AssetOut()})
    def two() -> Iterator[Any]:
        yield dg.Output(1, "a")

    with pytest.raises(dg.DagsterStepOutputNotFoundError, match='non-optional output "b"'):
        dg.materialize([two])


def test_yielding_a_bare_value_is_a_mistake() -> None:
    @dg.asset
    def bare() -> Any:
        yield 5

    with pytest.raises(dg.DagsterInvariantViolationError, match="yielded a value"):
        dg.materialize([bare])


def test_annotations_are_checked_where_they_are_plain_classes() -> None:
    @dg.asset
    def wrong() -> int:
        return "x"  # type: ignore[return-value]

    with pytest.raises(dg.DagsterTypeCheckDidNotPass, match='expected type "Int"'):
        dg.materialize([wrong])


def test_coroutines_are_awaited() -> None:
    @dg.asset
    async def later() -> int:
        return 7

    assert dg.materialize([later]).output_for_node("later") == 7


def test_checks_are_evaluated_after_their_asset() -> None:
    @dg.asset
    def numbers() -> int:
        return 3

    @dg.asset_check(asset=numbers)
    def positive(numbers: int) -> dg.AssetCheckResult:
        return dg.AssetCheckResult(passed=numbers > 0, metadata={"n": numbers})

    @dg.asset_check(asset=numbers)
    def even(context: dg.AssetCheckExecutionContext, value: int) -> dg.AssetCheckResult:
        assert [c.name for c in context.check_specs] == ["even"]
        return dg.AssetCheckResult(
            passed=value % 2 == 0, severity=dg.AssetCheckSeverity.WARN, description="odd"
        )

    result = dg.materialize([numbers, positive, even])
    assert result.success
    found = {e.check_name: e for e in result.get_asset_check_evaluations()}
    assert found["positive"].passed
    assert found["positive"].metadata == {"n": dg.MetadataValue.int(3)}
    assert not found["even"].passed
    assert found["even"].severity is dg.AssetCheckSeverity.WARN
    assert found["even"].description == "odd"


def test_a_failed_blocking_check_stops_what_is_downstream() -> None:
    @dg.asset
    def numbers() -> int:
        return 3

    @dg.asset_check(asset=numbers, blocking=True)
    def never() -> dg.AssetCheckResult:
        return dg.AssetCheckResult(passed=False)

    @dg.asset
    def after(numbers: int) -> int:
        return numbers

    result = dg.materialize([numbers, never, after], raise_on_error=False)
    assert not result.success
    assert result.get_failed_step_keys() == {"numbers_never"}
    assert result.is_node_untouched("after")
    with pytest.raises(dg.DagsterAssetCheckFailedError, match="numbers: never"):
        dg.materialize([numbers, never, after])


def test_checks_made_with_their_asset() -> None:
    @dg.asset(
        check_specs=[dg.AssetCheckSpec("small", asset="sized"), dg.AssetCheckSpec("round", asset="sized")]
    )
    def sized() -> Iterator[Any]:
        yield dg.Output(1)
        yield dg.AssetCheckResult(passed=True, check_name="small")
        yield dg.AssetCheckResult(passed=False, check_name="round")

    result = dg.materialize([sized])
    assert [(e.check_name, e.passed) for e in result.get_asset_check_evaluations()] == [
        ("small", True),
        ("round", False),
    ]


def test_a_check_function_must_say_how_it_went() -> None:
    @dg.asset
    def a() -> int:
        return 1

    @dg.asset_check(asset=a)
    def silent() -> Any:
        return True

    with pytest.raises(dg.DagsterInvariantViolationError, match="AssetCheckResult"):
        dg.materialize([a, silent])


def test_selection_runs_a_part() -> None:
    @dg.asset(group_name="g")
    def a() -> int:
        return 1

    @dg.asset
    def b(a: int) -> int:
        return a + 1

    instance = dg.DagsterInstance.ephemeral()
    assert (
        dg.materialize([a, b], instance=instance, selection="group:g").get_step_success_events()[0].step_key
        == "a"
    )
    second = dg.materialize([a, b], instance=instance, selection=[b])
    assert [e.step_key for e in second.get_step_success_events()] == ["b"]
    assert second.output_for_node("b") == 2
    with pytest.raises(dg.DagsterInvalidDefinitionError, match="nothing_here"):
        dg.materialize([a, b], selection="nothing_here")


def test_checks_alone_can_be_selected() -> None:
    @dg.asset
    def a() -> int:
        return 1

    @dg.asset_check(asset=a)
    def fine(a: int) -> dg.AssetCheckResult:
        return dg.AssetCheckResult(passed=a == 1)

    instance = dg.DagsterInstance.ephemeral()
    dg.materialize([a, fine], instance=instance, selection=dg.AssetSelection.all().without_checks())
    result = dg.materialize([a, fine], instance=instance, selection=dg.AssetSelection.checks_for_assets(a))
    assert [e.step_key for e in result.get_step_success_events()] == ["a_fine"]


def test_part_of_a_multi_asset_runs_when_it_can_be_divided() -> None:
    @dg.multi_asset(
        outs={"a": dg.AssetOut(is_required=False), "b": dg.AssetOut(is_required=False)}, can_subset=True
    )
    def two(context: dg.AssetExecutionContext) -> Iterator[Any]:
        assert context.is_subset
        for name in sorted(context.selected_output_names):
            yield dg.Output(name, name)

    result = dg.materialize([two], selection="b")
    assert [e.asset_key for e in result.get_asset_materialization_events()] == [dg.AssetKey("b")]


def test_materialize_to_memory_keeps_nothing() -> None:
    class Unpicklable:
        def __reduce__(self) -> Any:
            raise TypeError("not this one")

    @dg.asset
    def a() -> Any:
        return Unpicklable()

    @dg.asset
    def b(a: Any) -> str:
        return type(a).__name__

    result = dg.materialize_to_memory([a, b])
    assert result.output_for_node("b") == "Unpicklable"


def test_a_context_knows_its_run() -> None:
    seen: dict[str, Any] = {}

    @dg.asset
    def a(context: dg.AssetExecutionContext) -> None:
        seen.update(
            run=context.run.run_id, tags=context.run_tags, job=context.job_name, key=context.asset_key
        )
        seen["config"] = context.op_config
        assert dg.AssetExecutionContext.get() is context

    result = dg.materialize([a], tags={"who": "me"}, run_config={"ops": {"a": {"config": {"n": 1}}}})
    assert seen == {
        "run": result.run_id,
        "tags": {"who": "me"},
        "job": "__ephemeral_asset_job__",
        "key": dg.AssetKey("a"),
        "config": {"n": 1},
    }
    assert result.dagster_run.tags["who"] == "me"


def test_a_context_outlives_its_step_only_as_an_empty_shell() -> None:
    kept: list[dg.AssetExecutionContext] = []

    @dg.asset
    def a(context: dg.AssetExecutionContext) -> None:
        kept.append(context)

    dg.materialize([a])
    with pytest.raises(dg.DagsterInvariantViolationError, match="step is over"):
        _ = kept[0].run_id


def test_jobs_run_their_selection() -> None:
    @dg.asset
    def a() -> int:
        return 1

    @dg.asset
    def b() -> int:
        return 2

    defs = dg.Definitions([a, b], jobs=[dg.define_asset_job("only_b", "b", tags={"t": "u"})])
    result = defs.get_job_def("only_b").execute_in_process()
    assert [e.step_key for e in result.get_step_success_events()] == ["b"]
    assert result.dagster_run.job_name == "only_b"
    assert result.dagster_run.tags["t"] == "u"
    everything = defs.get_implicit_global_asset_job_def().execute_in_process()
    assert len(everything.get_step_success_events()) == 2


def test_a_bare_parameter_name_finds_the_asset_with_the_same_prefix() -> None:
    @dg.asset(key_prefix="raw")
    def iris() -> int:
        return 1

    @dg.asset(key_prefix="raw")
    def clean(iris: int) -> int:
        return iris + 1

    assert dg.materialize([iris, clean]).output_for_node("raw__clean") == 2


@pytest.mark.parametrize(
    ("annotation", "good", "bad", "said"),
    [
        (
            list[int],
            [1, 2],
            [1, "a"],
            'expected type "\\[Int\\]".*Value "a" of python type "str" must be a int',
        ),
        (dict[str, float], {"a": 1.5}, {1: 1.5}, 'type "int" must be a string'),
        (int | None, None, "x", 'expected type "Int\\?"'),
        (tuple[int, str], (1, "a"), (1, 2), "must be a string"),
        (set[str], {"a"}, ["a"], "should be a set"),
    ],
)
def test_annotations_of_collections_are_checked_to_the_last_item(
    annotation: Any, good: Any, bad: Any, said: str
) -> None:
    def declared(value: Any) -> dg.AssetsDefinition:
        def function() -> Any:
            return value

        function.__annotations__["return"] = annotation
        return dg.asset(name="a")(function)

    assert dg.materialize([declared(good)]).asset_value("a") == good
    with pytest.raises(dg.DagsterTypeCheckDidNotPass, match=said):
        dg.materialize([declared(bad)])


def test_a_step_sees_what_its_run_has_recorded_before_it() -> None:
    @dg.asset
    def first() -> dg.MaterializeResult[None]:
        return dg.MaterializeResult(metadata={"rows": 3})

    @dg.asset(deps=[first])
    def second(context: dg.AssetExecutionContext) -> None:
        seen = context.instance.get_latest_materialization_event(first.key)
        assert seen is not None
        assert seen.run_id == context.run_id

    checks = dg.build_metadata_bounds_checks(assets=[first], metadata_key="rows", min_value=1)
    for _ in range(20):
        result = dg.materialize([first, second, *checks])
        (evaluation,) = result.get_asset_check_evaluations()
        assert (evaluation.passed, evaluation.description) == (True, "Value `3` is within range")


def test_assets_of_other_definitions_may_be_checked() -> None:
    @dg.asset
    def elsewhere() -> None: ...

    checks = dg.build_metadata_bounds_checks(assets=[elsewhere], metadata_key="rows", min_value=1)
    job = dg.define_asset_job("check_it", selection=dg.AssetSelection.all_asset_checks())
    definitions = dg.Definitions(asset_checks=checks, jobs=[job])
    instance = dg.DagsterInstance.ephemeral()
    instance.report_runless_asset_event(dg.AssetMaterialization("elsewhere", metadata={"rows": 1}))
    result = definitions.resolve_job_def("check_it").execute_in_process(instance=instance)
    (evaluation,) = result.get_asset_check_evaluations()
    assert (evaluation.asset_key, evaluation.passed) == (elsewhere.key, True)


def test_a_job_of_checks_alone() -> None:
    @dg.asset
    def checked() -> None:
        raise AssertionError("is not made")

    @dg.asset_check(asset=checked)
    def fine() -> dg.AssetCheckResult:
        return dg.AssetCheckResult(passed=True)

    job = dg.define_asset_job("checks", selection=dg.AssetSelection.all_asset_checks())
    definitions = dg.Definitions(assets=[checked], asset_checks=[fine], jobs=[job])
    result = definitions.resolve_job_def("checks").execute_in_process()
    assert [e.check_name for e in result.get_asset_check_evaluations()] == ["fine"]
