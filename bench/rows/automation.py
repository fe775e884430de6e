"""Schedules and conditions."""

from __future__ import annotations

from collections.abc import Callable

from measure import fresh_folder, repeat, reported

from rows.row import BIN, DAGSTER, TREADLE, Row, Side


def conditions_seconds(field: str, *words: str) -> Callable[[], float]:
    def measure() -> float:
        return float(reported([BIN / "conditions_bench", *words], fresh_folder("conditions"))[field])

    return measure


def evaluated(side: Side, field: str, *words: str) -> Callable[[], float]:
    """From definitions and a home to what is requested, as a user calls it."""
    script = side.workload("evaluate_conditions")

    def measure() -> float:
        home = fresh_folder(f"{side.name}-conditions")
        return float(reported([side.python, script, *words], home)[field])

    return measure


FEW = "Dagster has 200 assets of 100 partitions, and 500 without; its time grows faster than their number"


def rows(quick: bool) -> list[Row]:
    return [
        Row(
            "ticks",
            "next 1,000 ticks of 1,000 schedules in 40 time zones",
            "s",
            0.1,
            lambda r: repeat(conditions_seconds("seconds", "ticks"), r.peer),
        ),
        *(
            Row(
                f"eager-partitioned-{field}",
                f"eager() on 5,000 assets of 100 partitions, {title}",
                "s",
                0.5,
                lambda r, field=field: repeat(conditions_seconds(field, "5000", "100"), r.peer),  # type: ignore[misc]
                lambda r, field=field: repeat(evaluated(DAGSTER, field, "200", "100"), r.slow, warm_up=0),  # type: ignore[misc]
                note=FEW,
            )
            for field, title in (("first", "first evaluation"), ("again", "evaluated again"))
        ),
        Row(
            "eager-idle",
            "eager() on 30,000 assets, nothing to do, evaluated again",
            "s",
            0.2,
            lambda r: repeat(conditions_seconds("again", "30000", "0"), r.peer),
            lambda r: repeat(evaluated(DAGSTER, "again", "500", "0"), r.slow, warm_up=0),
            note=FEW,
        ),
        *(
            Row(
                f"eager-home-{name}",
                f"eager() on {title}, evaluated again, Python with an empty home",
                "s",
                target,
                lambda r, words=words: repeat(evaluated(TREADLE, "again", *words), r.peer),  # type: ignore[misc]
            )
            for name, title, target, words in (
                ("partitioned", "5,000 assets of 100 partitions", 0.5, ("5000", "100")),
                ("idle", "30,000 assets", 0.2, ("30000", "0")),
            )
        ),
    ]
