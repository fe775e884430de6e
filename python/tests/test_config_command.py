"""`treadle config JOB`: what a job takes, as a file to start from."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

PIPELINE = """
import treadle as dg

class Size(dg.Config):
    n: int
    word: str = "x"

@dg.op
def work(config: Size): print(config.n, config.word)

@dg.job
def daily(): work()

class Shop(dg.ConfigurableResource):
    url: str

@dg.asset
def one(config: Size, shop: Shop): ...

@dg.asset
def two(): ...

defs = dg.Definitions(
    assets=[one, two],
    jobs=[daily, dg.define_asset_job("ones", [one]), dg.define_asset_job("twos", [two])],
    resources={"shop": Shop.configure_at_launch()},
)
"""


def treadle(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    (folder / "pipeline.py").write_text(PIPELINE)
    command = [sys.executable, "-m", "treadle", *arguments, "-f", "pipeline.py"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def said(text: str) -> Any:
    return pytest.importorskip("yaml").safe_load(text)


def test_what_must_be_said_has_an_example_and_the_rest_its_default(tmp_path: Path) -> None:
    told = said(treadle(tmp_path, "config", "daily").stdout)
    assert told == {"ops": {"work": {"config": {"n": 0, "word": "x"}}}, "resources": None}
    told = said(treadle(tmp_path, "config", "ones").stdout)
    assert told == {
        "ops": {"one": {"config": {"n": 0, "word": "x"}}},
        "resources": {"shop": {"config": {"url": "..."}}},
    }
    told["ops"]["two"] = None
    assert said(treadle(tmp_path, "config").stdout) == told


def test_it_can_be_given_back(tmp_path: Path) -> None:
    (tmp_path / "run.yaml").write_text(treadle(tmp_path, "config", "ones").stdout)
    done = treadle(tmp_path, "materialize", "--job", "ones", "--config", "run.yaml")
    assert done.returncode == 0, done.stderr


def test_json_and_a_job_that_is_not_there(tmp_path: Path) -> None:
    told = json.loads(treadle(tmp_path, "config", "daily", "--json").stdout)
    assert told["job"] == "daily"
    assert "work:" in told["yaml"]
    done = treadle(tmp_path, "config", "dialy")
    assert done.returncode == 4
    assert "daily" in done.stderr
