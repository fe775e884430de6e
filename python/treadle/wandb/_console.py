"""What a script prints goes to the terminal as before, and into its run."""

from __future__ import annotations

import sys

from treadle._typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Any

    from treadle.wandb._run import Run

_runs: list[Run] = []
_before: list[Any] = []


class _Tee:
    def __init__(self, stream: Any) -> None:
        self._stream = stream
        self._line = ""

    def write(self, text: str) -> Any:
        written = self._stream.write(text)
        *lines, self._line = (self._line + text).split("\n")
        for line in lines:
            for run in _runs:
                run._print(line.rpartition("\r")[2])  # a progress bar: what it said last
        return written

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def begin(run: Run) -> None:
    if not _runs:
        _before[:] = [sys.stdout, sys.stderr]
        sys.stdout, sys.stderr = _Tee(sys.stdout), _Tee(sys.stderr)
    _runs.append(run)


def end(run: Run) -> None:
    if run not in _runs:
        return
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, _Tee) and stream._line:
            run._print(stream._line)
            stream._line = ""
    _runs.remove(run)
    if not _runs:
        if isinstance(sys.stdout, _Tee):
            sys.stdout = _before[0]
        if isinstance(sys.stderr, _Tee):
            sys.stderr = _before[1]
