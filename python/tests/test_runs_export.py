"""`treadle runs export`: a tracked run's history as other programs read it."""

from __future__ import annotations

import io
import math
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pq = pytest.importorskip("pyarrow.parquet")

PROGRAM = """
import math
import treadle.wandb as wandb

with wandb.init(project="p", id="r") as run:
    for step in range(3):
        note = 'a"b\\n' if step else "first"
        run.log({"loss": 1 / (step + 1), "note": note, "nested": {"deep": step}}, commit=False)
        if step != 1:
            run.log({"rare": True}, commit=False)
        run.log({"mixed": "text" if step == 2 else step, "edge": [math.nan, math.inf, -math.inf][step]})
"""


@pytest.fixture
def home(tmp_path: Path) -> Path:
    env = {"TREADLE_HOME": str(tmp_path / "home"), "PATH": "/usr/bin:/bin"}
    subprocess.run([sys.executable, "-c", PROGRAM], env=env, cwd=tmp_path, check=True, timeout=60)
    return tmp_path / "home"


def export(home: Path, *words: str) -> bytes:
    command = [sys.executable, "-m", "treadle", "--home", str(home), "runs", "export", "p/r", *words]
    return subprocess.run(command, check=True, capture_output=True, timeout=60).stdout


def table(content: bytes) -> Any:
    return pq.read_table(io.BytesIO(content))


def test_a_parquet_file_has_a_typed_column_for_each_key(home: Path) -> None:
    rows = table(export(home, "--format", "parquet"))
    types = {field.name: str(field.type) for field in rows.schema}
    assert types["_step"] == "int64"
    assert types["loss"] == "double"
    assert types["rare"] == "bool"
    assert types["note"] == types["mixed"] == "string"
    columns = rows.to_pydict()
    assert columns["_step"] == [0, 1, 2]
    assert columns["loss"] == [1.0, 0.5, 1 / 3]
    assert columns["rare"] == [True, None, True]
    assert columns["note"] == ["first", 'a"b\n', 'a"b\n']
    assert columns["nested.deep"] == [0.0, 1.0, 2.0]
    assert columns["mixed"] == ["0", "1", '"text"']
    assert math.isnan(columns["edge"][0])
    assert columns["edge"][1:] == [math.inf, -math.inf]


def test_keys_choose_the_columns_and_unknown_ones_are_empty(home: Path) -> None:
    rows = table(export(home, "--format", "parquet", "-k", "loss", "-k", "nothing"))
    assert rows.column_names == ["loss", "nothing"]
    assert rows.to_pydict()["nothing"] == [None, None, None]


def test_the_system_metrics_of_a_short_run_are_an_empty_table(home: Path) -> None:
    assert table(export(home, "--format", "parquet", "--system")).num_rows == 0


def test_many_rows_are_written_in_groups(tmp_path: Path) -> None:
    program = """
import treadle.wandb as wandb
with wandb.init(project="p", id="r") as run:
    for step in range(70_000):
        run.log({"x": step} if step % 3 else {"y": -step})
"""
    env = {"TREADLE_HOME": str(tmp_path / "home"), "PATH": "/usr/bin:/bin"}
    subprocess.run([sys.executable, "-c", program], env=env, cwd=tmp_path, check=True, timeout=120)
    content = export(tmp_path / "home", "--format", "parquet", "-k", "_step", "-k", "x", "-k", "y")
    assert pq.ParquetFile(io.BytesIO(content)).metadata.num_row_groups == 2
    columns = table(content).to_pydict()
    assert columns["_step"] == list(range(70_000))
    assert columns["x"] == [float(step) if step % 3 else None for step in range(70_000)]
    assert columns["y"] == [None if step % 3 else float(-step) for step in range(70_000)]


def test_csv_has_the_same_rows(home: Path) -> None:
    lines = export(home, "--format", "csv", "-k", "_step", "-k", "loss").decode().splitlines()
    assert lines[:3] == ["_step,loss", "0,1.0", "1,0.5"]
