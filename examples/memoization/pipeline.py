"""Not done again: a step whose code, configuration and inputs were seen before is linked to what was made
then, and what reads the same bytes again stays fresh.

treadle materialize --job train -f pipeline.py
"""

from __future__ import annotations

import csv
from pathlib import Path

import treadle as dg

DATA = Path(__file__).resolve().parents[1] / "data" / "temperatures.csv"
file = dg.file_asset("temperatures", DATA)


@dg.asset(code_version="1")
def readings(temperatures: dg.File) -> list[dict[str, str]]:
    """The rows of the file."""
    with Path(temperatures.path).open() as rows:
        return list(csv.DictReader(rows))


@dg.asset(code_version="1")
def seattle(readings: list[dict[str, str]]) -> list[float]:
    """Only what the model is made of."""
    return [float(row["fahrenheit"]) for row in readings if row["city"] == "seattle"]


@dg.asset(code_version="1")
def model(context: dg.AssetExecutionContext, seattle: list[float]) -> dict[str, float]:
    """Stands for hours of training."""
    context.log.info("training")
    return {"mean": round(sum(seattle) / len(seattle), 3)}


defs = dg.Definitions(
    assets=[file, readings, seattle, model],
    jobs=[dg.define_asset_job("train", memoize=True)],
)
