# mypy: ignore-errors
"""Small programs that mean the same under Dagster and under Treadle. Run as a script it prints what each did,
as JSON: `python parity_programs.py dagster`. No annotations of their types: they are handed the module under
either name."""

import importlib
import json
import logging
import sys
import warnings

PROGRAMS = {}


def program(fn):
    PROGRAMS[fn.__name__] = fn
    return fn


def run(dg, assets, **kwargs):
    kwargs.setdefault("raise_on_error", False)
    return dg.materialize(assets, **kwargs)


@program
def values_and_checks(dg):
    @dg.asset(group_name="g", code_version="1")
    def a():
        return 1

    @dg.asset_check(asset=a, blocking=True)
    def positive(a):
        return dg.AssetCheckResult(passed=a > 0, metadata={"n": a})

    @dg.asset_check(asset=a)
    def even(value):
        return dg.AssetCheckResult(passed=value % 2 == 0, severity=dg.AssetCheckSeverity.WARN)

    @dg.asset
    def b(a: int) -> int:
        return a + 1

    return run(dg, [a, positive, even, b])


@program
def metadata(dg):
    @dg.asset
    def a(context):
        context.add_output_metadata({"c": 1})
        return dg.Output(1, metadata={"o": "x"}, data_version=dg.DataVersion("v"))

    @dg.asset
    def b():
        return dg.MaterializeResult(metadata={"m": dg.MetadataValue.md("x"), "f": 1.5, "n": None, "l": [1]})

    return run(dg, [a, b])


@program
def multi_asset_with_optional_output(dg):
    @dg.multi_asset(outs={"x": dg.AssetOut(), "y": dg.AssetOut(is_required=False)})
    def m():
        yield dg.Output(1, "x")

    @dg.asset
    def after_x(x):
        return x

    @dg.asset
    def after_y(y):
        return y

    return run(dg, [m, after_x, after_y])


@program
def multi_asset_by_specs(dg):
    @dg.multi_asset(
        specs=[dg.AssetSpec("x"), dg.AssetSpec("y", deps=["x"], skippable=True), dg.AssetSpec("z")]
    )
    def m():
        yield dg.MaterializeResult("x")
        yield dg.MaterializeResult("z", metadata={"k": 1})

    return run(dg, [m])


@program
def returned_tuple(dg):
    @dg.multi_asset(outs={"x": dg.AssetOut(), "y": dg.AssetOut()})
    def m():
        return 1, "two"

    return run(dg, [m])


@program
def none_without_annotation(dg):
    @dg.asset
    def a():
        pass

    @dg.asset
    def b(a):
        return a

    return run(dg, [a, b])


@program
def none_with_annotation(dg):
    @dg.asset
    def a() -> None:
        pass

    @dg.asset(deps=[a])
    def b() -> None:
        pass

    return run(dg, [a, b])


@program
def failure(dg):
    @dg.asset
    def bad():
        raise ValueError("boo")

    @dg.asset(deps=[bad])
    def after():
        pass

    @dg.asset
    def beside():
        return 1

    return run(dg, [bad, after, beside])


@program
def failure_is_raised(dg):
    @dg.asset
    def bad():
        raise dg.Failure("no", metadata={"a": 1})

    return run(dg, [bad], raise_on_error=True)


@program
def retries(dg):
    @dg.asset(retry_policy=dg.RetryPolicy(max_retries=2))
    def flaky(context):
        if context.retry_number < 2:
            raise ValueError("again")
        return 1

    @dg.asset
    def asks(context):
        if context.retry_number < 1:
            raise dg.RetryRequested(max_retries=1)
        return 2

    @dg.asset(retry_policy=dg.RetryPolicy(max_retries=3))
    def final():
        raise dg.Failure("final", allow_retries=False)

    return run(dg, [flaky, asks, final])


@program
def too_many_retries(dg):
    @dg.asset
    def asks():
        raise dg.RetryRequested(max_retries=1)

    return run(dg, [asks], raise_on_error=True)


@program
def blocking_check(dg):
    @dg.asset
    def a():
        return 1

    @dg.asset_check(asset=a, blocking=True)
    def never():
        return dg.AssetCheckResult(passed=False)

    @dg.asset
    def b(a):
        return a

    return run(dg, [a, never, b])


@program
def checks_of_the_asset_itself(dg):
    @dg.asset(check_specs=[dg.AssetCheckSpec("q", asset="a"), dg.AssetCheckSpec("r", asset="a")])
    def a():
        return dg.MaterializeResult(
            check_results=[
                dg.AssetCheckResult(passed=True, check_name="q"),
                dg.AssetCheckResult(passed=False, check_name="r", severity=dg.AssetCheckSeverity.WARN),
            ]
        )

    return run(dg, [a])


@program
def io_manager(dg):
    kept = {}

    class Shelf(dg.IOManager):
        def handle_output(self, context, obj):
            kept[context.asset_key] = (obj, context.name, context.step_key)
            context.add_output_metadata({"kept": str(obj)})

        def load_input(self, context):
            assert context.upstream_output.asset_key == context.asset_key
            return kept[context.asset_key][0]

    @dg.asset(key_prefix="p")
    def a():
        return 1

    @dg.asset(ins={"x": dg.AssetIn(["p", "a"])})
    def b(x):
        return x + 1

    return run(dg, [a, b], resources={"io_manager": Shelf()})


