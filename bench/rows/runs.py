"""Runs: what an asset, an op, a process and a whole command cost."""

from __future__ import annotations

from collections.abc import Callable

from measure import OUT, fresh_folder, repeat, run

from rows.row import (
    DAGSTER,
    TREADLE,
    Row,
    Side,
    command_seconds,
    in_one_home,
    milliseconds_each,
    program_in_one_home,
    program_milliseconds_each,
)


def import_milliseconds(side: Side) -> Callable[[], float]:
    # With what a pipeline names: Treadle's names are imported when they are first asked for.
    names = "dg.asset, dg.op, dg.job, dg.Definitions, dg.materialize"
    code = (
        f"import time; t = time.perf_counter(); import {side.name} as dg; {names};"
        " print((time.perf_counter() - t) * 1000)"
    )

    def measure() -> float:
        return float(run([side.python, "-c", code], fresh_folder(f"{side.name}-import"))[1])

    return measure


def treadle_process_milliseconds() -> float:
    """What a run of 200 forked steps takes longer than a run of one, per step: starting up is not counted."""
    words = ["materialize", "--executor", "process"]
    many = command_seconds(TREADLE, "steps", words, COUNT="200")()
    one = command_seconds(TREADLE, "steps", words, COUNT="1")()
    return (many - one) * 1000 / 199


def dagster_process_milliseconds() -> float:
    words = ["job", "execute", "-j", "everything"]
    many = command_seconds(DAGSTER, "steps", words, COUNT="9")()
    one = command_seconds(DAGSTER, "steps", words, COUNT="1")()
    return (many - one) * 1000 / 8


def sleepers_on_dagster() -> Callable[[], float]:
    config = OUT / "work" / "eight_at_once.yaml"
    config.parent.mkdir(parents=True, exist_ok=True)
    config.write_text("execution: {config: {multiprocess: {max_concurrent: 8}}}\n")
    return command_seconds(DAGSTER, "sleepers", ["job", "execute", "-j", "everything", "-c", str(config)])


def rows(quick: bool) -> list[Row]:
    count = 1000
    peer_count = 100 if quick else 1000
    materialize_two = ["asset", "materialize", "--select", "*"]
    return [
        Row(
            "noop",
            f"no-op asset, run of {count}, Python",
            "ms each",
            0.1,
            lambda r: repeat(milliseconds_each(TREADLE, count, "nothing"), r.ours),
            lambda r: repeat(milliseconds_each(DAGSTER, peer_count, "nothing"), r.slow, warm_up=0),
            note=f"Dagster: run of {peer_count}" if quick else "",
        ),
        Row(
            "noop-cpp",
            f"no-op asset, run of {count}, C++",
            "ms each",
            0.02,
            lambda r: repeat(program_milliseconds_each("assets_bench", count, "nothing"), r.ours),
        ),
        Row(
            "int",
            f"asset returning an int, run of {count}, Python",
            "ms each",
            0.5,
            lambda r: repeat(milliseconds_each(TREADLE, count, "int"), r.ours),
            lambda r: repeat(milliseconds_each(DAGSTER, 100 if quick else 300, "int"), r.slow, warm_up=0),
            note="Treadle keeps a version, Dagster a pickle; Dagster: a shorter run",
        ),
        Row(
            "int-cpp",
            f"asset returning an int, run of {count}, C++",
            "ms each",
            0.5,
            lambda r: repeat(program_milliseconds_each("assets_bench", count, "int"), r.ours),
        ),
        Row(
            "op",
            f"no-op op, job of {count}, Python",
            "ms each",
            0.12,
            lambda r: repeat(milliseconds_each(TREADLE, count, "ops", "run_ops"), r.ours),
            lambda r: repeat(milliseconds_each(DAGSTER, peer_count, "ops", "run_ops"), r.slow, warm_up=0),
            note=f"Dagster: a job of {peer_count}" if quick else "",
        ),
        Row(
            "op-cpp",
            f"no-op op, job of {count}, C++",
            "ms each",
            0.024,
            lambda r: repeat(program_milliseconds_each("ops_bench", count, "ops"), r.ours),
        ),
        Row(
            "dynamic",
            "dynamic fan-out of 10,000, Python",
            "ms each",
            0.3,
            lambda r: repeat(milliseconds_each(TREADLE, 10_000, "dynamic", "run_ops"), r.ours),
            lambda r: repeat(milliseconds_each(DAGSTER, 100, "dynamic", "run_ops"), r.slow, warm_up=0),
            note="Dagster: of 100",
        ),
        Row(
            "dynamic-cpp",
            "dynamic fan-out of 10,000, C++, every value kept",
            "ms each",
            0.6,
            lambda r: repeat(program_milliseconds_each("ops_bench", 10_000, "dynamic"), r.ours),
            note="two versions each",
        ),
        Row(
            "process",
            "step in its own process, Python",
            "ms each",
            10,
            lambda r: repeat(treadle_process_milliseconds, r.ours, warm_up=0),
            lambda r: repeat(dagster_process_milliseconds, r.slow, warm_up=0),
            note="Dagster: a run of 9",
        ),
        Row(
            "import",
            "import, and what a pipeline names of it",
            "ms",
            40,
            lambda r: repeat(import_milliseconds(TREADLE), r.ours * 2),
            lambda r: repeat(import_milliseconds(DAGSTER), r.peer),
        ),
        Row(
            "two",
            "materialize two assets of a .py file, whole process",
            "s",
            0.1,
            lambda r: repeat(in_one_home(TREADLE, "two_assets", ["materialize"]), r.ours * 2),
            lambda r: repeat(in_one_home(DAGSTER, "two_assets", materialize_two), r.peer),
        ),
        Row(
            "two-cpp",
            "the same as a C++ program",
            "s",
            0.02,
            lambda r: repeat(program_in_one_home("two_assets", "materialize"), r.ours * 2),
        ),
        Row(
            "sleepers",
            "8 x 0.5 s of sleep, 8 processes at once",
            "s",
            0.8,
            lambda r: repeat(
                command_seconds(
                    TREADLE, "sleepers", ["materialize", "--executor", "process", "--max-concurrent", "8"]
                ),
                r.peer,
            ),
            lambda r: repeat(sleepers_on_dagster(), r.slow, warm_up=0),
        ),
    ]
