"""The C++ example does what the README says: a checked model, and again without new versions."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = ROOT / "build" / "release" / "bin" / "iris"
EVERYTHING = {"raw_iris", "training_set", "test_set", "model", "evaluation"}


def iris(home: Path, *words: str) -> Any:
    assert PROGRAM.exists(), f"{PROGRAM} is not built: ninja -C build/release iris"
    kept = {n: v for n, v in os.environ.items() if not n.startswith(("TREADLE_", "DAGSTER_"))}
    command = [str(PROGRAM), "--home", str(home), *words, "--json"]
    done = subprocess.run(command, cwd=home.parent, env=kept, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout)


def versions(report: Any) -> dict[str, str]:
    assets = [asset for step in report["steps"] for asset in step["assets"]]
    return {asset["asset"]: asset["artifact"] for asset in assets if asset["materialized"]}


def test_everything_is_kept_and_the_check_passes(tmp_path: Path) -> None:
    report = iris(tmp_path / "home", "materialize")
    assert report["success"]
    assert set(versions(report)) == EVERYTHING
    (check,) = [check for step in report["steps"] for check in step["checks"]]
    assert check["passed"]
    assert check["metadata"]["accuracy"]["raw_value"] >= 0.9


def test_a_second_run_makes_no_new_versions_and_nothing_is_stale(tmp_path: Path) -> None:
    first = iris(tmp_path / "home", "materialize")
    assert versions(iris(tmp_path / "home", "materialize")) == versions(first)
    report = iris(tmp_path / "home", "materialize", "--stale")
    assert report["steps"] == []
    assert {asset["asset"] for asset in report["fresh"]} == EVERYTHING


def test_the_model_is_kept_as_a_file(tmp_path: Path) -> None:
    iris(tmp_path / "home", "materialize")
    iris(tmp_path / "home", "artifact", "get", "model", str(tmp_path / "out"))
    species = [line.split()[0] for line in (tmp_path / "out" / "iris.model").read_text().splitlines()]
    assert species == ["setosa", "versicolor", "virginica"]


def test_the_program_checks_and_lists_its_definitions(tmp_path: Path) -> None:
    assert iris(tmp_path / "home", "check")["problems"] == []
    listed = iris(tmp_path / "home", "list")
    assert {asset["asset"] for asset in listed["assets"]} >= EVERYTHING
