"""Conditions, graphs and histories made at random: the same is requested under Dagster and under Treadle
(condition_parity_programs.py).
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

PROGRAMS = Path(__file__).with_name("condition_parity_programs.py")
COUNT = 30


def told_by(python: str, module: str) -> dict[str, Any]:
    command = [python, str(PROGRAMS), module, "0", str(COUNT)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    told: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return told


@pytest.fixture(scope="module")
def ours() -> dict[str, Any]:
    return told_by(sys.executable, "treadle")


def test_the_programs_request_something(ours: dict[str, Any]) -> None:
    assert sum(1 for told in ours.values() for _, requested in told if requested) > COUNT


def test_the_same_is_requested(ours: dict[str, Any]) -> None:
    python = os.environ.get("TREADLE_DAGSTER_PYTHON", sys.executable)
    if subprocess.run([python, "-c", "import dagster"], capture_output=True, check=False).returncode != 0:
        pytest.skip("Dagster is not installed")
    theirs = told_by(python, "dagster")
    different = [seed for seed in theirs if theirs[seed] != ours[seed]]
    assert different == []
