"""Repeated measurements of whole processes, and of what a process says about itself."""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
OUT = ROOT / "build" / "bench"


class BenchError(Exception):
    """A measured command failed; the message has its output."""


@dataclass(frozen=True)
class Figure:
    """Seconds (or another unit the row names), one per repeat, in the order measured."""

    values: tuple[float, ...]

    @property
    def median(self) -> float:
        return statistics.median(self.values)

    @property
    def low(self) -> float:
        return min(self.values)

    @property
    def high(self) -> float:
        return max(self.values)


def repeat(measure: Callable[[], float], times: int, warm_up: int = 1) -> Figure:
    for _ in range(warm_up):
        measure()
    return Figure(tuple(measure() for _ in range(times)))


def fresh_folder(name: str) -> Path:
    """An empty folder on the project's own disk: a memory file system would make fsync free."""
    folder = OUT / "work" / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def environment(home: Path) -> dict[str, str]:
    """For both: an empty home of its own, and no variable of the caller's that changes what runs."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("TREADLE_", "DAGSTER_", "WANDB_"))
    }
    return kept | {
        "TREADLE_HOME": str(home),
        "DAGSTER_HOME": str(home),
        "DAGSTER_DISABLE_TELEMETRY": "1",
        "WANDB_DIR": str(home),
        "WANDB_DATA_DIR": str(home / "staging"),
        "WANDB_CACHE_DIR": str(home / "cache"),
        "WANDB_MODE": "offline",
        "WANDB_SILENT": "true",
        "NO_COLOR": "1",
    }


def run(
    command: Sequence[str | Path], home: Path, extra: Mapping[str, str] | None = None
) -> tuple[float, str]:
    """Wall seconds of the whole process, and its standard output. Its standard error goes to a file."""
    errors = home.parent / (home.name + ".err")
    with errors.open("w") as sink:
        started = time.perf_counter()
        done = subprocess.run(
            [str(word) for word in command],
            stdout=subprocess.PIPE,
            stderr=sink,
            stdin=subprocess.DEVNULL,
            env=environment(home) | dict(extra or {}),
            cwd=home,
            text=True,
            check=False,
        )
        took = time.perf_counter() - started
    if done.returncode != 0:
        text = errors.read_text()[-3000:]
        raise BenchError(
            f"{' '.join(map(str, command))}\nexited with {done.returncode}\n{done.stdout[-2000:]}\n{text}"
        )
    return took, done.stdout


def reported(
    command: Sequence[str | Path], home: Path, extra: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """The JSON object that the process printed as its last line."""
    _, output = run(command, home, extra)
    result: dict[str, Any] = json.loads(output.strip().splitlines()[-1])
    return result
