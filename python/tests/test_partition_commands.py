"""Partitions from the command line: backfill policies, and the names of dynamic partitions."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

PIPELINE = """
import os
import treadle as dg

days = dg.DailyPartitionsDefinition("2026-01-01", end_date="2026-01-08")
files = dg.DynamicPartitionsDefinition(name="files")

def saw(context):
    print(context.asset_key.to_user_string(), *context.partition_keys, flush=True)

@dg.asset(partitions_def=days)
def each(context): saw(context)

@dg.asset(partitions_def=days, backfill_policy=dg.BackfillPolicy.single_run())
def whole(context) -> dict:
    saw(context)
    return {key: key for key in context.partition_keys}

@dg.asset(partitions_def=days, backfill_policy=dg.BackfillPolicy.multi_run(3))
def three(context):
    saw(context)
    if "2026-01-05" in context.partition_keys and os.environ.get("BAD"):
        raise ValueError("not that day")

@dg.asset(partitions_def=dg.MultiPartitionsDefinition({"day": days, "file": files}))
def grid(context): saw(context)

@dg.op
def look(): ...

@dg.job(partitions_def=dg.DynamicPartitionsDefinition(name="tasks"))
def looking(): look()
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "pipeline.py").write_text(PIPELINE)
    (tmp_path / "treadle.toml").write_text('file = "pipeline.py"\n')
    return tmp_path


def treadle(folder: Path, *words: str, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    import os

    return subprocess.run(
        [sys.executable, "-m", "treadle", *words],
        cwd=folder,
        env={**os.environ, **(env or {})},
        capture_output=True,
        text=True,
        check=False,
    )


def seen(done: subprocess.CompletedProcess[str], asset: str) -> list[list[str]]:
    """The partitions that each call of the function had, by their days."""
    lines = [line.split() for line in (done.stdout + done.stderr).splitlines()]
    return [[key[-2:] for key in line[1:]] for line in lines if line[:1] == [asset] and "2026" in line[-1]]


def test_a_backfill_policy_says_how_many_partitions_a_run_takes(folder: Path) -> None:
    spans = ("materialize", "--partitions", "2026-01-01...2026-01-05")
    assert seen(treadle(folder, *spans, "each"), "each") == [["01"], ["02"], ["03"], ["04"], ["05"]]
    assert seen(treadle(folder, *spans, "whole"), "whole") == [["01", "02", "03", "04", "05"]]
    assert seen(treadle(folder, *spans, "three"), "three") == [["01", "02", "03"], ["04", "05"]]
    status = json.loads(treadle(folder, "partitions", "whole", "--json").stdout)
    assert status["materialized"]["ranges"] == [["2026-01-01", "2026-01-05"]]
    assert seen(treadle(folder, "materialize", "whole", "--partitions", "missing"), "whole") == [["06", "07"]]


def test_what_failed_is_run_again_in_runs_of_the_policy(folder: Path) -> None:
    failed = treadle(folder, "materialize", "three", "--partitions", "all", env={"BAD": "1"})
    assert failed.returncode != 0
    assert seen(failed, "three") == [["01", "02", "03"], ["04", "05", "06"], ["07"]]
    status = json.loads(treadle(folder, "partitions", "three", "--json").stdout)
    assert status["failed"]["ranges"] == [["2026-01-04", "2026-01-06"]]
    again = treadle(folder, "materialize", "three", "--partitions", "failed")
    assert again.returncode == 0
    assert seen(again, "three") == [["04", "05", "06"]]


@pytest.mark.parametrize("name", ["files", "tasks"])
def test_keys_are_added_under_names_that_are_declared(folder: Path, name: str) -> None:
    done = treadle(folder, "partitions", "add", name, "a", "b")
    assert (done.returncode, done.stdout) == (0, f"Added 2 keys to '{name}'.\n")


def test_a_misspelt_name_is_refused(folder: Path) -> None:
    done = treadle(folder, "partitions", "add", "file", "a")
    assert done.returncode != 0
    assert "declare no dynamic partitions 'file'. Did you mean 'files'?" in done.stderr
    assert treadle(folder, "partitions", "add", "file", "a", "--undeclared").returncode == 0
    assert treadle(folder, "partitions", "add", "file", "b").returncode == 0, "the home knows it now"


def test_without_definitions_any_name_is_taken(tmp_path: Path) -> None:
    done: Any = treadle(tmp_path, "partitions", "add", "images", "cat.png")
    assert (done.returncode, done.stdout) == (0, "Added 1 key to 'images'.\n")
