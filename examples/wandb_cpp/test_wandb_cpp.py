"""A C++ asset reads the file of a W&B artifact that a Python asset made, in one home."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
HERE = Path(__file__).resolve().parent
BIN = ROOT / "build" / "release" / "bin"


def run(home: Path, *words: str) -> Any:
    kept = {n: v for n, v in os.environ.items() if not n.startswith(("TREADLE_", "DAGSTER_", "WANDB_"))}
    done = subprocess.run(
        [*words, "--home", str(home), "--json"],
        cwd=home.parent,
        env=kept,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout)


def test_the_model_travels_from_python_to_cpp(tmp_path: Path) -> None:
    home = tmp_path / "home"
    run(home, sys.executable, "-m", "treadle", "materialize", "-f", str(HERE / "model.py"))
    run(home, str(BIN / "wandb_score"), "materialize")
    shown = run(home, str(BIN / "treadle"), "artifact", "show", "scores")
    assert shown["version"]["type"] == "scores"
    assert "newest" in shown["version"]["aliases"]
    assert shown["version"]["metadata"]["source_integration"] == "dagster_wandb"
    assert shown["made_from"] == ["local/default/line_model:v0"]
    folder = tmp_path / "out"
    run(home, str(BIN / "treadle"), "artifact", "get", "scores", str(folder))
    assert json.loads((folder / "output.json").read_text()) == [1, 3, 5]
    lineage = run(home, str(BIN / "treadle"), "artifact", "lineage", "report")
    names = {version["collection"] for version in lineage["versions"]}
    assert names == {"report", "scores", "line_model"}
