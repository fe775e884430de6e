"""Moments between Python and the core: datetimes here, microseconds since the epoch there; and which moment
partitions are looked at.
"""

from __future__ import annotations

import contextlib
import contextvars
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any, NamedTuple

from treadle import _clock

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import tzinfo

_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)


class TimeWindow(NamedTuple):
    """From `start` up to, not including, `end`."""

    start: datetime
    end: datetime


def zone_of(name: str) -> tzinfo:
    if name.upper() == "UTC":
        return timezone.utc
    from zoneinfo import ZoneInfo

    return ZoneInfo(name)


def to_micros(moment: datetime, zone: str = "UTC") -> int:
    """A datetime without a zone is of `zone`."""
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=zone_of(zone))
    return (moment - _EPOCH) // timedelta(microseconds=1)


def from_micros(micros: int, zone: str) -> datetime:
    return (_EPOCH + timedelta(microseconds=micros)).astimezone(zone_of(zone))


class TemporalContext(NamedTuple):
    effective_dt: datetime
    last_event_id: int | None = None


class PartitionLoadingContext(NamedTuple):
    """The moment at which partitions are looked at, and where dynamic keys come from."""

    temporal_context: TemporalContext
    dynamic_partitions_store: Any = None

    @property
    def effective_dt(self) -> datetime:
        return self.temporal_context.effective_dt


_current: contextvars.ContextVar[PartitionLoadingContext | None] = contextvars.ContextVar(
    "partition_loading_context", default=None
)


def current_loading_context() -> PartitionLoadingContext:
    return _current.get() or PartitionLoadingContext(TemporalContext(_clock.utc_now()))


@contextlib.contextmanager
def partition_loading_context(
    effective_dt: datetime | None = None,
    dynamic_partitions_store: Any = None,
    *,
    new_ctx: PartitionLoadingContext | None = None,
) -> Iterator[PartitionLoadingContext]:
    """Within it, partitions are those of that moment, and dynamic keys those of that instance.

    with dg.partition_loading_context(effective_dt=datetime(2026, 1, 2)):
        daily.get_last_partition_key()  # "2026-01-01"
    """
    before = current_loading_context()
    context = new_ctx or PartitionLoadingContext(
        TemporalContext(effective_dt or before.effective_dt),
        dynamic_partitions_store if dynamic_partitions_store is not None else before.dynamic_partitions_store,
    )
    token = _current.set(context)
    try:
        yield context
    finally:
        _current.reset(token)
