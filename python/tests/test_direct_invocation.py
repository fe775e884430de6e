"""Calling decorated functions directly: what their context keeps of a call, and when it is free again."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

import treadle as dg
from treadle._errors import DagsterInvalidPropertyError


def test_a_context_keeps_what_the_latest_call_told() -> None:
    @dg.op(out={"a": dg.Out(), "b": dg.Out()})
    def two(context: Any) -> Iterator[Any]:
        context.log_event(dg.AssetMaterialization("table"))
        context.add_output_metadata({"rows": 3}, output_name="a")
        yield dg.Output(1, "a")
        yield dg.Output(2, "b")

    context: Any = dg.build_op_context()
    for _ in range(2):
        list(two(context))
        assert [e.asset_key for e in context.get_events()] == [dg.AssetKey("table")]
        assert context.get_output_metadata("a") == {"rows": 3}
        assert context.get_output_metadata("b") is None


def test_metadata_of_dynamic_outputs_is_kept_by_mapping_key() -> None:
    @dg.op(out=dg.DynamicOut())
    def parts(context: Any) -> Iterator[Any]:
        for key in ("x", "y"):
            context.add_output_metadata({"key": key}, mapping_key=key)
            yield dg.DynamicOutput(key, mapping_key=key)

    context: Any = dg.build_op_context(mapping_key="outer")
    list(parts(context))
    assert context.get_output_metadata("result", mapping_key="y") == {"key": "y"}
    assert context.get_mapping_key() == "outer"


def test_metadata_is_refused_after_the_output_and_twice() -> None:
    @dg.op
    def late(context: Any) -> Iterator[Any]:
        yield dg.Output(1)
        context.add_output_metadata({"rows": 1})

    with pytest.raises(dg.DagsterInvariantViolationError, match="has already been yielded"):
        list(late(dg.build_op_context()))

    @dg.asset
    def twice(context: dg.AssetExecutionContext) -> None:
        context.add_output_metadata({"rows": 1})
        context.add_output_metadata({"rows": 2})

    with pytest.raises(dg.DagsterInvariantViolationError, match="more than once"):
        twice(dg.build_asset_context())


def test_a_context_is_bound_while_something_executes() -> None:
    seen = []

    @dg.op
    def look(context: Any) -> Iterator[Any]:
        seen.append(context.is_bound)
        yield dg.Output(1)

    context: Any = dg.build_op_context()
    assert not context.is_bound
    list(look(context))
    assert seen == [True]
    assert not context.is_bound

    @dg.op
    def fail(context: Any) -> None:
        raise dg.Failure("no")

    with pytest.raises(dg.Failure):
        fail(context)
    assert not context.is_bound


def test_a_context_serves_one_call_at_a_time() -> None:
    @dg.asset
    async def slow(context: dg.AssetExecutionContext) -> int:
        await asyncio.sleep(0)
        return 1

    @dg.op
    async def parts(context: Any) -> AsyncIterator[Any]:
        yield dg.Output(2)

    context: Any = dg.build_asset_context()
    first: Any = slow(context)
    with pytest.raises(dg.DagsterInvalidInvocationError, match="currently being used to execute slow"):
        slow(context)
    assert asyncio.run(first) == 1

    async def outputs() -> list[Any]:
        return [o.value async for o in parts(context)]

    assert asyncio.run(outputs()) == [2]


def test_a_direct_call_has_no_run() -> None:
    context: Any = dg.build_op_context(op_config={"n": 1}, run_tags={"team": "ml"})
    for name in ("dagster_run", "job_def", "job_name", "op", "op_def", "assets_def", "step_launcher"):
        with pytest.raises(DagsterInvalidPropertyError, match=f"The {name} property is not set"):
            getattr(context, name)

    @dg.op(config_schema={"n": int})
    def look(context: Any) -> Any:
        assert context.run_tags == {"team": "ml"}
        return context.run_config

    assert look(context) == {"ops": {"look": {"config": {"n": 1}}}, "resources": {}}


def test_resources_that_clean_up_need_a_with_block() -> None:
    log = []

    @dg.resource
    def connection(_: Any) -> Iterator[str]:
        log.append("open")
        yield "connection"
        log.append("close")

    @dg.op(required_resource_keys={"db"})
    def use(context: Any) -> str:
        return str(context.resources.db)

    with pytest.raises(dg.DagsterInvariantViolationError, match="outside of context manager scope"):
        use(dg.build_op_context(resources={"db": connection}))
    log.clear()
    with dg.build_op_context(resources={"db": connection}) as context:
        assert use(context) == "connection"
        assert log == ["open"]
    assert log == ["open", "close"]


def test_resources_and_configuration_come_from_one_place() -> None:
    class Amount(dg.Config):
        n: int

    @dg.op
    def add(context: Any, config: Amount, db: dg.ResourceParam[str]) -> str:
        assert context.resources.db == db
        return f"{db}{config.n}"

    assert add(dg.build_op_context(), config=Amount(n=1), db="a") == "a1"
    with pytest.raises(dg.DagsterInvalidInvocationError, match="resources in both context and kwargs"):
        add(dg.build_op_context(resources={"db": "b"}), config=Amount(n=1), db="a")
    with pytest.raises(dg.DagsterInvalidInvocationError, match="config in both context and kwargs"):
        add(dg.build_op_context(config={"n": 2}), config=Amount(n=1), db="a")


def test_an_asset_takes_its_configuration_from_the_context() -> None:
    class Amount(dg.Config):
        n: int = 5

    @dg.asset
    def amount(context: dg.AssetExecutionContext, config: Amount) -> int:
        return config.n

    assert amount(dg.build_asset_context(asset_config={"n": 7})) == 7
    assert amount(None) == 5


def test_a_configured_op_forgets_the_schema_of_the_op_it_was_made_of() -> None:
    @dg.op(config_schema={"n": int})
    def number(context: Any) -> int:
        return int(context.op_config["n"])

    with pytest.raises(dg.DagsterInvalidConfigError):
        number(None)
    assert number.configured({"n": 3}, name="three")(None) == 3


def test_variadic_arguments_are_given_by_name() -> None:
    @dg.op(ins={"a": dg.In(str)})
    def joined(**given: str) -> str:
        return given["a"] + "!"

    assert joined(a="x") == "x!"
    with contextlib.suppress(KeyError):
        joined()
    with pytest.raises(dg.DagsterInvalidInvocationError, match="0 positional inputs, but 1"):
        joined("x")


def test_classes_of_the_function_around_are_found_by_name() -> None:
    class Amount(dg.Config):
        n: int = 2

    class Store(dg.ConfigurableResource):
        name: str

    @dg.asset
    def stored(config: Amount, store: Store) -> str:
        return f"{store.name}{config.n}"

    @dg.job(resource_defs={"store": Store(name="op")})
    def job() -> None:
        @dg.op
        def nested(config: Amount, store: Store) -> str:
            return f"{store.name}{config.n}"

        nested()

    made = dg.materialize([stored], resources={"store": Store(name="asset")})
    assert made.output_for_node("stored") == "asset2"
    run = job.execute_in_process(run_config={"ops": {"nested": {"config": {"n": 3}}}})
    assert run.output_for_node("nested") == "op3"


@pytest.mark.parametrize("build", [dg.build_input_context, dg.build_output_context])
def test_a_built_io_context_tears_its_resources_down(build: Any) -> None:
    done = []

    @dg.resource
    def opened(_: object) -> Any:
        try:
            yield "foo"
        finally:
            done.append("yes")

    context = build(resources={"opened": opened})
    with pytest.raises(dg.DagsterInvariantViolationError, match=rf"with {build.__name__}\(\.\.\.\) as"):
        _ = context.resources
    del context
    assert done == ["yes"]
    with build(resources={"opened": opened, "plain": 3}) as context:
        assert (context.resources.opened, context.resources.plain) == ("foo", 3)
    assert done == ["yes", "yes"]
    assert build(resources={"plain": 3}).resources.plain == 3


def test_an_io_manager_records_events_beside_what_it_stores() -> None:
    context = dg.build_output_context()
    context.log_event(dg.AssetMaterialization("first"))
    assert [e.asset_key.path for e in context.get_logged_events()] == [["first"]]

    class Telling(dg.IOManager):
        def handle_output(self, context: dg.OutputContext, obj: Any) -> None:
            context.log_event(dg.AssetMaterialization("extra", metadata={"n": obj}))

    @dg.op
    def three() -> int:
        return 3

    @dg.job(resource_defs={"io_manager": dg.IOManagerDefinition.hardcoded_io_manager(Telling())})
    def job() -> None:
        three()

    told = job.execute_in_process().asset_materializations_for_node("three")
    assert [(m.asset_key.path, m.metadata["n"].value) for m in told] == [(["extra"], 3)]


def test_resources_given_by_position_stand_where_the_function_has_them() -> None:
    class Base(dg.ConfigurableResource):
        n: int = 0
        _open: bool = False

        def setup_for_execution(self, context: dg.InitResourceContext) -> None:
            self._open = True

    class Settings(dg.Config):
        times: int = 1

    @dg.asset
    def summed(
        context: dg.AssetExecutionContext, config: Settings, first: int, base: Base, second: int
    ) -> int:
        assert base._open
        return (first + second + base.n) * config.times

    @dg.op
    def same(config: Settings, first: int, base: Base, second: int) -> int:
        return (first + second + base.n) * config.times

    @dg.asset
    def plain(first: int, base: dg.ResourceParam[int], second: int) -> int:
        return first * 100 + base * 10 + second

    context = dg.build_asset_context()
    assert summed(context, Settings(times=2), 1, Base(n=10), 3) == 28
    assert same(Settings(times=2), 1, Base(n=10), 3) == 28
    assert same(Settings(times=2), 1, second=3, base=Base(n=10)) == 28
    assert plain(1, 2, 3) == 123


def test_a_test_may_listen_to_a_contexts_log(monkeypatch: pytest.MonkeyPatch) -> None:
    heard: list[str] = []

    @dg.asset
    def speaks(context: dg.AssetExecutionContext) -> None:
        context.log.warning("low")

    context = dg.build_asset_context()
    monkeypatch.setattr(context.log, "warning", heard.append)
    speaks(context)
    assert heard == ["low"]
