"""The programs of parity_programs.py do the same under Dagster and under Treadle. Dagster is used where it is
installed: in this Python, or in the one that the environment variable TREADLE_DAGSTER_PYTHON names."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

PROGRAMS = Path(__file__).with_name("parity_programs.py")


def told_by(python: str, module: str) -> dict[str, Any]:
    done = subprocess.run([python, str(PROGRAMS), module], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def dagsters_python() -> str | None:
    named = os.environ.get("TREADLE_DAGSTER_PYTHON")
    if named:
        return named
    # Asked of a fresh process: in this one, another test may have made `dagster` another name of treadle.
    asked = subprocess.run([sys.executable, "-c", "import dagster"], capture_output=True, check=False)
    return sys.executable if asked.returncode == 0 else None


@pytest.fixture(scope="module")
def ours() -> dict[str, Any]:
    return told_by(sys.executable, "treadle")


@pytest.fixture(scope="module")
def theirs() -> dict[str, Any]:
    python = dagsters_python()
    if python is None:
        pytest.skip("Dagster is not installed")
    return told_by(python, "dagster")


def names() -> list[str]:
    return [
        line[4:-5]
        for line in PROGRAMS.read_text().splitlines()
        if line.startswith("def ") and line.endswith("(dg):")
    ]


def test_every_program_runs_to_its_end(ours: dict[str, Any]) -> None:
    raised = {name: told["raised"] for name, told in ours.items() if "raised" in told}
    assert raised == {
        "failure_is_raised": "Failure",
        "too_many_retries": "DagsterMaxRetriesExceededError",
        "type_check": "DagsterTypeCheckDidNotPass",
        "missing_output": "DagsterStepOutputNotFoundError",
        "unknown_resource": "DagsterInvalidDefinitionError",
    }


@pytest.mark.parametrize("name", names())
def test_a_program_does_the_same_as_under_dagster(
    name: str, ours: dict[str, Any], theirs: dict[str, Any]
) -> None:
    assert ours[name] == theirs[name]
