"""`execute_job`, executors and running again, with steps in processes of their own."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

import pytest

import treadle as dg


@dg.op
def make() -> int:
    with Path(os.environ["SEEN"]).open("a") as file:
        file.write("x")
    return 2


@dg.op(out=dg.DynamicOut(int))
def spread(n: int):  # type: ignore[no-untyped-def]
    for index in range(n):
        yield dg.DynamicOutput(index, mapping_key=f"k{index}")


@dg.op
def work(context: dg.OpExecutionContext, n: int) -> int:
    if "BROKEN" in os.environ and n == 1:
        raise ValueError("broken")
    return n * 10 + (0 if os.getpid() != PARENT else 1000)


@dg.op
def join(ns: list[int]) -> list[int]:
    return ns


@dg.job
def fan() -> None:
    join(spread(make()).map(work).collect())


@dg.op(tags={"treadle/time_limit": "0.2"})
def sleeps() -> None:
    time.sleep(30)


@dg.job
def too_long() -> None:
    sleeps()


PARENT = os.getpid()


@pytest.fixture
def seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "seen"
    monkeypatch.setenv("SEEN", str(path))
    return path


def test_steps_run_in_processes_of_their_own_and_values_come_from_io_managers(seen: Path) -> None:
    with dg.DagsterInstance.local_temp() as instance:
        result = dg.execute_job(dg.reconstructable(fan), instance)
        assert result.success
        with pytest.raises(dg.DagsterInvariantViolationError, match="context manager"):
            result.output_for_node("join")
        with result:
            assert result.output_for_node("join") == [0, 10]
            assert result.output_for_node("work") == {"k0": 0, "k1": 10}


def test_what_failed_is_run_again_and_the_rest_is_loaded(seen: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with dg.DagsterInstance.local_temp() as instance:
        monkeypatch.setenv("BROKEN", "1")
        failed = dg.execute_job(dg.reconstructable(fan), instance)
        assert not failed.success
        monkeypatch.delenv("BROKEN")
        again = dg.ReexecutionOptions.from_failure(failed.run_id, instance)
        with dg.execute_job(dg.reconstructable(fan), instance, reexecution_options=again) as result:
            assert result.success
            assert {e.step_key for e in result.get_step_success_events()} == {"work[k1]", "join"}
            assert result.output_for_node("join") == [0, 10]
        assert seen.read_text() == "x"
        run = instance.get_run_by_id(result.run_id)
        assert run is not None
        assert run.parent_run_id == failed.run_id
        chosen = dg.ReexecutionOptions(failed.run_id, step_selection=["make"])
        third = dg.execute_job(dg.reconstructable(fan), instance, reexecution_options=chosen)
        assert [e.step_key for e in third.get_step_success_events()] == ["make"]


def test_a_step_that_takes_longer_than_it_may_is_ended() -> None:
    with dg.DagsterInstance.local_temp() as instance:
        began = time.monotonic()
        result = dg.execute_job(dg.reconstructable(too_long), instance)
        assert time.monotonic() - began < 20
        assert not result.success
        assert "time limit of 0.2 seconds" in str(result.failure_data_for_node("sleeps").error.message)


def test_processes_need_an_instance_that_lasts(seen: Path) -> None:
    with pytest.raises(dg.DagsterUnmetExecutorRequirementsError, match="ephemeral"):
        dg.execute_job(dg.reconstructable(fan), dg.DagsterInstance.ephemeral())
    config: dict[str, object] = {"execution": {"config": {"in_process": {}}}}
    assert dg.execute_job(dg.reconstructable(fan), dg.DagsterInstance.ephemeral(), run_config=config).success


def test_a_selection_of_steps(seen: Path) -> None:
    with dg.DagsterInstance.local_temp() as instance:
        result = dg.execute_job(dg.reconstructable(fan), instance, op_selection=["*spread"])
        assert [e.step_key for e in result.get_step_success_events()] == ["make", "spread"]


def test_what_an_executor_is_configured_with_is_checked(seen: Path) -> None:
    with dg.DagsterInstance.local_temp() as instance:
        wrongs: list[object] = [{"in_proces": {}}, {"multiprocess": {"max_concurrent": "two"}}]
        for wrong in wrongs:
            with pytest.raises(dg.DagsterInvalidConfigError, match="execution"):
                dg.execute_job(dg.reconstructable(fan), instance, run_config={"execution": {"config": wrong}})


def test_async_ops_run_inside_a_running_loop() -> None:
    import asyncio

    @dg.op
    async def one() -> int:
        await asyncio.sleep(0)
        return 1

    @dg.op(out={"a": dg.Out(), "b": dg.Out()})
    async def two(x: int):  # type: ignore[no-untyped-def]
        yield dg.Output(x, "a")
        await asyncio.sleep(0)
        yield dg.Output(x + 1, "b")

    @dg.job
    def j() -> None:
        two(one())

    async def inside() -> int:
        return int(j.execute_in_process().output_for_node("two", "b"))

    assert asyncio.run(inside()) == 2


def test_executors_say_what_their_configuration_is() -> None:
    fields = dg.multiprocess_executor.config_schema.config_type.fields
    assert fields["max_concurrent"].default_value is None
    assert set(fields["retries"].config_type.fields) == {"enabled", "disabled"}

    own = dg.in_process_executor.config_schema.config_type.fields

    @dg.executor(name="mine", config_schema={"workers": int, **own})
    def mine(context: dg.InitExecutorContext) -> Any:
        assert context.executor_config["retries"] == {"enabled": {}}
        return dg.in_process_executor.executor_creation_fn(context)  # type: ignore[misc]

    @dg.op
    def one() -> int:
        return 1

    @dg.job(executor_def=mine)
    def job() -> None:
        one()

    with dg.instance_for_test() as instance:
        with pytest.raises(dg.DagsterInvalidConfigError, match='"workers" at path root:execution:config'):
            mine._make(job, {}, instance)
        assert mine._make(job, {"workers": 2}, instance) is not None
