"""One asset with a million partitions, and runs over many."""

from __future__ import annotations

from collections.abc import Callable

from measure import fresh_folder, repeat, reported

from rows.row import BIN, DAGSTER, TREADLE, Row, Side

QUESTIONS = {
    "count": "count",
    "window": "window of a key",
    "key": "key of a number",
    "index": "number of a key",
    "downstream": "days made from a range",
    "upstream": "hours that days are made from",
    "subsets": "missing, failed, materialized: 10,000 ranges",
}


def asked(question: str) -> Callable[[], float]:
    def measure() -> float:
        return float(reported([BIN / "partitions_bench", "questions"], fresh_folder("partitions"))[question])

    return measure


def in_a_home(what: str, *words: str) -> Callable[[], float]:
    def measure() -> float:
        return float(reported([BIN / "partitions_bench", *words], fresh_folder("partitions"))[what])

    return measure


def told(side: Side, workload: str, what: str, *words: str) -> Callable[[], float]:
    script = side.workload(workload)

    def measure() -> float:
        home = fresh_folder(f"{side.name}-{workload}")
        return float(reported([side.python, script, *words], home)[what])

    return measure


def question(name: str, title: str) -> Row:
    of_dagster = told(DAGSTER, "ask_partitions", name, "1000000")
    return Row(
        f"partitions-{name}",
        f"a million hourly partitions: {title}",
        "ms",
        10,
        lambda r: repeat(asked(name), r.ours),
        (lambda r: repeat(of_dagster, r.peer)) if name in ("count", "window", "key", "index") else None,
    )


def rows(quick: bool) -> list[Row]:
    million = "100000" if quick else "1000000"
    return [
        *(question(name, title) for name, title in QUESTIONS.items()),
        Row(
            "partitions-memory",
            "a million hourly partitions: definition and status",
            "MB",
            1,
            lambda r: repeat(asked("megabytes"), r.peer),
        ),
        Row(
            "partitions-status",
            f"{int(million):,} made partitions in a home: materialized, missing, failed",
            "ms",
            10,
            lambda r: repeat(in_a_home("status_again", "home", million), r.slow),
        ),
        Row(
            "partitions-facts",
            f"{int(million):,} made partitions in a home: the facts of its condition",
            "ms",
            10,
            lambda r: repeat(in_a_home("facts_again", "home", million), r.slow),
        ),
        Row(
            "dynamic-find",
            f"{int(million):,} dynamic keys in a home: find one, when one was added",
            "ms",
            10,
            lambda r: repeat(in_a_home("find", "keys", million), r.slow),
        ),
        Row(
            "dynamic-page",
            f"{int(million):,} dynamic keys in a home: a page of 100",
            "ms",
            10,
            lambda r: repeat(in_a_home("page", "keys", million), r.slow),
        ),
        Row(
            "run-partitions",
            "1,000 partitions of an asset that does nothing in one run, Python",
            "s",
            0.3,
            lambda r: repeat(told(TREADLE, "run_partitions", "seconds", "1000"), r.ours),
            lambda r: repeat(told(DAGSTER, "run_partitions", "seconds", "1000"), r.peer),
        ),
        Row(
            "run-partitions-cpp",
            "the same, C++",
            "s",
            0.3,
            lambda r: repeat(in_a_home("seconds", "run", "1000"), r.ours),
        ),
    ]
