"""Day × city: every partition of `hours` is one day in one city; `days` sums it up, `report` reads all days.

treadle materialize hours --partition 'seattle|2010-02-01'
treadle materialize hours --partitions missing
treadle partitions hours
"""

from __future__ import annotations

import csv
from pathlib import Path

import treadle as dg

DATA = Path(__file__).resolve().parents[1] / "data" / "temperatures.csv"

days_of_february = dg.DailyPartitionsDefinition("2010-02-01", end_date="2010-03-01")
cities = dg.StaticPartitionsDefinition(["san-francisco", "seattle"])
by_day_and_city = dg.MultiPartitionsDefinition({"day": days_of_february, "city": cities})


def _celsius(fahrenheit: float) -> float:
    return round((fahrenheit - 32) * 5 / 9, 1)


@dg.asset(partitions_def=by_day_and_city, code_version="1")
def hours(context: dg.AssetExecutionContext) -> list[float]:
    """The temperature of each hour, in degrees Celsius."""
    key = context.multi_partition_key.keys_by_dimension
    with DATA.open() as file:
        return [
            _celsius(float(row["fahrenheit"]))
            for row in csv.DictReader(file)
            if row["date"] == key["day"] and row["city"] == key["city"]
        ]


@dg.asset(partitions_def=days_of_february, code_version="1")
def days(context: dg.AssetExecutionContext, hours: dict[str, list[float]]) -> dict[str, float]:
    """The mean of each city: `hours` of this day, by city."""
    means = {str(key).split("|")[0]: round(sum(t) / len(t), 2) for key, t in hours.items()}
    context.add_output_metadata(dict(means))
    return means


@dg.asset(code_version="1")
def report(context: dg.AssetExecutionContext, days: dict[str, dict[str, float]]) -> dict[str, str]:
    """The warmest day of each city, over all days."""
    found = {}
    for city in cities.get_partition_keys():
        found[city] = max(days, key=lambda day: days[day][city])
    context.add_output_metadata(found)
    return found


defs = dg.Definitions(assets=[hours, days, report])
