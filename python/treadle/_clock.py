"""What time it is, also while a test has stopped the clock (freezegun, time-machine, `stopped_at`)."""

from __future__ import annotations

import contextlib
import time
from datetime import datetime, timezone

from treadle._typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_stopped: float | None = None
_core_stands = False


def timestamp() -> float:
    return _stopped if _stopped is not None else time.time()


def utc_now() -> datetime:
    if _stopped is not None:
        return datetime.fromtimestamp(_stopped, timezone.utc)
    return datetime.now(tz=timezone.utc)


def sync() -> None:
    """Where Python's clock does not show the machine's time, the core stands still at what it shows. Called
    before the core is asked for something that depends on the time."""
    global _core_stands
    if _stopped is not None:
        return
    from treadle import _core

    shown = time.time()
    if abs(shown - _core.machine_clock() / 1e6) > 2:
        _core.freeze_clock(round(shown * 1e6))
        _core_stands = True
    elif _core_stands:
        _core.freeze_clock(None)
        _core_stands = False


@contextlib.contextmanager
def stopped_at(moment: datetime | float) -> Iterator[None]:
    """Time stands still inside the block, for this package only."""
    global _stopped
    from treadle import _core

    before = _stopped
    _stopped = moment.timestamp() if isinstance(moment, datetime) else moment
    _core.freeze_clock(round(_stopped * 1e6))
    try:
        yield
    finally:
        _stopped = before
        _core.freeze_clock(round(before * 1e6) if before is not None else None)
