"""The programs of these files do the same under Dagster and under Treadle. Dagster is used
where it is installed: in this Python, or in the one that the environment variable TREADLE_DAGSTER_PYTHON
names."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

FILES = ("config_parity_programs.py", "resource_parity_programs.py", "io_parity_programs.py")
FOLDER = Path(__file__).parent


def told_by(python: str, module: str) -> dict[str, Any]:
    told: dict[str, Any] = {}
    for file in FILES:
        done = subprocess.run(
            [python, str(FOLDER / file), module], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        told.update(json.loads(done.stdout.strip().splitlines()[-1]))
    return told


@pytest.fixture(scope="module")
def ours() -> dict[str, Any]:
    return told_by(sys.executable, "treadle")


@pytest.fixture(scope="module")
def theirs() -> dict[str, Any]:
    python = os.environ.get("TREADLE_DAGSTER_PYTHON")
    if python is None and importlib.util.find_spec("dagster"):
        python = sys.executable
    if python is None:
        pytest.skip("Dagster is not installed")
    return told_by(python, "dagster")


def names() -> list[str]:
    lines = [line for file in FILES for line in (FOLDER / file).read_text().splitlines()]
    return [lines[i + 1][4:-5] for i, line in enumerate(lines) if line == "@program"]


@pytest.mark.parametrize("name", names())
def test_a_program_does_the_same(name: str, ours: dict[str, Any], theirs: dict[str, Any]) -> None:
    assert ours[name] == theirs[name]
    assert "PROGRAM FAILED" not in ours[name]
