"""Conditions, graphs and histories made at random: the same is requested under Dagster and under Treadle
(condition_parity_programs.py, wide_condition_parity_programs.py).
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent
# Each program with so many seeds.
PROGRAMS = {"condition_parity_programs.py": 30, "wide_condition_parity_programs.py": 14}


def told_by(python: str, module: str, program: str) -> dict[str, Any]:
    command = [python, str(HERE / program), module, "0", str(PROGRAMS[program])]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    told: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return told


@pytest.mark.parametrize("program", PROGRAMS)
def test_the_same_is_requested(program: str) -> None:
    ours = told_by(sys.executable, "treadle", program)
    assert sum(1 for told in ours.values() for _, requested in told if requested) > PROGRAMS[program]
    python = os.environ.get("TREADLE_DAGSTER_PYTHON", sys.executable)
    if subprocess.run([python, "-c", "import dagster"], capture_output=True, check=False).returncode != 0:
        pytest.skip("Dagster is not installed")
    theirs = told_by(python, "dagster", program)
    different = [seed for seed in theirs if theirs[seed] != ours[seed]]
    assert different == []
