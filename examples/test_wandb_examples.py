"""Each of the W&B examples runs as its text says, and leaves what it promises."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

EXAMPLES = Path(__file__).resolve().parent


class Project:
    def __init__(self, name: str, folder: Path) -> None:
        self.program = {"wandb_onnx": "onnx_model.py", "wandb_partitions": "sales.py"}.get(
            name, f"{name.removeprefix('wandb_')}.py"
        )
        self.folder = folder / name
        shutil.copytree(EXAMPLES / name, self.folder, ignore=shutil.ignore_patterns("__pycache__"))
        (self.folder / "pyproject.toml").write_text("")
        kept = {n: v for n, v in os.environ.items() if not n.startswith(("TREADLE_", "DAGSTER_", "WANDB_"))}
        self.environment = {**kept, "WANDB_API_KEY": "unused"}

    def python(self, *words: str) -> str:
        done = subprocess.run(
            [sys.executable, *words], cwd=self.folder, env=self.environment, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def treadle(self, *words: str) -> Any:
        return json.loads(self.python("-m", "treadle", *words, "--json"))

    def materialize(self) -> set[str]:
        report = self.treadle("materialize", "-f", self.program)
        assert report["success"]
        return {a["artifact"] for step in report["steps"] for a in step["assets"] if a["materialized"]}


@pytest.mark.parametrize(
    ("name", "made"),
    [
        ("wandb_simple", {"my_entity/my_project/my_artifact:v0", "my_entity/my_project/total:v0"}),
        ("wandb_advanced", {"demo/advanced/my_advanced_artifact:v0"}),
        ("wandb_serialization", {"demo/serialization/model:v0", "demo/serialization/inference:v0"}),
        ("wandb_onnx", {f"demo/onnx/{n}:v0" for n in ("my_onnx_model", "my_test_set", "experiment_results")}),
        ("wandb_reading", {f"demo/reading/{n}:v0" for n in ("measurements", "column", "note", "overview")}),
        ("wandb_tracking", {"demo/tracking/model:v0"}),
    ],
)
def test_the_example_makes_its_artifacts(name: str, made: set[str], tmp_path: Path) -> None:
    if name == "wandb_serialization":
        pytest.importorskip("cloudpickle")
    if name == "wandb_onnx":
        for module in ("skl2onnx", "onnxruntime", "sklearn"):
            pytest.importorskip(module)
    assert Project(name, tmp_path).materialize() == made


def test_an_artifact_made_elsewhere_is_read(tmp_path: Path) -> None:
    project = Project("wandb_source_asset", tmp_path)
    project.python("make_words.py")
    assert project.materialize() == {"demo/source/longest:v0"}


def test_metrics_are_of_the_executed_run(tmp_path: Path) -> None:
    project = Project("wandb_tracking", tmp_path)
    project.materialize()
    [tracked] = project.treadle("run", "show", "latest")["tracked"]
    assert tracked["state"] == "finished"
    assert tracked["config"]["rate"] == 0.05
    assert tracked["summary"]["loss"]["min"] < 0.02
    assert tracked["history_lines"] == 30


def test_the_better_model_is_in_the_registry(tmp_path: Path) -> None:
    project = Project("wandb_registry", tmp_path)
    project.materialize()
    shown = project.treadle("artifact", "show", "demo/wandb-registry-model/Iris:production")
    assert shown["version"]["metadata"]["accuracy"] == 0.95
    project.materialize()
    history = project.treadle("registry", "history", "demo/model/Iris")
    assert [h["action"] for h in history["history"]].count("link") == 1


def test_partitions_are_artifacts(tmp_path: Path) -> None:
    project = Project("wandb_partitions", tmp_path)
    program = ("-f", project.program)
    project.treadle("materialize", *program, "--select", "sales", "--partitions", "all")
    project.treadle("materialize", *program, "--select", "cars", "--partition", "blue|van")
    total = project.treadle("materialize", *program, "--select", "total")
    assert total["success"]
    listed = project.treadle("artifact", "list")
    names = {c["name"] for c in listed["artifacts"]}
    assert names == {*(f"sales.2026-01-0{day}" for day in (1, 2, 3)), "cars.blue.van", "total"}
