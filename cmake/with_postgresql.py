#!/usr/bin/env python3
"""Runs a command beside a PostgreSQL of its own, which is gone afterwards: with_postgresql.py COMMAND...

The command finds it in TREADLE_TEST_DATABASE. Exit code 77 where PostgreSQL is not installed.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def programs() -> Path | None:
    """The folder of the newest PostgreSQL that is installed."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if found:
        return found[-1].parent
    initdb = shutil.which("initdb")
    return Path(initdb).resolve().parent if initdb else None


class Postgres:
    """A PostgreSQL on a socket in `root`."""

    def __init__(self, binaries: Path, root: Path) -> None:
        self.binaries = binaries
        self.root = root
        self.data = root / "data"
        self.url = f"postgresql://postgres@/postgres?host={root}"
        self.as_user: list[str] = []
        if os.geteuid() == 0:  # it refuses to run as root
            shutil.chown(root, "postgres")
            self.as_user = ["runuser", "-u", "postgres", "--"]

    def _call(self, program: str, *words: str) -> None:
        command = [*self.as_user, str(self.binaries / program), "-D", str(self.data), *words]
        done = subprocess.run(command, cwd=self.root, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise RuntimeError(f"{program} failed: {done.stdout}{done.stderr}")

    def create(self) -> None:
        self._call("initdb", "-A", "trust", "-U", "postgres", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync")

    def start(self) -> None:
        # Its output goes to a file: a pipe would be kept open by the server.
        options = f"-c listen_addresses='' -c fsync=off -c max_connections=200 -k {self.root}"
        self._call("pg_ctl", "-w", "-l", str(self.root / "log"), "-o", options, "start")

    def stop(self, mode: str = "fast") -> None:
        self._call("pg_ctl", "-m", mode, "-w", "stop")


@contextmanager
def postgres() -> Iterator[Postgres | None]:
    """A running one, or None where it is not installed."""
    binaries = programs()
    if binaries is None:
        yield None
        return
    # In memory where there is room: tests make thousands of tables. And a socket's path is short.
    memory = shutil.disk_usage("/dev/shm").free if Path("/dev/shm").is_dir() else 0
    roomy = memory > 1 << 30
    root = Path(tempfile.mkdtemp(prefix="treadle-pg-", dir="/dev/shm" if roomy else "/tmp"))
    try:
        server = Postgres(binaries, root)
        server.create()
        server.start()
        try:
            yield server
        finally:
            server.stop("immediate")
    finally:
        shutil.rmtree(root, ignore_errors=True)


def main(command: list[str]) -> int:
    with postgres() as server:
        if server is None:
            print("PostgreSQL is not installed: its tests are left out (apt-get install postgresql).")
            return 77
        return subprocess.call(command, env={**os.environ, "TREADLE_TEST_DATABASE": server.url})


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
