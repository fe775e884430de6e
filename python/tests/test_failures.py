"""What happens when user code raises, asks for a retry, or is interrupted."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest

import treadle as dg


def test_the_users_own_exception_is_raised_again() -> None:
    class MyError(Exception):
        pass

    thrown = MyError("boo")

    @dg.asset
    def bad() -> None:
        raise thrown

    with pytest.raises(MyError) as e:
        dg.materialize([bad])
    assert e.value is thrown


def test_the_record_tells_class_message_traceback_and_cause() -> None:
    def helper() -> None:
        raise KeyError("inner")

    @dg.asset
    def bad() -> None:
        try:
            helper()
        except KeyError as e:
            raise ValueError("outer") from e

    @dg.asset(deps=[bad])
    def after() -> None: ...

    @dg.asset
    def beside() -> None: ...

    result = dg.materialize([bad, after, beside], raise_on_error=False)
    assert not result.success
    assert result.get_failed_step_keys() == {"bad"}
    assert result.is_node_success("beside")
    assert result.is_node_untouched("after")
    wrapper = result.failure_data_for_node("bad").error
    assert wrapper.cls_name == "DagsterExecutionStepExecutionError"
    assert 'Error occurred while executing op "bad":' in wrapper.message
    error = wrapper.cause
    assert (error.cls_name, error.message) == ("ValueError", "ValueError: outer\n")
    assert error.cause.cls_name == "KeyError"
    stack = "".join(error.stack)
    assert "test_failures.py" in stack
    assert os.sep + "treadle" + os.sep + "_run.py" not in stack
    assert "helper()" in "".join(error.cause.stack)
    assert "bad" in result.get_run_failure_event().message


def test_failure_carries_a_description_and_metadata() -> None:
    @dg.asset
    def bad() -> None:
        raise dg.Failure("no rows", metadata={"rows": 0})

    result = dg.materialize([bad], raise_on_error=False)
    data = result.failure_data_for_node("bad")
    assert data.error.message == "Failure: no rows\n"
    assert data.user_failure_data.metadata == {"rows": dg.MetadataValue.int(0)}
    with pytest.raises(dg.Failure, match="no rows"):
        dg.materialize([bad])


def attempts(policy: dg.RetryPolicy | None, error: Any) -> tuple[list[int], dg.ExecuteInProcessResult]:
    seen: list[int] = []

    @dg.asset(retry_policy=policy)
    def flaky(context: dg.AssetExecutionContext) -> int:
        seen.append(context.retry_number)
        if context.retry_number < 2:
            raise error
        return 1

    return seen, dg.materialize([flaky], raise_on_error=False)


def test_a_retry_policy_runs_the_step_again() -> None:
    seen, result = attempts(dg.RetryPolicy(max_retries=2), ValueError("x"))
    assert seen == [0, 1, 2]
    assert result.success
    assert result.retry_attempts_for_node("flaky") == 2


def test_a_retry_policy_gives_up() -> None:
    seen, result = attempts(dg.RetryPolicy(max_retries=1), ValueError("x"))
    assert seen == [0, 1]
    assert not result.success


def test_retry_requested_runs_the_step_again_without_a_policy() -> None:
    seen, result = attempts(None, dg.RetryRequested(max_retries=3, seconds_to_wait=0.001))
    assert seen == [0, 1, 2]
    assert result.success


def test_too_many_requested_retries_are_told() -> None:
    @dg.asset
    def never() -> None:
        raise dg.RetryRequested(max_retries=1)

    with pytest.raises(dg.DagsterMaxRetriesExceededError, match="Exceeded max_retries of 1"):
        dg.materialize([never])


def test_a_failure_can_forbid_retries() -> None:
    seen, result = attempts(dg.RetryPolicy(max_retries=5), dg.Failure("final", allow_retries=False))
    assert seen == [0]
    assert not result.success


def test_a_jobs_policy_serves_steps_without_their_own() -> None:
    seen = []

    @dg.asset
    def flaky(context: dg.AssetExecutionContext) -> None:
        seen.append(context.retry_number)
        if context.retry_number == 0:
            raise ValueError

    defs = dg.Definitions(
        [flaky], jobs=[dg.define_asset_job("j", op_retry_policy=dg.RetryPolicy(max_retries=1))]
    )
    assert defs.get_job_def("j").execute_in_process().success
    assert seen == [0, 1]


def test_a_generator_is_closed_when_its_output_cannot_be_stored() -> None:
    closed = []

    class Broken(dg.IOManager):
        def handle_output(self, context: dg.OutputContext, obj: Any) -> None:
            raise OSError("no disk")

        def load_input(self, context: dg.InputContext) -> Any: ...

    @dg.asset
    def a() -> Any:
        try:
            yield dg.Output(1)
        finally:
            closed.append(True)

    with pytest.raises(OSError, match="no disk"):
        dg.materialize([a], resources={"io_manager": Broken()})
    assert closed == [True]


def test_sys_exit_fails_the_step_and_not_the_program() -> None:
    @dg.asset
    def quits() -> None:
        sys.exit(3)

    result = dg.materialize([quits], raise_on_error=False)
    assert "sys.exit(3)" in result.failure_data_for_node("quits").error.message


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_cancels_the_run_and_its_record_is_finished(number: int, tmp_path: Path) -> None:
    program = textwrap.dedent(
        """
        import sys, time
        import treadle as dg

        @dg.asset
        def slow() -> None:
            print("started", flush=True)
            time.sleep(60)

        @dg.asset(deps=[slow])
        def after() -> None: ...

        try:
            dg.materialize([slow, after], instance=dg.DagsterInstance.local_temp(sys.argv[1]))
        except KeyboardInterrupt:
            print("interrupted")
        """
    )
    with subprocess.Popen(
        [sys.executable, "-c", program, str(tmp_path)], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "started\n"
        process.send_signal(number)
        assert process.stdout.read() == "interrupted\n"
    assert process.returncode == 0
    [run] = dg.DagsterInstance.local_temp(str(tmp_path)).get_runs()
    assert run.status is dg.DagsterRunStatus.CANCELED


def test_a_run_leaves_the_programs_signal_handlers_as_they_were() -> None:
    @dg.asset
    def a() -> None: ...

    before = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
    dg.materialize([a])
    assert (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)) == before
