"""Captured output: while a run is executed, what a step prints goes to the terminal as before and into a file
of the step.
"""

from __future__ import annotations

import os
import sys

from treadle._run.current import current
from treadle._typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Any

    from treadle import _core


class Tee:
    """Stands in for sys.stdout or sys.stderr. Files are made when something is printed, not before."""

    def __init__(self, stream: Any, suffix: str) -> None:
        self._stream = stream
        self._suffix = suffix
        self._files: dict[tuple[str, str], Any] = {}

    def write(self, text: str) -> int:
        step = current.step
        if step is not None and not _in_forked_step:
            self._keep(step, text)
        return self._stream.write(text)  # type: ignore[no-any-return]

    def _keep(self, step: _core.Step, text: str) -> None:
        at = (step.run_id, step.step_key)
        file = self._files.get(at)
        if file is None:
            try:
                folder = os.path.join(_folders.get(at[0]) or _folders[""], at[0])
                os.makedirs(folder, exist_ok=True)
                # the first attempt begins the file, a retry goes on in it
                mode = "w" if step.retry_number == 0 else "a"
                file = open(
                    os.path.join(folder, at[1] + self._suffix),
                    mode,
                    encoding="utf-8",
                    errors="backslashreplace",
                )
            except (OSError, KeyError):
                return  # a full disk must not fail the step: its print worked
            self._files[at] = file
        try:
            file.write(text)
        except (OSError, ValueError):
            pass

    def writelines(self, lines: Any) -> None:
        for line in lines:
            self.write(line)

    def flush(self) -> None:
        self._stream.flush()

    def finish_step(self, at: tuple[str, str]) -> str | None:
        """Closes the step's file; its path when there is one."""
        file = self._files.pop(at, None)
        if file is None:
            return None
        try:
            file.close()
        except OSError:
            pass
        return str(file.name)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


_in_forked_step = False
tees: tuple[Tee, Tee] | None = None
# Where the runs of this process keep their logs, by run id; "" for a run whose id is not known beforehand.
_folders: dict[str, str] = {}


def install(folder: str, run_id: str = "") -> None:
    """From here to `remove`, what the steps of a run print is captured below `folder`. Runs may nest and
    overlap.
    """
    global tees
    _folders[run_id] = folder
    if tees is None:
        tees = (Tee(sys.stdout, ".out"), Tee(sys.stderr, ".err"))
        sys.stdout, sys.stderr = tees


def remove(run_id: str = "") -> None:
    global tees
    _folders.pop(run_id, None)
    if _folders or tees is None:
        return
    out, err = tees
    if sys.stdout is out:
        sys.stdout = out._stream
    if sys.stderr is err:
        sys.stderr = err._stream
    tees = None


def after_fork_in_step() -> None:
    """In the process of a forked step the engine captures the file descriptors; a second copy is not
    wanted.
    """
    global _in_forked_step
    _in_forked_step = True


def finish_step(step: _core.Step) -> tuple[str, str] | None:
    """The files that hold what the step printed, if it printed anything ("" for a stream without)."""
    if tees is None:
        return None
    at = (step.run_id, step.step_key)
    out, err = tees[0].finish_step(at), tees[1].finish_step(at)
    return (out or "", err or "") if out or err else None
