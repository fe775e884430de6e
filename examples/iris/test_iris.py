"""The example does what the README says: a model, again without new versions, then stale by an edit."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

EXAMPLES = Path(__file__).resolve().parents[1]


class Project:
    """A copy of the example that a test may edit, with a home of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "iris"
        shutil.copytree(
            EXAMPLES / "iris", self.folder, ignore=shutil.ignore_patterns(".treadle", "__pycache__")
        )
        shutil.copytree(EXAMPLES / "data", folder / "data")
        self.csv = folder / "data" / "iris.csv"
        self.code = self.folder / "iris.py"

    def treadle(self, *words: str) -> Any:
        kept = {
            name: value for name, value in os.environ.items() if not name.startswith(("TREADLE_", "DAGSTER_"))
        }
        command = [sys.executable, "-m", "treadle", *words, "--json"]
        done = subprocess.run(command, cwd=self.folder, env=kept, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return json.loads(done.stdout)


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path)


def versions(report: Any) -> dict[str, str]:
    assets = [asset for step in report["steps"] for asset in step["assets"]]
    return {asset["asset"]: asset["artifact"] for asset in assets if asset["materialized"]}


def made(report: Any) -> set[str]:
    return set(versions(report))


EVERYTHING = {"raw_iris", "training_set", "test_set", "model", "evaluation"}


def test_everything_is_kept_and_the_check_passes(project: Project) -> None:
    report = project.treadle("materialize")
    assert report["success"]
    assert made(report) == EVERYTHING
    (check,) = [check for step in report["steps"] for check in step["checks"]]
    assert check["passed"]
    assert check["metadata"]["accuracy"]["raw_value"] >= 0.9


def test_a_second_run_makes_no_new_versions(project: Project) -> None:
    first = project.treadle("materialize")
    assert versions(project.treadle("materialize")) == versions(first)


def test_nothing_is_stale_after_a_run_and_each_asset_says_so(project: Project) -> None:
    project.treadle("materialize")
    report = project.treadle("materialize", "--stale")
    assert report["steps"] == []
    assert {asset["asset"] for asset in report["fresh"]} == EVERYTHING


def test_an_edited_table_makes_everything_stale(project: Project) -> None:
    project.treadle("materialize")
    project.csv.write_text(project.csv.read_text() + "5.0,3.4,1.5,0.2,setosa\n")
    assert made(project.treadle("materialize", "--stale")) == EVERYTHING


def test_an_edited_function_makes_only_what_follows_stale(project: Project) -> None:
    project.treadle("materialize")
    project.code.write_text(project.code.read_text().replace("n_estimators=20", "n_estimators=30"))
    assert made(project.treadle("materialize", "--stale")) == {"model", "evaluation"}


def test_an_edited_comment_makes_nothing_stale(project: Project) -> None:
    project.treadle("materialize")
    project.code.write_text("# A remark.\n" + project.code.read_text())
    assert project.treadle("materialize", "--stale")["steps"] == []
