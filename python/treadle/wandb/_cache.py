"""The folder that artifacts are read from, shared by all processes; what nobody opened for a while goes."""

from __future__ import annotations

import os

from treadle._typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


class Cache:
    """Files below `<base_dir>/storage/wandb_artifacts_manager`. Whoever reads holds a shared lock until it is
    closed; only who gets the exclusive one removes anything.
    """

    __slots__ = ("_lock", "_minutes", "folder")

    def __init__(self, base_dir: str, minutes: int) -> None:
        base = base_dir if os.path.basename(base_dir) == "storage" else os.path.join(base_dir, "storage")
        self.folder = os.path.join(base, "wandb_artifacts_manager")
        self._minutes = minutes
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
        """Removes what was not opened for the configured time, unless somebody else reads now: then
        that one's close does.
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
        for place in list(self._places()):
            if self._minutes == 0 or _last_use(place) <= limit:
                shutil.rmtree(place, ignore_errors=True)

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


def _last_use(folder: str) -> float:
    latest = 0.0
    for root, _, files in os.walk(folder):
        for name in files:
            found = os.lstat(os.path.join(root, name))
            latest = max(latest, found.st_atime, found.st_ctime)
    return latest
