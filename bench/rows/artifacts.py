"""Artifacts: many small files, one large file, values."""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable
from pathlib import Path

from measure import OUT, fresh_folder, repeat, reported, run

from rows.row import BIN, DAGSTER, Row

FILES, FILE_SIZE = 10_000, 4096


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


def rows(quick: bool) -> list[Row]:
    return [
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
    ]
