"""The programs of partition_parity_programs.py see the same under Dagster and under Treadle."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

PROGRAMS = Path(__file__).with_name("partition_parity_programs.py")
NAMES = [
    line[4 : line.index("(")] for line in PROGRAMS.read_text().splitlines() if "(dg: Any) -> Any:" in line
]


def told_by(python: str, module: str) -> dict[str, Any]:
    done = subprocess.run([python, str(PROGRAMS), module], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    told: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return told


@pytest.fixture(scope="module")
def ours() -> dict[str, Any]:
    return told_by(sys.executable, "treadle")


@pytest.fixture(scope="module")
def theirs() -> dict[str, Any]:
    python = os.environ.get("TREADLE_DAGSTER_PYTHON", sys.executable)
    asked = subprocess.run([python, "-c", "import dagster"], capture_output=True, check=False)
    if asked.returncode != 0:
        pytest.skip("Dagster is not installed")
    return told_by(python, "dagster")


@pytest.mark.parametrize("name", NAMES)
def test_sees_the_same(name: str, ours: dict[str, Any], theirs: dict[str, Any]) -> None:
    assert ours[name] == theirs[name]


def test_every_program_says_something(ours: dict[str, Any]) -> None:
    assert set(ours) == set(NAMES)
    assert all(ours.values())