@program
def resources(dg):
    @dg.resource
    def base():
        yield 40

    @dg.asset(required_resource_keys={"base", "plain"})
    def a(context):
        return context.resources.base + context.resources.plain

    return run(dg, [a], resources={"base": base, "plain": 2})


@program
def facts_beside_outputs(dg):
    @dg.asset
    def a(context):
        context.log_event(dg.AssetObservation("other", metadata={"n": 1}))
        yield dg.AssetMaterialization("elsewhere")
        yield dg.Output(1)

    return run(dg, [a])


@program
def type_check(dg):
    @dg.asset
    def a() -> int:
        return "x"

    return run(dg, [a], raise_on_error=True)


@program
def types_of_values(dg):
    cases = {
        "integer": (int, True),
        "floats": (float, 1),
        "some": (int | None, None),
        "not_some": (int | None, "x"),
        "numbers": (list[int], [1, 2]),
        "not_numbers": (list[int], [1, "a"]),
        "table": (dict[str, list[int]], {"a": [1]}),
        "not_table": (dict[str, int], {1: 1}),
        "pair": (tuple[int, str], (1, "a")),
        "anything": (list, [object]),
        "path": (logging.Logger, logging.getLogger("x")),
    }

    def declared(name, annotation, value):
        def function():
            return value

        function.__annotations__["return"] = annotation
        return dg.asset(name=name)(function)

    return dg.materialize_to_memory([declared(n, a, v) for n, (a, v) in cases.items()], raise_on_error=False)


@program
def missing_output(dg):
    @dg.multi_asset(outs={"x": dg.AssetOut(), "y": dg.AssetOut()})
    def m():
        yield dg.Output(1, "x")

    return run(dg, [m], raise_on_error=True)


@program
def unknown_resource(dg):
    @dg.asset(required_resource_keys={"nowhere"})
    def a():
        pass

    return run(dg, [a], raise_on_error=True)


@program
def selection(dg):
    @dg.asset(group_name="g")
    def a():
        return 1

    @dg.asset(group_name="g", kinds={"k"})
    def b():
        return 2

    @dg.asset
    def c(a, b):
        return a + b

    return run(dg, [a, b, c], selection=dg.AssetSelection.groups("g") - dg.AssetSelection.kind("k"))


@program
def subset_of_a_multi_asset(dg):
    outs = {n: dg.AssetOut(is_required=False) for n in "xyz"}

    @dg.multi_asset(outs=outs, can_subset=True)
    def m(context):
        for name in sorted(context.selected_output_names):
            yield dg.Output(name, name)

    return run(dg, [m], selection=["x", "z"])


@program
def job(dg):
    @dg.asset
    def a():
        return 1

    @dg.asset
    def b(a):
        return a

    defs = dg.Definitions(
        [a, b], jobs=[dg.define_asset_job("j", dg.AssetSelection.keys("a"), tags={"t": "u"})]
    )
    return defs.get_job_def("j").execute_in_process()


@program
def names_with_the_same_prefix(dg):
    @dg.asset(key_prefix="raw")
    def iris():
        return 1

    @dg.asset(key_prefix="raw")
    def clean(iris):
        return iris + 1

    return run(dg, [iris, clean])


# Not compared: what depends on where values are kept and how runs are hosted.
_HOSTING = (
    "ENGINE_EVENT",
    "LOGS_CAPTURED",
    "RESOURCE_INIT_STARTED",
    "RESOURCE_INIT_SUCCESS",
    "RESOURCE_INIT_FAILURE",
)


def told(result):
    """What a result says, without times, ids and storage."""
    steps = {}
    for e in result.all_events:
        if e.event_type_value not in _HOSTING:
            steps.setdefault(e.step_key or "", []).append((e.event_type_value, message_of(e)))
    materializations = [
        (
            m.asset_key.to_user_string(),
            {k: repr(v) for k, v in m.metadata.items() if k not in ("path", "artifact")},
        )
        for m in (e.event_specific_data.materialization for e in result.get_asset_materialization_events())
    ]
    checks = [
        (
            c.asset_key.to_user_string(),
            c.check_name,
            c.passed,
            c.severity.value,
            c.blocking,
            repr(dict(c.metadata)),
        )
        for c in result.get_asset_check_evaluations()
    ]
    return {
        "success": result.success,
        "steps": steps,
        "materializations": sorted(materializations),
        "checks": sorted(checks),
        "failed": sorted(result.get_failed_step_keys()),
    }


# Dagster's words are kept to the letter in these; elsewhere they hold durations, types or its way to write a
# key.
_SAID = (
    "STEP_OUTPUT",
    "LOADED_INPUT",
    "HANDLED_OUTPUT",
    "STEP_FAILURE",
    "STEP_UP_FOR_RETRY",
    "STEP_RESTARTED",
)


def message_of(event):
    return event.message if event.event_type_value in _SAID else None


def main(name):
    warnings.simplefilter("ignore")
    logging.disable(logging.CRITICAL)
    dg = importlib.import_module(name)
    everything = {}
    for key, one in PROGRAMS.items():
        try:
            everything[key] = told(one(dg))
        except Exception as e:
            everything[key] = {"raised": type(e).__name__}
    return everything


if __name__ == "__main__":
    json.dump(main(sys.argv[1]), sys.stdout)
