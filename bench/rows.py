"""The rows of the speed table: how each figure is measured for Treadle, and for its peer where it has one."""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from measure import OUT, ROOT, Figure, fresh_folder, repeat, reported, run

BIN = ROOT / "build" / "release" / "bin"
WORKLOADS = ROOT / "bench" / "workloads"
FILES, FILE_SIZE = 10_000, 4096


@dataclass(frozen=True)
class Side:
    """One of the two programs compared: the Python that has it, and the name it is imported by."""

    name: str
    python: Path

    def workload(self, name: str) -> Path:
        """The same script for both: only the imported name differs."""
        text = (WORKLOADS / f"{name}.py").read_text()
        folder = OUT / "work" / f"workloads-{self.name}"
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{name}.py"
        path.write_text(text.replace("import treadle as dg", f"import {self.name} as dg"))
        return path

    @property
    def program(self) -> Path:
        return self.python.parent / self.name


TREADLE = Side("treadle", ROOT / ".venv" / "bin" / "python")
DAGSTER = Side("dagster", ROOT / "build" / "peer" / "bin" / "python")


@dataclass(frozen=True)
class Repeats:
    """How often: `ours` for Treadle; `peer` where a repeat takes seconds, `slow` where it takes minutes."""

    ours: int
    peer: int
    slow: int


@dataclass(frozen=True)
class Row:
    name: str
    title: str
    unit: str
    target: float
    ours: Callable[[Repeats], Figure]
    peer: Callable[[Repeats], Figure] | None = None
    peer_name: str = "Dagster"
    note: str = ""


def milliseconds_each(side: Side, count: int, kind: str, workload: str = "run_assets") -> Callable[[], float]:
    script = side.workload(workload)

    def measure() -> float:
        home = fresh_folder(f"{side.name}-{kind}")
        return float(reported([side.python, script, str(count), kind], home)["seconds"]) * 1000 / count

    return measure


def program_milliseconds_each(program: str, count: int, kind: str) -> Callable[[], float]:
    def measure() -> float:
        home = fresh_folder(f"cpp-{kind}")
        return float(reported([BIN / program, str(count), kind], home)["seconds"]) * 1000 / count

    return measure


def import_milliseconds(side: Side) -> Callable[[], float]:
    code = (
        f"import time; t = time.perf_counter(); import {side.name}; print((time.perf_counter() - t) * 1000)"
    )

    def measure() -> float:
        return float(run([side.python, "-c", code], fresh_folder(f"{side.name}-import"))[1])

    return measure


def declared(side: Side, key: str) -> Callable[[], float]:
    script = side.workload("declare_assets")

    def measure() -> float:
        return float(reported([side.python, script, "5000"], fresh_folder(f"{side.name}-declare"))[key])

    return measure


def command_seconds(side: Side, workload: str, words: list[str], **extra: str) -> Callable[[], float]:
    """A command line about one definitions file: `words`, then -f FILE."""
    script = side.workload(workload)

    def measure() -> float:
        home = fresh_folder(f"{side.name}-{workload}")
        return run([side.program, *words, "-f", script], home, extra)[0]

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


def folder_of_files() -> Path:
    folder = OUT / "work" / "files"
    if len(list(folder.glob("*/*"))) != FILES:
        shutil.rmtree(folder, ignore_errors=True)
        source = random.Random(1)
        for index in range(FILES):
            part = folder / f"{index // 100:03d}"
            part.mkdir(parents=True, exist_ok=True)
            (part / f"{index % 100:02d}.bin").write_bytes(source.randbytes(FILE_SIZE))
    return folder


def put_seconds(again: bool) -> Callable[[], float]:
    def measure() -> float:
        home = fresh_folder("treadle-put")
        command: list[str | Path] = [
            BIN / "treadle",
            "artifact",
            "put",
            "files",
            folder_of_files(),
            "--type",
            "dataset",
        ]
        first = run(command, home)[0]
        return run(command, home)[0] if again else first

    return measure


def wandb_stage_seconds() -> float:
    script = DAGSTER.workload("wandb_stage")
    return float(
        reported([DAGSTER.python, script, folder_of_files()], fresh_folder("wandb-stage"))["seconds"]
    )


def sleepers_on_dagster() -> Callable[[], float]:
    config = OUT / "work" / "eight_at_once.yaml"
    config.parent.mkdir(parents=True, exist_ok=True)
    config.write_text("execution: {config: {multiprocess: {max_concurrent: 8}}}\n")
    return command_seconds(DAGSTER, "sleepers", ["job", "execute", "-j", "everything", "-c", str(config)])


def in_one_home(side: Side, workload: str, words: list[str]) -> Callable[[], float]:
    """As command_seconds, but the first call makes the home that the others find."""
    script = side.workload(workload)
    home = fresh_folder(f"{side.name}-{workload}")
    return lambda: run([side.program, *words, "-f", script], home)[0]


def program_in_one_home(program: str, *words: str) -> Callable[[], float]:
    home = fresh_folder(program)
    return lambda: run([BIN / program, *words], home)[0]


def stale_seconds() -> Callable[[], float]:
    def measure() -> float:
        return float(reported([BIN / "stale_bench", "30000"], fresh_folder("stale"))["seconds"])

    return measure


def conditions_seconds(field: str, *words: str) -> Callable[[], float]:
    def measure() -> float:
        program: list[str | Path] = [BIN / "conditions_bench", *words]
        return float(reported(program, fresh_folder("conditions"))[field])

    return measure


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
            "import",
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
            "put",
            "put 10,000 files of 4 KiB as one version",
            "s",
            1.0,
            lambda r: repeat(put_seconds(again=False), r.peer),
            lambda r: repeat(wandb_stage_seconds, r.slow, warm_up=0),
            peer_name="W&B SDK",
            note="the SDK only hashes and stages",
        ),
        Row(
            "put-again",
            "the same again, unchanged",
            "s",
            0.1,
            lambda r: repeat(put_seconds(again=True), r.peer),
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
