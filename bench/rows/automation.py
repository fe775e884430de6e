"""Partitions, schedules and conditions."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from measure import fresh_folder, repeat, reported

from rows.row import BIN, Row


def conditions_seconds(field: str, *words: str) -> Callable[[], float]:
    def measure() -> float:
        program: list[str | Path] = [BIN / "conditions_bench", *words]
        return float(reported(program, fresh_folder("conditions"))[field])

    return measure


def rows(quick: bool) -> list[Row]:
    return [
        Row(
            "ticks",
            "next 1,000 ticks of 1,000 schedules in 40 time zones",
            "s",
            0.1,
            lambda r: repeat(conditions_seconds("seconds", "ticks"), r.peer),
        ),
        Row(
            "eager-partitioned",
            "eager() on 5,000 assets of 100 partitions, evaluated again",
            "s",
            0.5,
            lambda r: repeat(conditions_seconds("again", "5000", "100"), r.peer),
        ),
        Row(
            "eager-idle",
            "eager() on 30,000 assets, nothing to do, evaluated again",
            "s",
            0.2,
            lambda r: repeat(conditions_seconds("again", "30000", "0"), r.peer),
        ),
    ]
