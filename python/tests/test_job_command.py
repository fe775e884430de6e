"""Jobs of assets from the command line: their hooks, configuration, executor and checks."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

PIPELINE = """
import os
import treadle as dg

class Size(dg.Config):
    n: int = 1

@dg.success_hook(required_resource_keys={"greeting"})
def greet(context):
    print(context.resources.greeting, context.op.name, context.step_key, flush=True)

@dg.op
def draft(): return 1

@dg.graph_asset
def page(): return draft()

@dg.asset
def size(config: Size) -> int: return config.n

@dg.asset
def process() -> int: return os.getpid() == PARENT

@dg.asset_check(asset=size)
def small(size): return dg.AssetCheckResult(passed=size < 5)

@dg.asset_check(asset=size)
def even(size): return dg.AssetCheckResult(passed=size % 2 == 0)

PARENT = os.getpid()
defs = dg.Definitions(
    [page, size, process],
    asset_checks=[small, even],
    resources={"greeting": dg.ResourceDefinition.hardcoded_resource("hello from")},
    jobs=[
        dg.define_asset_job(
            "hooked", [page, size], hooks={greet}, config={"ops": {"size": {"config": {"n": 4}}}}
        ),
        dg.define_asset_job("checks", dg.AssetSelection.checks(small)),
        dg.define_asset_job("apart", [process], executor_def=dg.multiprocess_executor),
        dg.define_asset_job("here", [process], executor_def=dg.in_process_executor),
    ],
)
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "pipeline.py").write_text(PIPELINE)
    return tmp_path


def treadle(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "treadle", *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def run(folder: Path, *arguments: str) -> Any:
    done = treadle(folder, "materialize", *arguments, "--json", "-f", "pipeline.py")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout[done.stdout.index("{") :])
    return told, done


def test_hooks_and_configuration_of_the_job(folder: Path) -> None:
    told, done = run(folder, "--job", "hooked")
    lines = [line for line in (done.stdout + done.stderr).splitlines() if line.startswith("hello from")]
    steps = ["draft page.draft", "size size", "size_even size_even", "size_small size_small"]
    assert sorted(lines) == [f"hello from {step}" for step in steps]
    again = treadle(folder, "run", "reexecute", told["run"]["run_id"], "-f", "pipeline.py")
    assert (again.stdout + again.stderr).count("hello from") == 4


def test_only_the_checks_of_a_job_of_checks(folder: Path) -> None:
    run(folder, "size")
    told, _ = run(folder, "--job", "checks")
    assert [step["step_key"] for step in told["steps"]] == ["size_small"]
    assert told["success"]


def test_a_check_is_called_so_in_the_table(folder: Path) -> None:
    done = treadle(folder, "materialize", "--job", "checks", "-f", "pipeline.py")
    assert done.returncode == 1
    assert "check small of size  " in done.stdout


@pytest.mark.parametrize(
    ("job", "flags", "executor"),
    [
        ("apart", [], "process"),
        ("here", [], "in_process"),
        ("apart", ["--executor", "in_process"], "in_process"),
    ],
)
def test_the_executor_is_the_jobs_unless_a_flag_says_so(
    folder: Path, job: str, flags: list[str], executor: str
) -> None:
    told, _ = run(folder, "--job", job, *flags)
    assert told["run"]["executor"] == executor


def test_what_execution_and_loggers_may_say_is_checked(folder: Path) -> None:
    for config, path in (
        ({"execution": {"config": {"max_concurent": 2}}}, "root:execution:config"),
        ({"loggers": {"consle": {}}}, "root:loggers"),
    ):
        config_text = json.dumps(config)
        done = treadle(folder, "materialize", "--job", "apart", "--config", config_text, "-f", "pipeline.py")
        assert done.returncode != 0
        assert f"at path {path}" in done.stderr
