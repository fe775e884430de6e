"""The programs of these files do the same under Dagster and under Treadle. Dagster is used where it is
installed: in this Python, or in the one that the environment variable TREADLE_DAGSTER_PYTHON names."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

FILES = (
    "op_parity_programs.py",
    "graph_parity_programs.py",
    "execution_parity_programs.py",
    "asset_parity_programs.py",
    "authoring_parity_programs.py",
    "pipes_parity_programs.py",
    "refusal_parity_programs.py",
    "project_parity_programs.py",
    "job_parity_programs.py",
)
FOLDER = Path(__file__).parent


def told_by(python: str, module: str) -> dict[str, Any]:
    told: dict[str, Any] = {}
    for file in FILES:
        command = [python, str(FOLDER / file), module]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        told.update(json.loads(done.stdout.strip().splitlines()[-1]))
    return told


def dagsters_python() -> str | None:
    named = os.environ.get("TREADLE_DAGSTER_PYTHON")
    return named or (sys.executable if importlib.util.find_spec("dagster") else None)


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
    lines = [line for file in FILES for line in (FOLDER / file).read_text().splitlines()]
    return [lines[i + 1][4:-5] for i, line in enumerate(lines) if line == "@program"]


@pytest.mark.parametrize("name", names())
def test_a_program_of_ops_does_the_same(name: str, ours: dict[str, Any], theirs: dict[str, Any]) -> None:
    assert ours[name] == theirs[name]
