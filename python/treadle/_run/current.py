"""The step that this thread is running, if any: where log lines and printed text belong."""

from __future__ import annotations

import sys
from _thread import _local

from treadle._typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Any

    from treadle import _core


class _Current(_local):
    step: _core.Step | None = None
    context: Any = None
    # What a step began that must end with it, called with whether the step failed: tracked runs.
    at_end: Any = None

    def end(self) -> None:
        """Called while the step's exception, if any, is being handled."""
        at_end, self.at_end = self.at_end, None
        at_end(sys.exc_info()[0] is not None)


current = _Current()
