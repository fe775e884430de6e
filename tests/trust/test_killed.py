"""SIGKILL from outside at random instants: the record holds, nothing lives on, `resume` finishes the run."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import time
from collections import Counter
from pathlib import Path

import pytest

from trust import BIN, Project, assert_no_step_begins_after_its_success, succeeded

PIPELINE = """
import os
import treadle as dg

def begin(name):
    with open(os.environ["LEDGER"], "a") as file:
        file.write(name + "\\n")

@dg.asset
def a():
    begin("a")
    return 1

@dg.asset
def b(a):
    begin("b")
    return a + 1

@dg.asset
def c(a):
    begin("c")
    return [a] * 20_000

@dg.asset
def d(b, c):
    begin("d")
    return {"b": b, "c": len(c)}

@dg.multi_asset(outs={"e": dg.AssetOut(), "f": dg.AssetOut()})
def ef(d):
    begin("ef")
    yield dg.Output(b"x" * 200_000, "e")
    yield dg.Output("text", "f")

@dg.asset
def g(e, f):
    begin("g")
    return len(e) + len(f)
"""
STEPS = ["a", "b", "c", "d", "ef", "g"]


def finish_with_kills(project: Project, start: list[str], kills: int, seconds: float, seed: int) -> int:
    """Starts or resumes run `r` until it ends by itself; kills the first `kills` attempts."""
    chance = random.Random(seed)
    done_before: set[str] = set()
    for attempt in range(kills + 2):
        run = project("run", "show", "r", code=None)
        resume = run.code == 0
        if not resume:
            project.ledger.unlink(missing_ok=True)  # what began was lost together with the run
        before = Counter(project.steps())
        process = project.start(*(["run", "resume", "r"] if resume else start))
        if attempt < kills:
            try:
                process.wait(chance.uniform(0, seconds))
            except subprocess.TimeoutExpired:
                process.kill()
        out, err = process.communicate(timeout=60)
        project.wait_until_alone()
        again = Counter(project.steps()) - before
        assert not done_before & set(again), "a step that was recorded as finished began again"
        assert process.returncode in (0, -signal.SIGKILL), (process.returncode, out[-2000:], err[-2000:])
        project("artifact", "verify")
        if project("run", "show", "r", code=None).code == 0:
            events = project.events("r")
            assert_no_step_begins_after_its_success(events)
            done_now = set(succeeded(events))
            assert done_before <= done_now, "an event was lost"
            done_before = done_now
        if process.returncode == 0:
            return attempt
    raise AssertionError("the run never ended")


@pytest.mark.parametrize("executor", ["in_process", "process"])
def test_a_python_run_is_finished_however_often_it_is_killed(tmp_path: Path, executor: str) -> None:
    start = ["materialize", "-f", "pipeline.py", "--run-id", "r", "--executor", executor]
    killed = 0
    seconds = 0.0
    for round_ in range(6):
        folder = tmp_path / str(round_)
        folder.mkdir()
        project = Project(folder)
        project.write("pipeline.py", PIPELINE)
        began = time.monotonic()
        if round_ == 0:
            project(*start)
            seconds = time.monotonic() - began
        else:
            killed += finish_with_kills(project, start, 5, seconds, seed=round_)
        assert succeeded(project.events("r")) == Counter(STEPS)
        assert len(project.json("artifact", "ls")["artifacts"]) == 7
        project("run", "show", "r")
    assert killed > 0


def test_a_cpp_run_is_finished_however_often_it_is_killed(tmp_path: Path) -> None:
    start = ["materialize", "--run-id", "r", "--executor", "process"]
    killed = 0
    seconds = 0.0
    for round_ in range(6):
        folder = tmp_path / str(round_)
        folder.mkdir()
        project = Project(folder, BIN / "iris")
        began = time.monotonic()
        if round_ == 0:
            project(*start)
            seconds = time.monotonic() - began
        else:
            killed += finish_with_kills(project, start, 6, seconds, seed=round_)
        assert set(succeeded(project.events("r")).values()) == {1}
    assert killed > 0


WAITING = """
import os, time
import treadle as dg

def begin(name):
    with open(os.environ["LEDGER"], "a") as file:
        file.write(f"{name} {os.getpid()} {os.getppid()}\\n")

@dg.asset
def first():
    begin("first")

@dg.asset(deps=[first])
def waiting():
    begin("waiting")
    if not os.path.exists("go"):
        time.sleep(60)

@dg.asset(deps=[first])
def beside():
    begin("beside")
