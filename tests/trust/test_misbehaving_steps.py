"""Steps that do what no step should: each fails alone, with its reason, and the run goes on to its end."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Any

import pytest

from trust import Project, succeeded

CRASHES = """
import ctypes, os, resource, signal, sys, time
import treadle as dg

@dg.asset
def segfaults(): ctypes.string_at(0)

@dg.asset
def exits(): os._exit(3)

@dg.asset
def aborts(): os.abort()

@dg.asset
def closes():
    os.closerange(0, 256)
    return 1

@dg.asset
def is_killed(): os.kill(os.getpid(), signal.SIGKILL)

@dg.asset
def burns():
    resource.setrlimit(resource.RLIMIT_CPU, (1, 2))
    signal.signal(signal.SIGXCPU, signal.SIG_DFL)
    while True:
        pass

@dg.asset
def writes_too_much():
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
    signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
    with open("much", "w") as file:
        file.write("x" * 10_000)

@dg.asset
def stops_itself(): os.kill(os.getpid(), signal.SIGTERM); time.sleep(60)

@dg.asset
def interrupts(): raise KeyboardInterrupt
"""
# What both executors must survive.
ERRORS = """
import os, resource, subprocess, sys, threading, time
import treadle as dg

@dg.asset
def recurses():
    def again(): return again()
    return again()

@dg.asset
def eats():
    limit = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (2 << 30, limit[1]))
    try:
        bytearray(8 << 30)
    finally:
        resource.setrlimit(resource.RLIMIT_AS, limit)

@dg.asset
def leaves(): sys.exit(0)

@dg.asset
def leaves_with_words(): raise SystemExit("bye")

class Odd(BaseException): pass

@dg.asset
def odd(): raise Odd("odd thing")

@dg.asset
def cannot_be_pickled(): return lambda: 1

class Evil:
    def __reduce__(self): raise RuntimeError("no way to reduce me")

@dg.asset
def refuses_pickle(): return Evil()

class Mute(Exception):
    def __str__(self): raise RuntimeError

@dg.asset
def mute(): raise Mute

@dg.asset
def ends_generator():
    yield dg.Output(1)
    raise GeneratorExit

@dg.asset
def strange_text(): raise ValueError("\\udce4 \\x1b[31m \\x00")
"""
FINE = """
@dg.asset
def shouts():
    for _ in range(100):
        print("x" * 99_999)
    return 1

@dg.asset
def leaves_thread():
    threading.Thread(target=time.sleep, args=(0.5,)).start()
    return 1

@dg.asset
def leaves_daemon():
    subprocess.Popen(["sleep", "5"], start_new_session=True, env={}, stdout=-3, stderr=-3)
    return 1

@dg.asset
def moves():
    os.chdir("/")
    return 1

@dg.asset
def after(moves): return 2
"""
GRANDCHILD = """
@dg.asset
def forks():
    if os.fork() == 0:
        with open(os.environ["LEDGER"], "w") as file:
            file.write(str(os.getpid()))
        time.sleep(60)
        os._exit(0)
    return 1
"""
IMPORTS = "import os, subprocess, threading, time\nimport treadle as dg\n"


def failures(project: Project) -> dict[str, dict[str, Any]]:
    return {e["step_key"]: e["payload"] for e in project.events("r") if e["type"] == "STEP_FAILURE"}


def materialize(project: Project, code: str, executor: str, expected: int) -> str:
    project.write("pipeline.py", code)
    words = ["materialize", "-f", "pipeline.py", "--run-id", "r", "--executor", executor]
    done = project(*words, "--max-concurrent", "4", code=expected)
    project.wait_until_alone()
    assert project.json("artifact", "verify")["ok"]
    return done.text


def test_a_step_that_crashes_fails_alone_with_its_reason(tmp_path: Path) -> None:
    project = Project(tmp_path)
    out = materialize(project, CRASHES + "\n@dg.asset\ndef fine(): return 1\n", "process", 1)
    failed = failures(project)
    assert succeeded(project.events("r")) == {"fine": 1}
    assert failed["segfaults"]["exit"] == {"signal": "SIGSEGV", "number": 11}
    assert failed["exits"]["exit"] == {"code": 3}
    assert failed["aborts"]["exit"]["signal"] == "SIGABRT"
    assert failed["is_killed"]["exit"]["signal"] == "SIGKILL"
    assert failed["burns"]["exit"]["signal"] == "SIGXCPU"
    assert failed["writes_too_much"]["exit"]["signal"] == "SIGXFSZ"
    assert "closed files" in failed["closes"]["error"]["message"]
    for step in ("stops_itself", "interrupts"):
        assert "the run was not" in failed[step]["error"]["message"]
    for reason in ("SIGSEGV", "SIGABRT", "SIGKILL", "SIGXCPU", "code 3"):
        assert reason in out


@pytest.mark.parametrize("executor", ["in_process", "process"])
def test_a_step_that_raises_anything_fails_alone(tmp_path: Path, executor: str) -> None:
    project = Project(tmp_path)
    out = materialize(project, ERRORS + "\n@dg.asset\ndef fine(): return 1\n", executor, 1)
    assert succeeded(project.events("r")) == {"fine": 1}
    error = {step: payload["error"] for step, payload in failures(project).items()}
    assert len(error) == 10
    assert error["recurses"]["cls_name"] == "RecursionError"
    assert error["eats"]["cls_name"] == "MemoryError"
    assert "sys.exit(0)" in error["leaves"]["message"]
    assert "'bye'" in error["leaves_with_words"]["message"]
    assert error["odd"]["message"] == "odd thing"
    assert "pickle" in error["cannot_be_pickled"]["message"]
    assert "no way to reduce me" in error["refuses_pickle"]["message"]
    assert "def mute(): raise Mute" in error["mute"]["stack"]
    assert error["ends_generator"]["cls_name"] == "GeneratorExit"
    assert "\x1b" not in out
    assert "\x00" not in out


@pytest.mark.parametrize("executor", ["in_process", "process"])
def test_what_is_only_odd_succeeds(tmp_path: Path, executor: str) -> None:
    project = Project(tmp_path)
    out = materialize(project, IMPORTS + FINE, executor, 0)
    assert out.count("x" * 99_999) == 100
    assert len(succeeded(project.events("r"))) == 5


@pytest.mark.parametrize("executor", ["in_process", "process"])
def test_a_grandchild_that_lives_on_keeps_no_run_waiting(tmp_path: Path, executor: str) -> None:
    project = Project(tmp_path)
    project.write("pipeline.py", IMPORTS + GRANDCHILD)
    run = project.start("materialize", "-f", "pipeline.py", "--run-id", "r", "--executor", executor)
    assert run.wait(timeout=30) == 0
    for pipe in (run.stdout, run.stderr):
        assert pipe
        pipe.close()
    assert project.json("run", "show", "r")["run"]["status"] == "SUCCESS"
    for left in project.processes():
        os.kill(left, signal.SIGKILL)
    project.wait_until_alone()
