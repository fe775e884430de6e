"""A C++ asset reads the file of a W&B artifact that a Python asset made, in one home."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

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


def scores_of_onnxruntime(file: Path) -> list[float]:
    """What ONNX Runtime makes of the same file."""
    import numpy
    import onnxruntime

    session = onnxruntime.InferenceSession(file.read_bytes())
    x = numpy.array([[0], [1], [2]], "float32")
    [y] = session.run(["y"], {"x": x})
    return [float(row[0]) for row in y]


def test_the_model_travels_from_python_to_cpp(tmp_path: Path) -> None:
    for module in ("onnx", "onnxruntime"):
        pytest.importorskip(module)
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
    scores = json.loads((folder / "output.json").read_text())
    assert scores == [1, 3, 5]
    run(home, str(BIN / "treadle"), "artifact", "get", "line_model", str(tmp_path / "model"))
    assert scores == scores_of_onnxruntime(tmp_path / "model" / "model.onnx")
    lineage = run(home, str(BIN / "treadle"), "artifact", "lineage", "report")
    names = {version["collection"] for version in lineage["versions"]}
    assert names == {"report", "scores", "line_model"}
