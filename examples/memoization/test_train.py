"""The log of docs/concepts/staleness.md: skipped when nothing changed, cut off where it does not matter."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
NOT_RUN = "Not run: its code version, configuration and inputs are those of run"


def train(folder: Path) -> set[str]:
    """The assets that were not run."""
    command = [sys.executable, "-m", "treadle", "materialize", "--job", "train", "-f", "pipeline.py"]
    environment = {**os.environ, "TREADLE_HOME": str(folder / "home")}
    done = subprocess.run(
        command, cwd=folder / "memoization", env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    lines = (done.stdout + done.stderr).splitlines()
    return {line.split(":")[0].strip() for line in lines if NOT_RUN in line}


def test_it_skips_and_cuts_off_early(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    data = tmp_path / "data" / "temperatures.csv"
    shutil.copy(HERE.parent / "data" / "temperatures.csv", data)
    shutil.copytree(HERE, tmp_path / "memoization")
    assert train(tmp_path) == set()
    assert train(tmp_path) == {"readings", "seattle", "model"}
    # Another city: `seattle` writes the same bytes, so that `model` is not made again.
    data.write_text(
        data.read_text().replace("san-francisco,2010-02-01,0,49.5", "san-francisco,2010-02-01,0,1.5")
    )
    assert train(tmp_path) == {"model"}
    assert json.loads(status(tmp_path))["assets"][-1]["status"] == "fresh"


def status(folder: Path) -> str:
    command = [sys.executable, "-m", "treadle", "status", "model", "-f", "pipeline.py", "--json"]
    environment = {**os.environ, "TREADLE_HOME": str(folder / "home")}
    return subprocess.run(
        command, cwd=folder / "memoization", env=environment, capture_output=True, text=True, check=True
    ).stdout
