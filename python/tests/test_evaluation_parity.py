"""What conditions find and which runs are asked for, the same under Dagster and under Treadle
(evaluation_parity_programs.py).
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

PROGRAM = Path(__file__).with_name("evaluation_parity_programs.py")


def told_by(python: str, module: str) -> dict[str, Any]:
    done = subprocess.run([python, str(PROGRAM), module], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    told: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return told


def test_conditions_and_requests() -> None:
    ours = told_by(sys.executable, "treadle")
    follows_itself = [tick[0] for tick in ours["an_asset_that_follows_itself"]]
    assert follows_itself == [0, 1, 0, 1, 0]
    assert [tick[0] for tick in ours["checks_that_are_evaluated_with_their_asset"]] == [0, 2]
    assert [tick[0] for tick in ours["a_job_beside_assets"]] == [0, 1, 1, 1, 1]
    python = os.environ.get("TREADLE_DAGSTER_PYTHON", sys.executable)
    if subprocess.run([python, "-c", "import dagster"], capture_output=True, check=False).returncode != 0:
        pytest.skip("Dagster is not installed")
    theirs = told_by(python, "dagster")
    different = {name: (theirs[name], ours[name]) for name in theirs if theirs[name] != ours[name]}
    assert different == {}
