"""Declaring many assets, and deciding what is stale."""

from __future__ import annotations

from collections.abc import Callable

from measure import fresh_folder, repeat, reported

from rows.row import BIN, DAGSTER, TREADLE, Row, Side


def declared(side: Side, key: str) -> Callable[[], float]:
    script = side.workload("declare_assets")

    def measure() -> float:
        return float(reported([side.python, script, "5000"], fresh_folder(f"{side.name}-declare"))[key])

    return measure


def stale_seconds(*words: str) -> Callable[[], float]:
    def measure() -> float:
        return float(reported([BIN / "stale_bench", "30000", *words], fresh_folder("stale"))["seconds"])

    return measure


def rows(quick: bool) -> list[Row]:
    return [
        Row(
            "declare",
            "declare and resolve 5,000 assets, Python",
            "s",
            0.2,
            lambda r: repeat(declared(TREADLE, "seconds"), r.ours),
            lambda r: repeat(declared(DAGSTER, "seconds"), r.peer, warm_up=0),
        ),
        Row(
            "declare-memory",
            "the same, peak memory of the process",
            "MB",
            80,
            lambda r: repeat(declared(TREADLE, "megabytes"), r.peer, warm_up=0),
            lambda r: repeat(declared(DAGSTER, "megabytes"), 1, warm_up=0),
        ),
        Row(
            "stale",
            "30,000 assets, load facts, nothing is stale, C++",
            "s",
            0.1,
            lambda r: repeat(stale_seconds(), r.ours),
        ),
        Row(
            "stale-why",
            "30,000 assets, all stale: the tree of reasons of each, C++",
            "s",
            0.3,
            lambda r: repeat(stale_seconds("why"), r.peer),
        ),
    ]
