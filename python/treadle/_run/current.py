"""The step that this thread is running, if any: where log lines and printed text belong."""

from __future__ import annotations

from _thread import _local

from treadle._typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Any

    from treadle import _core


class _Current(_local):
    step: _core.Step | None = None
    context: Any = None


current = _Current()
