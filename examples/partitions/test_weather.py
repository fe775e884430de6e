"""The calls of docs/concepts/partitions.md on real data: one partition, what is missing, what reads them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


def treadle(home: Path, *words: str, code: int = 0) -> Any:
    command = [sys.executable, "-m", "treadle", *words, "--json"]
    environment = {**os.environ, "TREADLE_HOME": str(home)}
    done = subprocess.run(command, cwd=HERE, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == code, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def counts(home: Path, asset: str) -> dict[str, int]:
    told = treadle(home, "partitions", asset)[0]
    return {state: told[state]["count"] for state in ("materialized", "missing", "failed")}


def test_one_then_the_missing_ones(home: Path) -> None:
    treadle(home, "materialize", "hours", "--partition", "seattle|2010-02-03")
    assert counts(home, "hours") == {"materialized": 1, "missing": 55, "failed": 0}
    runs = treadle(home, "materialize", "hours", "--partitions", "missing")
    assert len(runs) == 55
    assert counts(home, "hours") == {"materialized": 56, "missing": 0, "failed": 0}


def test_a_range_of_dimensions_is_a_range_in_each(home: Path) -> None:
    span = "san-francisco|2010-02-01...seattle|2010-02-03"
    assert len(treadle(home, "materialize", "hours", "--partitions", span)) == 6
    assert len(treadle(home, "materialize", "days", "--partitions", "2010-02-01...2010-02-03")) == 3


def test_a_partition_that_is_not_there_is_refused_with_the_nearest(home: Path) -> None:
    told = treadle(home, "materialize", "hours", "--partition", "seatle|2010-02-03", code=4)
    assert "Did you mean 'seattle'?" in json.dumps(told)
