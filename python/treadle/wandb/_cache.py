"""The folder that artifacts are read from, shared by all processes; what nobody opened for a while goes."""

from __future__ import annotations

import os

from treadle._typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


class Cache:
    """Files below `<base_dir>/storage/wandb_artifacts_manager`, at most `megabytes` (None: as many as there
    are). Whoever reads holds a shared lock until it is closed; only who gets the exclusive one removes
    anything.
    """

    __slots__ = ("_bytes", "_lock", "_minutes", "folder")

    def __init__(self, base_dir: str, minutes: int, megabytes: int | None = None) -> None:
        base = base_dir if os.path.basename(base_dir) == "storage" else os.path.join(base_dir, "storage")
        self.folder = os.path.join(base, "wandb_artifacts_manager")
        self._minutes = minutes
        self._bytes = None if megabytes is None else megabytes * 1_000_000
        self._lock: int | None = None

    def hold(self) -> None:
        """Keeps every file where it is until `close`."""
        import fcntl

        if self._lock is None:
            os.makedirs(self.folder, exist_ok=True)
            self._lock = os.open(
                os.path.join(self.folder, ".lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644
            )
            fcntl.flock(self._lock, fcntl.LOCK_SH)

    def close(self) -> None:
        """Removes what was not opened for the configured time, and of the rest what was opened longest ago
        while there is too much; unless somebody else reads now: then that one's close does.
        """
        import fcntl

        if self._lock is None:
            return
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self._clean()
        except BlockingIOError:
            pass
        finally:
            os.close(self._lock)
            self._lock = None

    def _clean(self) -> None:
        import shutil
        import time

        limit = time.time() - self._minutes * 60
        kept: list[tuple[float, int, str]] = []
        for place in list(self._places()):
            used, size = _use_of(place)
            if self._minutes == 0 or used <= limit:
                shutil.rmtree(place, ignore_errors=True)
            else:
                kept.append((used, size, place))
        if self._bytes is None:
            return
        total = sum(size for _, size, _ in kept)
        for _, size, place in sorted(kept):
            if total <= self._bytes:
                return
            shutil.rmtree(place, ignore_errors=True)
            total -= size

    def _places(self) -> Iterator[str]:
        """One folder per version."""
        for pattern in (("artifacts",), ("files", "*", "*")):
            found = [self.folder]
            for part in (*pattern, "*"):
                found = [
                    os.path.join(f, name)
                    for f in found
                    for name in (sorted(os.listdir(f)) if part == "*" and os.path.isdir(f) else [part])
                ]
            yield from (f for f in found if os.path.isdir(f))


def _use_of(folder: str) -> tuple[float, int]:
    """(when it was last opened, its size in bytes)."""
    latest, size = 0.0, 0
    for root, _, files in os.walk(folder):
        for name in files:
            found = os.lstat(os.path.join(root, name))
            latest = max(latest, found.st_atime, found.st_ctime)
            size += found.st_size
    return latest, size
