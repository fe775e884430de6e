"""A disk that is soon full."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


class Disk:
    """A file system in memory of `megabytes`, mounted at `folder`."""

    def __init__(self, folder: Path, megabytes: int) -> None:
        self.folder = folder
        self.folder.mkdir()
        done = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", folder],
            capture_output=True,
            check=False,
        )
        if done.returncode != 0:
            pytest.skip("a small file system cannot be mounted here")

    def remount(self, options: str) -> None:
        subprocess.run(["mount", "-o", "remount," + options, self.folder], check=True)

    def fill(self) -> None:
        with (self.folder / "fill").open("ab", buffering=0) as file:
            for size in (65536, 4096, 512, 1):
                try:
                    while file.write(b"x" * size):
                        pass
                except OSError:
                    pass

    def empty(self) -> None:
        (self.folder / "fill").unlink()


@contextmanager
def small_disk(folder: Path, megabytes: int) -> Iterator[Disk]:
    """Where the machine lets no test mount one, the test is skipped."""
    if os.geteuid() != 0 or not shutil.which("mount"):
        pytest.skip("only root can mount a small file system")
    disk = Disk(folder, megabytes)
    try:
        yield disk
    finally:
        subprocess.run(["umount", "-l", folder], check=True)
