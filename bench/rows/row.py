"""What a row of the speed table is, and the programs that rows compare."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from measure import OUT, ROOT, Figure, fresh_folder, reported, run

BIN = ROOT / "build" / "release" / "bin"
WORKLOADS = ROOT / "bench" / "workloads"


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
        text = text.replace("import treadle as dg", f"import {self.name} as dg")
        if self.name == "treadle":
            text = text.replace("import wandb\n", "from treadle import wandb\n")
        path.write_text(text)
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
    at_least: bool = False  # the target is a speed to reach, not a cost to stay below

    def met(self, value: float) -> bool:
        return value >= self.target if self.at_least else value <= self.target


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


def command_seconds(side: Side, workload: str, words: list[str], **extra: str) -> Callable[[], float]:
    """A command line about one definitions file: `words`, then -f FILE."""
    script = side.workload(workload)

    def measure() -> float:
        home = fresh_folder(f"{side.name}-{workload}")
        return run([side.program, *words, "-f", script], home, extra)[0]

    return measure


def in_one_home(side: Side, workload: str, words: list[str]) -> Callable[[], float]:
    """As command_seconds, but the first call makes the home that the others find."""
    script = side.workload(workload)
    home = fresh_folder(f"{side.name}-{workload}")
    return lambda: run([side.program, *words, "-f", script], home)[0]


def program_in_one_home(program: str, *words: str) -> Callable[[], float]:
    home = fresh_folder(program)
    return lambda: run([BIN / program, *words], home)[0]
