"""Partitions of time: TimeWindowPartitionsDefinition and the hourly, daily, weekly and monthly ones."""

from __future__ import annotations

import enum
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from treadle import _core
from treadle._errors import (
    CheckError,
    DagsterInvalidDefinitionError,
    TreadleError,
)
from treadle._partitions.definitions import PartitionsDefinition
from treadle._partitions.keys import PartitionKeyRange
from treadle._partitions.subset import PartitionsSubset
from treadle._partitions.time import (
    TimeWindow,
    from_micros,
    to_micros,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

DATE_FORMAT = "%Y-%m-%d"
HOUR_FORMAT = "%Y-%m-%d-%H:%M"


class ScheduleType(enum.Enum):
    HOURLY = "HOURLY"
    DAILY = "DAILY"
    WEEKLY = "WEEKLY"
    MONTHLY = "MONTHLY"


class TimeWindowPartitionsDefinition(PartitionsDefinition):
    """A partition for each window between two ticks of a cron schedule, named after its start.

    TimeWindowPartitionsDefinition(start="2026-01-01", cron_schedule="0 0 * * 1-5", fmt="%Y-%m-%d")

    Windows that have ended by now exist, and with `end_offset` so many more, or fewer. Ticks of cron strings,
    and starts, in `exclusions` are left out.
    """

    _is_timed = True

    def __init__(
        self,
        start: datetime | str,
        fmt: str,
        end: datetime | str | None = None,
        schedule_type: ScheduleType | None = None,
        timezone: str | None = None,
        end_offset: int = 0,
        minute_offset: int | None = None,
        hour_offset: int | None = None,
        day_offset: int | None = None,
        cron_schedule: str | None = None,
        exclusions: Sequence[str | datetime] | None = None,
    ) -> None:
        if cron_schedule is not None:
            if schedule_type is not None or minute_offset or hour_offset or day_offset:
                raise CheckError(
                    "If cron_schedule argument is provided, then schedule_type, minute_offset, hour_offset,"
                    " and day_offset can't also be provided"
                )
        elif schedule_type is None:
            raise CheckError("One of schedule_type and cron_schedule must be provided")
        else:
            cron_schedule = _cron_of(schedule_type, minute_offset or 0, hour_offset or 0, day_offset)
        self.timezone = timezone or "UTC"
        self.fmt = fmt
        self.cron_schedule = cron_schedule
        self.end_offset = end_offset
        self.exclusions = list(exclusions) if exclusions else None
        self._start = start
        self._end = end
        self._moments: tuple[int, int | None] | None = None
        self._definition  # noqa: B018 (checks the arguments)

    def _of_kind(
        self,
        kind: ScheduleType,
        start: datetime | str,
        end: datetime | str | None,
        timezone: str | None,
        fmt: str | None,
        end_offset: int,
        exclusions: Sequence[str | datetime] | None,
        minute: int,
        hour: int = 0,
        day: int | None = None,
    ) -> None:
        """What the hourly to monthly ones are."""
        fmt = fmt or (HOUR_FORMAT if kind is ScheduleType.HOURLY else DATE_FORMAT)
        TimeWindowPartitionsDefinition.__init__(
            self, start, fmt, end, kind, timezone, end_offset, minute, hour, day, exclusions=exclusions
        )

    def _make(self) -> _core.Partitions:
        try:
            bare = _core.Partitions.time(self.cron_schedule, self.timezone, self.fmt, 0, None, 0, [], [])
        except TreadleError as error:
            if "cron" in str(error).lower():
                raise DagsterInvalidDefinitionError(
                    f"Found invalid cron schedule '{self.cron_schedule}' for a"
                    f" TimeWindowPartitionsDefinition. {error}"
                ) from None
            raise
        start = self._moment(bare, self._start)
        end = self._moment(bare, self._end) if self._end else None
        self._moments = (start, end)
        crons = [e for e in self.exclusions or () if isinstance(e, str)]
        times = [self._moment(bare, e) for e in self.exclusions or () if not isinstance(e, str)]
        try:
            return _core.Partitions.time(
                self.cron_schedule, self.timezone, self.fmt, start, end, self.end_offset, crons, times
            )
        except TreadleError as error:
            if crons and "granular" not in str(error):
                raise DagsterInvalidDefinitionError(
                    f"Found invalid cron schedule(s) {', '.join(repr(c) for c in crons)} in the exclusions"
                    " argument for a TimeWindowPartitionsDefinition. Expected a set of valid cron strings and"
                    f" datetime objects. {error}"
                ) from None
            raise

    def _moment(self, bare: _core.Partitions, given: datetime | date | str) -> int:
        if isinstance(given, str):
            try:
                return bare.parse_time(given)
            except TreadleError as error:
                raise ValueError(str(error)) from None
        if not isinstance(given, datetime):
            given = datetime(given.year, given.month, given.day)
        return to_micros(given.replace(tzinfo=None), self.timezone)

    # --- what it is

    @property
    def start(self) -> datetime:
        self._definition  # noqa: B018
        assert self._moments is not None
        return from_micros(self._moments[0], self.timezone)

    @property
    def end(self) -> datetime | None:
        self._definition  # noqa: B018
        assert self._moments is not None
        return from_micros(self._moments[1], self.timezone) if self._moments[1] is not None else None

    @property
    def schedule_type(self) -> ScheduleType | None:
        fields = self.cron_schedule.split()
        if len(fields) != 5:
            return None
        plain = [f.isdigit() for f in fields]
        shapes = {
            (True, False, False, False, False): ScheduleType.HOURLY,
            (True, True, False, False, False): ScheduleType.DAILY,
            (True, True, False, False, True): ScheduleType.WEEKLY,
            (True, True, True, False, False): ScheduleType.MONTHLY,
        }
        if any(not p and f != "*" for p, f in zip(plain, fields)):
            return None
        return shapes.get(tuple(plain))  # type: ignore[arg-type]

    def _field(self, index: int, what: str) -> int:
        fields = self.cron_schedule.split()
        if len(fields) != 5 or not fields[index].isdigit():
            raise CheckError(f"{self.cron_schedule} has no {what} offset")
        return int(fields[index])

    @property
    def minute_offset(self) -> int:
        return self._field(0, "minute")

    @property
    def hour_offset(self) -> int:
        return self._field(1, "hour")

    @property
    def day_offset(self) -> int:
        if self.schedule_type is ScheduleType.WEEKLY:
            return self._field(4, "day")
        if self.schedule_type is ScheduleType.MONTHLY:
            return self._field(2, "day")
        raise CheckError(f"Unsupported schedule type for day_offset: {self.schedule_type}")

    def get_cron_schedule(
        self,
        minute_of_hour: int | None = None,
        hour_of_day: int | None = None,
        day_of_week: int | None = None,
        day_of_month: int | None = None,
    ) -> str:
        """The schedule of the partitions, at another minute, hour or day of each."""
        given = (minute_of_hour, hour_of_day, day_of_week, day_of_month)
        if all(g is None for g in given):
            return self.cron_schedule
        kind = self.schedule_type
        if kind is None:
            raise CheckError(
                f"{self.cron_schedule} does not support minute_of_hour/hour_of_day/day_of_week/day_of_month"
                " arguments"
            )
        minute = self.minute_offset if minute_of_hour is None else minute_of_hour
        if kind is ScheduleType.HOURLY:
            if hour_of_day is not None:
                raise CheckError("Cannot set hour parameter with hourly partitions.")
            return _cron_of(kind, minute, 0, None)
        hour = self.hour_offset if hour_of_day is None else hour_of_day
        if kind is ScheduleType.DAILY:
            if day_of_week is not None:
                raise CheckError("Cannot set day of week parameter with daily partitions.")
            if day_of_month is not None:
                raise CheckError("Cannot set day of month parameter with daily partitions.")
            return _cron_of(kind, minute, hour, None)
        if kind is ScheduleType.MONTHLY:
            return _cron_of(kind, minute, hour, day_of_month or self.day_offset or 1)
        return _cron_of(kind, minute, hour, self.day_offset if day_of_week is None else day_of_week)

    # --- windows

    def _window(self, told: tuple[int, int] | None) -> TimeWindow | None:
        if told is None:
            return None
        return TimeWindow(from_micros(told[0], self.timezone), from_micros(told[1], self.timezone))

    def time_window_for_partition_key(self, partition_key: str) -> TimeWindow:
        try:
            start = self._definition.parse_time(partition_key)
        except TreadleError as error:
            raise ValueError(str(error)) from None
        window = self._window(self._definition.next_window(start))
        assert window is not None
        return window

    def start_time_for_partition_key(self, partition_key: str) -> datetime:
        return self.time_window_for_partition_key(partition_key).start

    def end_time_for_partition_key(self, partition_key: str) -> datetime:
        return self.time_window_for_partition_key(partition_key).end

    def time_windows_for_partition_keys(
        self, partition_keys: Iterable[str], validate: bool = True
    ) -> Sequence[TimeWindow]:
        windows = sorted(self.time_window_for_partition_key(k) for k in partition_keys)
        if not validate or not windows:
            return windows
        first, last = self.get_first_partition_window(), self.get_last_partition_window()
        if first is None or last is None:
            raise CheckError("No partitions in the PartitionsDefinition")
        return [w for w in windows if w.start >= first.start and w.end <= last.end]

    def get_first_partition_window(self, current_time: datetime | None = None) -> TimeWindow | None:
        of = self._set(current_time)
        return self._window(of.window(0)) if len(of) else None

    def get_last_partition_window(self, current_time: datetime | None = None) -> TimeWindow | None:
        of = self._set(current_time)
        return self._window(of.window(len(of) - 1)) if len(of) else None

    def get_next_partition_window(
        self, end_dt: datetime, current_time: datetime | None = None, respect_bounds: bool = True
    ) -> TimeWindow | None:
        window = self._window(self._definition.next_window(to_micros(end_dt, self.timezone)))
        if respect_bounds and window is not None:
            last = self.get_last_partition_window(current_time)
            if last is None or window.start >= last.end:
                return None
        return window

    def get_prev_partition_window(self, start_dt: datetime, respect_bounds: bool = True) -> TimeWindow | None:
        window = self._window(self._definition.previous_window(to_micros(start_dt, self.timezone)))
        if respect_bounds and window is not None:
            first = self.get_first_partition_window()
            if first is None or window.start < first.start:
                return None
        return window

    def get_next_partition_key(self, partition_key: str, current_time: datetime | None = None) -> str | None:
        of = self._set(current_time)
        if not len(of):
            return None
        end = to_micros(self.time_window_for_partition_key(partition_key).end)
        number = self._definition.number_at_or_after(end)
        return of.key(number) if number < len(of) else None

    def get_partition_key_for_timestamp(self, timestamp: float, end_closed: bool = False) -> str:
        """The key of the window that a moment lies in; with `end_closed` windows contain their end and not
        their start."""
        micros = round(timestamp * 1_000_000)
        definition = self._definition
        following = definition.next_window(micros)
        if following is not None and following[0] == micros and not end_closed:
            return definition.key_of(micros)
        # The windows that end at or before the next start contain the moment.
        limit = following[0] if following is not None else micros
        window = definition.previous_window(limit)
        while window is not None and (
            window[0] > micros or (end_closed and window[0] >= micros) or definition.excluded(window[0])
        ):
            window = definition.previous_window(window[0])
        if window is None:
            raise CheckError(f"No window of {self} contains the moment {timestamp}.")
        return definition.key_of(window[0])

    def get_partition_keys_in_time_window(self, time_window: TimeWindow) -> Sequence[str]:
        keys = []
        window = self._definition.next_window(to_micros(time_window.start, self.timezone))
        end = to_micros(time_window.end, self.timezone)
        while window is not None and window[0] < end:
            keys.append(self._definition.key_of(window[0]))
            window = self._definition.next_window(window[1])
        return keys

    def get_partition_keys_in_range(
        self, partition_key_range: PartitionKeyRange, dynamic_partitions_store: Any = None
    ) -> Sequence[str]:
        """The keys from one to the other. They need not exist yet, but must lie within start and end."""
        first = self.time_window_for_partition_key(partition_key_range.start).start
        last = self.time_window_for_partition_key(partition_key_range.end).end
        if first < self.start:
            raise CheckError(
                f"Partition key range start {partition_key_range.start} is before the partitions definition"
                f" start time {self.start}"
            )
        if self.end is not None and last > self.end:
            raise CheckError(
                f"Partition key range end {partition_key_range.end} is after the partitions definition end"
                f" time {self.end}"
            )
        return self.get_partition_keys_in_time_window(TimeWindow(first, last))

    def get_partition_subset_in_time_window(self, time_window: TimeWindow) -> PartitionsSubset:
        of = self._set()
        subset = of.starting_in(
            to_micros(time_window.start, self.timezone), to_micros(time_window.end, self.timezone)
        )
        return PartitionsSubset(self, of, subset)

    def get_num_partitions_in_window(self, time_window: TimeWindow) -> int:
        first = self._definition.number_at_or_after(to_micros(time_window.start, self.timezone))
        end = self._definition.number_at_or_after(to_micros(time_window.end, self.timezone))
        return max(0, end - first)

    def has_any_partitions_in_window(self, time_window: TimeWindow) -> bool:
        return self.get_num_partitions_in_window(time_window) > 0

    def get_partition_key_range_for_time_window(
        self, time_window: TimeWindow, respect_bounds: bool = True
    ) -> PartitionKeyRange:
        """From the partition that the window starts in to the last one that starts before its end."""
        last = self.get_prev_partition_window(time_window.end, respect_bounds)
        if last is None:
            raise CheckError(f"No window of {self} ends at or before {time_window.end}.")
        first = self.get_partition_key_for_timestamp(time_window.start.timestamp())
        return PartitionKeyRange(first, self.get_partition_key_for_timestamp(last.start.timestamp()))

    def get_partition_keys_between_indexes(self, start_idx: int, end_idx: int) -> Sequence[str]:
        of = self._set()
        return of.keys_of(_core.PartitionSubset.range(start_idx, min(end_idx, len(of))))

    def get_partition_key(self, key: str | date | datetime) -> str:
        text = key if isinstance(key, str) else key.strftime(self.fmt)
        if not self.has_partition_key(text):
            raise ValueError(f"Got invalid partition key {text!r}")
        return text

    def has_partition_key(
        self,
        partition_key: str,
        current_time: datetime | None = None,
        dynamic_partitions_store: Any = None,
    ) -> bool:
        return self._set(current_time).find(partition_key) is not None

    def is_window_start_excluded(self, window_start: datetime) -> bool:
        return self._definition.excluded(to_micros(window_start, self.timezone))

    def less_than(self, partition_key1: str, partition_key2: str) -> bool:
        return self.start_time_for_partition_key(partition_key1) < self.start_time_for_partition_key(
            partition_key2
        )

    def equal_except_for_start_or_end(self, other: TimeWindowPartitionsDefinition) -> bool:
        def what(d: TimeWindowPartitionsDefinition) -> tuple[object, ...]:
            return d.timezone, d.fmt, d.cron_schedule, d.end_offset, d.exclusions

        return what(self) == what(other)

    @property
    def is_basic_daily(self) -> bool:
        return not self.exclusions and self.cron_schedule == "0 0 * * *"

    @property
    def is_basic_hourly(self) -> bool:
        return not self.exclusions and self.cron_schedule == "0 * * * *"

    def __str__(self) -> str:
        kind = self.schedule_type
        schedule = kind.value.capitalize() if kind is not None else self.cron_schedule
        start = self._definition.key_of(to_micros(self.start))
        text = f"{schedule}, starting {start} {self.timezone}."
        if self.end_offset:
            plural = "" if self.end_offset == 1 else "s"
            text += f" End offsetted by {self.end_offset} partition{plural}."
        return text

    def __repr__(self) -> str:
        end = self.end
        excluded = f", exclusions={self.exclusions}" if self.exclusions else ""
        return (
            f"TimeWindowPartitionsDefinition(start={self.start.timestamp()},"
            f" end={end.timestamp() if end is not None else None}, timezone='{self.timezone}',"
            f" fmt='{self.fmt}', end_offset={self.end_offset},"
            f" cron_schedule='{self.cron_schedule}'){excluded}"
        )


def _cron_of(kind: ScheduleType, minute: int, hour: int, day: int | None) -> str:
    if kind is ScheduleType.HOURLY:
        return f"{minute} * * * *"
    if kind is ScheduleType.DAILY:
        return f"{minute} {hour} * * *"
    if kind is ScheduleType.WEEKLY:
        return f"{minute} {hour} * * {day if day is not None else 0}"
    return f"{minute} {hour} {day if day is not None else 1} * *"


class HourlyPartitionsDefinition(TimeWindowPartitionsDefinition):
    """HourlyPartitionsDefinition(start_date="2026-01-01-00:00")."""

    def __init__(
        self,
        start_date: datetime | str,
        end_date: datetime | str | None = None,
        minute_offset: int = 0,
        timezone: str | None = None,
        fmt: str | None = None,
        end_offset: int = 0,
        exclusions: Sequence[str | datetime] | None = None,
    ) -> None:
        self._of_kind(
            ScheduleType.HOURLY, start_date, end_date, timezone, fmt, end_offset, exclusions, minute_offset
        )


class DailyPartitionsDefinition(TimeWindowPartitionsDefinition):
    """DailyPartitionsDefinition(start_date="2026-01-01", timezone="Europe/Berlin")."""

    def __init__(
        self,
        start_date: datetime | str,
        end_date: datetime | str | None = None,
        minute_offset: int = 0,
        hour_offset: int = 0,
        timezone: str | None = None,
        fmt: str | None = None,
        end_offset: int = 0,
        exclusions: Sequence[str | datetime] | None = None,
    ) -> None:
        offsets = minute_offset, hour_offset
        self._of_kind(
            ScheduleType.DAILY, start_date, end_date, timezone, fmt, end_offset, exclusions, *offsets
        )


class WeeklyPartitionsDefinition(TimeWindowPartitionsDefinition):
    """Weeks from the first Sunday (`day_offset` 0) at or after the start."""

    def __init__(
        self,
        start_date: datetime | str,
        end_date: datetime | str | None = None,
        minute_offset: int = 0,
        hour_offset: int = 0,
        day_offset: int = 0,
        timezone: str | None = None,
        fmt: str | None = None,
        end_offset: int = 0,
        exclusions: Sequence[str | datetime] | None = None,
    ) -> None:
        offsets = minute_offset, hour_offset, day_offset
        self._of_kind(
            ScheduleType.WEEKLY, start_date, end_date, timezone, fmt, end_offset, exclusions, *offsets
        )


class MonthlyPartitionsDefinition(TimeWindowPartitionsDefinition):
    """Months from the first day `day_offset` at or after the start."""

    def __init__(
        self,
        start_date: datetime | str,
        end_date: datetime | str | None = None,
        minute_offset: int = 0,
        hour_offset: int = 0,
        day_offset: int = 1,
        timezone: str | None = None,
        fmt: str | None = None,
        end_offset: int = 0,
        exclusions: Sequence[str | datetime] | None = None,
    ) -> None:
        offsets = minute_offset, hour_offset, day_offset
        self._of_kind(
            ScheduleType.MONTHLY, start_date, end_date, timezone, fmt, end_offset, exclusions, *offsets
        )
