"""What declarations say, and which mistakes they refuse."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

import treadle as dg


def test_an_asset_takes_its_key_and_its_inputs_from_the_function() -> None:
    @dg.asset
    def upstream() -> int:
        return 1

    @dg.asset
    def downstream(context: dg.AssetExecutionContext, upstream: int) -> int:
        return upstream

    assert downstream.key == dg.AssetKey(["downstream"])
    assert downstream.keys_by_input_name == {"upstream": dg.AssetKey("upstream")}
    assert downstream.op.name == "downstream"


def test_key_prefix_name_and_key_say_the_asset_key() -> None:
    assert dg.asset(key_prefix="raw")(lambda: 1).key.parts[0] == "raw"

    @dg.asset(name="iris", key_prefix=["raw", "flowers"])
    def something() -> None: ...

    assert something.key.to_user_string() == "raw/flowers/iris"
    assert something.op.name == "raw__flowers__iris"

    @dg.asset(key=["a", "b"])
    def other() -> None: ...

    assert other.key == dg.AssetKey(["a", "b"])
    with pytest.raises(dg.DagsterInvalidDefinitionError, match="key argument"):
        dg.asset(key="a", name="b")(lambda: 1)


def test_a_spec_tells_everything_that_was_declared() -> None:
    @dg.asset(
        group_name="models",
        description="A model.",
        metadata={"rows": 3},
        tags={"domain": "botany"},
        kinds={"onnx"},
        owners=["team:data", "ann@example.com"],
        code_version="7",
        deps=["raw"],
    )
    def model() -> None: ...

    spec = model.get_asset_spec()
    assert spec.group_name == "models"
    assert spec.description == "A model."
    assert spec.metadata == {"rows": 3}
    assert spec.tags == {"domain": "botany", "dagster/kind/onnx": ""}
    assert spec.kinds == {"onnx"}
    assert list(spec.owners) == ["team:data", "ann@example.com"]
    assert spec.code_version == "7"
    assert [d.asset_key for d in spec.deps] == [dg.AssetKey("raw")]


def test_the_description_is_the_docstring_unless_given() -> None:
    @dg.asset
    def documented() -> None:
        """First line.

        Second paragraph.
        """

    assert documented.get_asset_spec().description == "First line.\n\nSecond paragraph."


def test_ins_names_other_assets_and_managers() -> None:
    @dg.asset(ins={"x": dg.AssetIn(key_prefix="raw"), "y": dg.AssetIn("other", input_manager_key="csv")})
    def both(x: int, y: int) -> None: ...

    assert both.keys_by_input_name == {"x": dg.AssetKey(["raw", "x"]), "y": dg.AssetKey("other")}
    with pytest.raises(dg.DagsterInvalidDefinitionError, match="does not correspond"):
        dg.asset(ins={"z": dg.AssetIn()})(lambda: 1)


def test_a_multi_asset_makes_one_output_per_out() -> None:
    @dg.multi_asset(outs={"a": dg.AssetOut(), "b": dg.AssetOut(key_prefix="p", is_required=False)})
    def two() -> None: ...

    assert two.keys == {dg.AssetKey("a"), dg.AssetKey(["p", "b"])}
    with pytest.raises(dg.CheckError):
        _ = two.key


def test_internal_asset_deps_and_spec_deps_are_lineage_between_outputs() -> None:
    @dg.multi_asset(specs=[dg.AssetSpec("a", deps=["up"]), dg.AssetSpec("b", deps=["a"])])
    def two() -> None: ...

    assert two.asset_deps == {dg.AssetKey("a"): {dg.AssetKey("up")}, dg.AssetKey("b"): {dg.AssetKey("a")}}

    @dg.multi_asset(
        outs={"c": dg.AssetOut(), "d": dg.AssetOut()},
        internal_asset_deps={"c": {dg.AssetKey("up")}, "d": {dg.AssetKey("c")}},
        deps=["up"],
    )
    def more() -> None: ...

    assert more.asset_deps[dg.AssetKey("d")] == {dg.AssetKey("c")}
    with pytest.raises(dg.DagsterInvalidDefinitionError, match="neither an input nor an output"):
        dg.multi_asset(outs={"c": dg.AssetOut()}, internal_asset_deps={"c": {dg.AssetKey("nowhere")}})(
            lambda: 1
        )


@pytest.mark.parametrize(
    ("declare", "said"),
    [
        (lambda: dg.asset(owners=["nobody"])(lambda: 1), "Invalid owner 'nobody'"),
        (lambda: dg.asset(group_name="a b")(lambda: 1), "not a valid asset group name"),
        (lambda: dg.asset(group_name="")(lambda: 1), "Empty asset group name"),
        (lambda: dg.asset(tags={"a b": "c"})(lambda: 1), "invalid tag key"),
        (lambda: dg.asset(tags={"a": "c d"})(lambda: 1), "invalid tag value"),
        (lambda: dg.asset(lambda *args: 1), "positional vararg"),
        (lambda: dg.AssetCheckSpec("a-b", asset="x"), "not a valid name"),
        (lambda: dg.RetryPolicy(backoff=dg.Backoff.LINEAR), "without also setting delay"),
        (lambda: dg.define_asset_job("a b"), "not a valid name"),
    ],
)
def test_mistakes_are_refused_where_they_are_made(declare: object, said: str) -> None:
    with pytest.raises(dg.DagsterInvalidDefinitionError, match=said):
        declare()  # type: ignore[operator]


def test_a_check_is_known_by_its_asset_and_name() -> None:
    @dg.asset
    def numbers() -> int:
        return 1

    @dg.asset_check(asset=numbers, blocking=True, description="positive")
    def is_positive(value: int) -> dg.AssetCheckResult:
        return dg.AssetCheckResult(passed=value > 0)

    assert is_positive.check_key == dg.AssetCheckKey(dg.AssetKey("numbers"), "is_positive")
    assert is_positive.op.name == "numbers_is_positive"
    assert is_positive.keys_by_input_name == {"value": dg.AssetKey("numbers")}
    assert is_positive.spec.blocking


def test_all_mistakes_of_definitions_are_told_together() -> None:
    @dg.asset
    def a(b: int) -> int:
        return b

    @dg.asset
    def b(a: int) -> int:
        return a

    @dg.asset(required_resource_keys={"nowhere"}, io_manager_key="missing")
    def c() -> int:
        return 1

    with pytest.raises(dg.DagsterInvalidDefinitionError) as e:
        dg.Definitions.validate_loadable(dg.Definitions(assets=[a, b, c]))
    for word in ("a", "nowhere", "missing", "test_declarations.py"):
        assert word in str(e.value)


def test_the_same_asset_twice_is_one_but_two_of_a_key_are_a_mistake() -> None:
    @dg.asset
    def one() -> None: ...

    dg.Definitions.validate_loadable(dg.Definitions(assets=[one, one]))

    @dg.asset(name="one")
    def again() -> None: ...

    with pytest.raises(dg.DagsterInvalidDefinitionError, match="one"):
        dg.Definitions.validate_loadable(dg.Definitions(assets=[one, again]))


def test_definitions_merge_and_refuse_conflicts() -> None:
    @dg.asset
    def a() -> None: ...

    @dg.asset
    def b() -> None: ...

    merged = dg.Definitions.merge(dg.Definitions([a], resources={"r": 1}), dg.Definitions([b]))
    assert set(merged.resolve_all_asset_keys()) == {dg.AssetKey("a"), dg.AssetKey("b")}
    assert merged.resolve_assets_def("b") is b
    with pytest.raises(dg.DagsterInvariantViolationError, match="0 and 1 have different resources"):
        dg.Definitions.merge(dg.Definitions(resources={"r": 1}), dg.Definitions(resources={"r": [2]}))


def test_decorated_functions_can_be_called() -> None:
    @dg.asset
    def double(context: dg.AssetExecutionContext, number: int) -> int:
        assert context.resources.factor == 2
        return number * int(context.resources.factor)

    assert double(dg.build_asset_context(resources={"factor": 2}), 4) == 8
    assert double(dg.build_asset_context(resources={"factor": 2}), number=5) == 10
    with pytest.raises(dg.DagsterInvalidInvocationError, match="no context was provided"):
        double(number=5)

    @dg.asset
    def plain(number: int) -> int:
        return number

    with pytest.raises(dg.DagsterInvalidInvocationError, match='required input "number"'):
        plain()


def test_values_compare_hash_and_print() -> None:
    assert dg.AssetKey(["a", "b"]) == dg.AssetKey(("a", "b"))
    assert len({dg.AssetKey("a"), dg.AssetKey(["a"])}) == 1
    assert repr(dg.AssetKey(["a"])) == "AssetKey(['a'])"
    assert dg.AssetKey.from_user_string("a/b").to_user_string() == "a/b"
    assert dg.AssetSpec("a", deps=["b"]) == dg.AssetSpec("a", deps=["b"])
    assert hash(dg.AssetSpec("a", metadata={"x": [1]})) == hash(dg.AssetSpec("a", metadata={"x": [1]}))
    assert dg.AssetSpec("a").merge_attributes(tags={"x": "y"}, kinds={"k"}).tags == {
        "x": "y",
        "dagster/kind/k": "",
    }
    assert dg.AssetSpec("a", group_name="g").replace_attributes(group_name="h").group_name == "h"


def test_a_job_of_assets_says_what_it_was_declared_with() -> None:
    @dg.success_hook
    def told(context: dg.HookContext) -> None: ...

    retries = dg.RetryPolicy(max_retries=2)
    declared = dg.define_asset_job(
        "job", hooks={told}, op_retry_policy=retries, owners=["team:data"], metadata={"a": "b"}
    )
    job = dg.Definitions(jobs=[declared]).resolve_job_def("job")
    assert job.hook_defs == {told}
    assert job.op_retry_policy == retries
    assert list(job.owners) == ["team:data"]
    assert job.metadata == {"a": "b"}


def test_a_check_may_be_of_an_asset_that_is_declared_elsewhere() -> None:
    @dg.asset_check(asset="theirs")
    def check() -> dg.AssetCheckResult:
        return dg.AssetCheckResult(passed=True)

    chosen = dg.define_asset_job("checks", dg.AssetSelection.checks(check))
    definitions = dg.Definitions(asset_checks=[check], jobs=[chosen])
    everything = definitions.resolve_implicit_global_asset_job_def()
    for job in (definitions.resolve_job_def("checks"), everything):
        result = job.execute_in_process()
        assert [e.check_name for e in result.get_asset_check_evaluations()] == ["check"]


def test_a_multi_asset_may_check_assets_that_others_make() -> None:
    specs = [dg.AssetCheckSpec("c", asset="mine"), dg.AssetCheckSpec("c", asset="other")]

    @dg.asset
    def other() -> int:
        return 1

    @dg.multi_asset(specs=[dg.AssetSpec("mine")], check_specs=specs, allow_arbitrary_check_specs=True)
    def made() -> Iterator[Any]:
        yield dg.MaterializeResult("mine")
        yield dg.AssetCheckResult(asset_key="mine", check_name="c", passed=True)
        yield dg.AssetCheckResult(asset_key="other", check_name="c", passed=False)

    result = dg.materialize([other, made])
    told = {c.asset_key.to_user_string(): c.passed for c in result.get_asset_check_evaluations()}
    assert told == {"mine": True, "other": False}
    with pytest.raises(dg.DagsterInvalidDefinitionError, match="Invalid asset key"):
        dg.multi_asset(specs=[dg.AssetSpec("mine")], check_specs=specs)(made._fn)