"""


def start_and_wait_for(project: Project, step: str, *words: str) -> tuple[subprocess.Popen[bytes], list[int]]:
    """A run that has come to `step`; the process of the step and its parent."""
    process = project.start(*words)
    end = time.monotonic() + 30
    while True:
        lines = project.ledger.read_text().splitlines() if project.ledger.exists() else []
        for line in lines:
            if line.startswith(step + " ") and len(line.split()) == 3:
                return process, [int(word) for word in line.split()[1:]]
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < end
        time.sleep(0.005)


def waiting_project(folder: Path) -> Project:
    project = Project(folder)
    project.write("pipeline.py", WAITING)
    return project


MATERIALIZE = ("materialize", "-f", "pipeline.py", "--run-id", "r", "--max-concurrent", "1")


def finish(project: Project) -> None:
    project.wait_until_alone()
    project.write("go", "")
    project("run", "resume", "r")
    events = project.events("r")
    assert_no_step_begins_after_its_success(events)
    assert succeeded(events) == Counter(["first", "waiting", "beside"])


def test_a_killed_zygote_ends_the_run_and_says_so(tmp_path: Path) -> None:
    project = waiting_project(tmp_path)
    run, (_, zygote) = start_and_wait_for(project, "waiting", *MATERIALIZE, "--executor", "process")
    os.kill(zygote, signal.SIGKILL)
    out, _ = run.communicate(timeout=30)
    assert run.returncode == 1
    assert b"process that starts steps is gone" in out
    finish(project)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT, signal.SIGSEGV])
def test_a_step_killed_from_outside_fails_alone(tmp_path: Path, number: signal.Signals) -> None:
    project = waiting_project(tmp_path)
    run, (step, _) = start_and_wait_for(project, "waiting", *MATERIALIZE, "--executor", "process")
    os.kill(step, number)
    out, _ = run.communicate(timeout=30)
    assert run.returncode == 1, out
    reason = b"a signal from elsewhere" if number in (signal.SIGTERM, signal.SIGINT) else number.name.encode()
    assert reason in out
    assert succeeded(project.events("r")) == Counter(["first", "beside"])
    finish(project)


@pytest.mark.parametrize("executor", ["in_process", "process"])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_cancels_the_run_and_the_record_says_so(
    tmp_path: Path, executor: str, number: signal.Signals
) -> None:
    project = waiting_project(tmp_path)
    run, _ = start_and_wait_for(project, "waiting", *MATERIALIZE, "--executor", executor)
    run.send_signal(number)
    run.communicate(timeout=30)
    assert run.returncode == 130
    project.wait_until_alone()
    assert project.json("run", "show", "r")["run"]["status"] == "CANCELED"
    finish(project)


STUBBORN = """
import os, signal, time
import treadle as dg

@dg.asset
def stubborn():
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    with open(os.environ["LEDGER"], "a") as file:
        file.write(f"stubborn {os.getpid()} {os.getppid()}\\n")
    end = time.monotonic() + 60
    while time.monotonic() < end:
        try:
            time.sleep(60)
        except KeyboardInterrupt:
            pass
"""


@pytest.mark.parametrize("executor", ["in_process", "process"])
def test_a_second_ctrl_c_ends_what_does_not_stop(tmp_path: Path, executor: str) -> None:
    project = Project(tmp_path)
    project.write("pipeline.py", STUBBORN)
    run, _ = start_and_wait_for(project, "stubborn", *MATERIALIZE, "--executor", executor)
    run.send_signal(signal.SIGINT)
    end = time.monotonic() + 30
    while run.poll() is None:
        time.sleep(0.02)
        run.send_signal(signal.SIGINT)
        assert time.monotonic() < end
    run.communicate(timeout=30)
    project.wait_until_alone()
    assert project.json("run", "show", "r")["run"]["status"] in ("STARTED", "CANCELED", "CANCELING")
    project("artifact", "verify")


RETRYING = """
import os
import treadle as dg

@dg.asset(retry_policy=dg.RetryPolicy(max_retries=3, delay=600))
def tries():
    with open(os.environ["LEDGER"], "a") as file:
        file.write(f"tries {os.getpid()} {os.getppid()}\\n")
    if not os.path.exists("go"):
        raise ValueError("not yet")
"""


@pytest.mark.parametrize("executor", ["in_process", "process"])
def test_ctrl_c_ends_the_wait_for_a_retry(tmp_path: Path, executor: str) -> None:
    project = Project(tmp_path)
    project.write("pipeline.py", RETRYING)
    run, _ = start_and_wait_for(project, "tries", *MATERIALIZE, "--executor", executor)
    while not any(e["type"] == "STEP_UP_FOR_RETRY" for e in project.events("r")):
        time.sleep(0.01)
    run.send_signal(signal.SIGINT)
    run.communicate(timeout=30)
    assert run.returncode == 130
    project.wait_until_alone()
    project.write("go", "")
    project("run", "resume", "r")
    assert succeeded(project.events("r")) == Counter(["tries"])


@pytest.mark.parametrize("executor", ["in_process", "process"])
def test_a_run_that_is_going_on_cannot_be_resumed(tmp_path: Path, executor: str) -> None:
    project = waiting_project(tmp_path)
    run, _ = start_and_wait_for(project, "waiting", *MATERIALIZE, "--executor", executor)
    refused = project("run", "resume", "r", code=5)
    assert "being executed by another process" in refused.err
    assert run.poll() is None
    run.kill()
    run.communicate()
    finish(project)


POOL = """
import os, time
import treadle as dg

@dg.asset
def pools():
    if os.path.exists("go"):
        return
    if os.fork() == 0:
        with open(os.environ["LEDGER"], "a") as file:
            file.write(f"worker {os.getpid()} {os.getppid()}\\n")
        time.sleep(60)
        os._exit(0)
    time.sleep(60)
"""


@pytest.mark.parametrize("executor", ["in_process", "process"])
def test_a_worker_that_outlives_a_killed_run_does_not_keep_it_busy(tmp_path: Path, executor: str) -> None:
    project = Project(tmp_path)
    project.write("pipeline.py", POOL)
    run, (worker, _) = start_and_wait_for(project, "worker", *MATERIALIZE, "--executor", executor)
    run.kill()
    run.wait(timeout=30)
    for pipe in (run.stdout, run.stderr):  # the worker has them too: they do not end
        assert pipe
        pipe.close()
    os.kill(worker, 0)  # it lives: user code started it, and user code must end it
    project.write("go", "")
    project("run", "resume", "r")
    os.kill(worker, signal.SIGKILL)
    project.wait_until_alone()
