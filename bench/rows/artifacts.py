"""Artifacts: many small files, one large file, values; beside W&B's SDK offline and MLflow's server."""

from __future__ import annotations

import atexit
import hashlib
import itertools
import os
import random
import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from measure import OUT, ROOT, BenchError, Figure, environment, fresh_folder, repeat, reported, run
from serving import mlflow_server

from rows.row import BIN, DAGSTER, TREADLE, WORKLOADS, Row

FILES, FILE_SIZE = 10_000, 4096
homes = itertools.count()
MLFLOW_PYTHON = ROOT / "build" / "mlflow" / "bin" / "python"
GIB = 1 << 30


def folder_of_files(files: int = FILES) -> Path:
    folder = OUT / "work" / ("files" if files == FILES else f"files-{files}")
    if len(list(folder.glob("*/*"))) != files:
        shutil.rmtree(folder, ignore_errors=True)
        source = random.Random(1)
        for index in range(files):
            part = folder / f"{index // 100:03d}"
            part.mkdir(parents=True, exist_ok=True)
            (part / f"{index % 100:02d}.bin").write_bytes(source.randbytes(FILE_SIZE))
    return folder


def large_file() -> Path:
    path = OUT / "work" / "one-gibibyte"
    if not path.exists() or path.stat().st_size != GIB:
        path.parent.mkdir(parents=True, exist_ok=True)
        block = hashlib.shake_256(b"bench").digest(1 << 20)
        with path.open("wb") as out:
            for index in range(GIB >> 20):
                out.write(index.to_bytes(8, "big") + block[8:])
    return path


def put(home: Path, path: Path) -> float:
    return run([BIN / "treadle", "artifact", "put", "files", path, "--type", "dataset"], home)[0]


def put_seconds() -> float:
    return put(fresh_folder("treadle-put"), folder_of_files())


def put_again_seconds() -> float:
    home = fresh_folder("treadle-put")
    put(home, folder_of_files())
    return put(home, folder_of_files())


def put_changed_seconds() -> float:
    home = fresh_folder("treadle-put")
    folder = folder_of_files()
    put(home, folder)
    (folder / "000" / "00.bin").write_bytes(os.urandom(FILE_SIZE))
    return put(home, folder)


def get_seconds() -> float:
    """What the store has is not in the cache of read artifacts yet. Nothing is deleted before: ext4 looks for
    the place of a new file among those of all that were deleted in the last minutes, one by one.
    """
    home = fresh_folder(f"treadle-get-{next(homes)}")
    atexit.register(shutil.rmtree, home, ignore_errors=True)
    put(home, folder_of_files())
    return run([BIN / "treadle", "artifact", "get", "files", home / "out"], home)[0]


def times_as_long_for_ten_times_as_many() -> float:
    small = put(fresh_folder("treadle-put"), folder_of_files())
    large = put(fresh_folder("treadle-put-many"), folder_of_files(FILES * 10))
    return large / (small * 10)


def peak_kibibytes(path: Path) -> int:
    """Of the process that puts it."""
    home = fresh_folder("treadle-memory")
    words = [str(BIN / "treadle"), "artifact", "put", "files", str(path), "--type", "dataset"]
    process = subprocess.Popen(words, env=environment(home), cwd=home, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = status
    if status != 0:
        raise BenchError(f"{' '.join(words)} failed")
    return usage.ru_maxrss


def kibibytes_per_file() -> float:
    return (peak_kibibytes(folder_of_files(FILES * 10)) - peak_kibibytes(folder_of_files())) / (FILES * 9)


def large_file_megabytes() -> float:
    return peak_kibibytes(large_file()) / 1024


def md5_seconds() -> float:
    """One core, the same file."""
    md5 = hashlib.md5()
    started = time.perf_counter()
    with large_file().open("rb") as file:
        while block := file.read(1 << 20):
            md5.update(block)
    return time.perf_counter() - started


def share_of_md5_speed() -> float:
    large_file()
    plain = md5_seconds()
    return plain / put(fresh_folder("treadle-large"), large_file())


def known_file_seconds() -> float:
    home = fresh_folder("treadle-large")
    put(home, large_file())
    return put(home, large_file())


def wandb_stage_seconds() -> float:
    script = DAGSTER.workload("wandb_stage")
    return float(
        reported([DAGSTER.python, script, folder_of_files()], fresh_folder("wandb-stage"))["seconds"]
    )


def files_per_second() -> float:
    return FILES / put_seconds()


def mlflow_files_per_second() -> float:
    script = WORKLOADS / "mlflow_log_artifacts.py"
    with mlflow_server() as server:
        words: list[str | Path] = [MLFLOW_PYTHON, script, server.url, folder_of_files(1000)]
        return float(reported(words, fresh_folder("mlflow-client"))["files_per_second"])


def value_milliseconds() -> float:
    script = WORKLOADS / "wandb_values.py"
    home = fresh_folder("treadle-values")
    return float(reported([TREADLE.python, script, "500"], home)["seconds"]) * 1000 / 500


def rows(quick: bool) -> list[Row]:
    def row(name: str, title: str, unit: str, target: float, measure: Callable[[], float]) -> Row:
        return Row(name, title, unit, target, lambda r: repeat(measure, r.peer))

    def once(measure: Callable[[], float]) -> Figure:
        return repeat(measure, 1 if quick else 3, warm_up=0)

    return [
        Row(
            "put",
            "put 10,000 files of 4 KiB as one version",
            "s",
            0.7,
            lambda r: repeat(put_seconds, r.peer),
            lambda r: repeat(wandb_stage_seconds, r.slow, warm_up=0),
            peer_name="W&B SDK",
            note="the SDK only hashes and stages",
        ),
        row("put-again", "the same again, unchanged", "s", 0.05, put_again_seconds),
        row("put-changed", "the same with one file changed", "s", 0.1, put_changed_seconds),
        row("get", "read 10,000 files back", "s", 0.7, get_seconds),
        Row(
            "put-files",
            "files of 4 KiB kept a second",
            "files/s",
            14_000,
            lambda r: repeat(files_per_second, r.peer),
            lambda r: repeat(mlflow_files_per_second, r.slow, warm_up=0),
            "MLflow",
            "MLflow: log_artifacts of 1,000 files to its own server",
            at_least=True,
        ),
        Row(
            "put-many",
            "100,000 files beside ten times 10,000",
            "x",
            1.2,
            lambda r: once(times_as_long_for_ten_times_as_many),
        ),
        Row(
            "put-memory",
            "memory for each file of a version",
            "KiB",
            1,
            lambda r: once(kibibytes_per_file),
        ),
        Row(
            "put-large",
            "put 1 GiB in one file, speed beside MD5 on one core",
            "x MD5",
            0.6,
            lambda r: once(share_of_md5_speed),
            at_least=True,
        ),
        Row("put-large-memory", "the same, peak memory", "MB", 64, lambda r: once(large_file_megabytes)),
        Row(
            "put-known",
            "the same file again: known by its stat",
            "s",
            0.05,
            lambda r: once(known_file_seconds),
        ),
        row("value", "small Python object, written and read, W&B's IO manager", "ms", 1, value_milliseconds),
    ]
