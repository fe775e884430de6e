"""What libraries for Dagster take from `dagster._utils` about files and folders."""

from __future__ import annotations

import os
import tempfile
import uuid
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path
    from typing import Any

PICKLE_PROTOCOL = 4


def script_relative_path(file_path: str) -> str:
    """A path beside the file that calls this."""
    import inspect

    caller = inspect.stack()[1].filename
    return os.path.join(os.path.dirname(os.path.abspath(caller)), file_path)


@contextmanager
def pushd(path: str) -> Iterator[str]:
    """The current folder inside the block."""
    before = os.getcwd()
    os.chdir(path)
    try:
        yield path
    finally:
        os.chdir(before)


def safe_isfile(path: str) -> bool:
    """False also where the text can be no path."""
    try:
        return os.path.isfile(path)
    except ValueError:
        return False


def mkdir_p(path: str) -> str:
    """Makes the folder and those above it. Raises OSError where a file is in the way."""
    os.makedirs(path, exist_ok=True)
    return path


ensure_dir = mkdir_p


def touch_file(path: str) -> None:
    """Makes the file and its folder, or gives it the time of now."""
    mkdir_p(os.path.dirname(path))
    with open(path, "a", encoding="utf8"):
        os.utime(path, None)


def ensure_file(path: str) -> str:
    if not os.path.exists(path):
        touch_file(path)
    return path


def safe_tempfile_path_unmanaged() -> str:
    """A path in the temporary folder that nothing has; the caller removes what it puts there."""
    return os.path.join(tempfile.gettempdir(), uuid.uuid4().hex)


@contextmanager
def safe_tempfile_path() -> Iterator[str]:
    """The same, removed at the end of the block."""
    path = safe_tempfile_path_unmanaged()
    try:
        yield path
    finally:
        with suppress(FileNotFoundError):
            os.unlink(path)


def run_with_concurrent_update_guard(
    target_file_path: Path,
    update_fn: Callable[..., None],
    *,
    guard_timeout_seconds: float = 60,
    **kwargs: Any,
) -> None:
    """Calls `update_fn` in one process at a time; not at all when another has written the file meanwhile.
    TimeoutError when the other takes longer than `guard_timeout_seconds`.
    """
    import fcntl
    import time

    def written() -> float:
        return target_file_path.lstat().st_mtime if target_file_path.exists() else 0

    before = written()
    deadline = time.monotonic() + guard_timeout_seconds
    with open(target_file_path.with_suffix(".concurrent-update-lock"), "w") as lock:
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > deadline:
                    raise TimeoutError(
                        f"Another process has been updating {target_file_path} for more than"
                        f" {guard_timeout_seconds} s."
                    ) from None
                time.sleep(0.05)
        if written() == before:
            update_fn(**kwargs)
