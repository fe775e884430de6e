"""PartitionedConfig: the run config of a job for each of its partitions."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any, TypeVar

from treadle._errors import CheckError, DagsterInvalidInvocationError
from treadle._partitions.definitions import (
    DynamicPartitionsDefinition,
    Partition,
    PartitionsDefinition,
    StaticPartitionsDefinition,
)
from treadle._partitions.time_windows import (
    DailyPartitionsDefinition,
    HourlyPartitionsDefinition,
    MonthlyPartitionsDefinition,
    TimeWindowPartitionsDefinition,
    WeeklyPartitionsDefinition,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

_T = TypeVar("_T")


class PartitionedConfig:
    """Given to a job as `config`: its partitions, and the run config of each.

    @dg.daily_partitioned_config(start_date="2026-01-01")
    def by_day(start, end):
        return {"ops": {"load": {"config": {"date": start.strftime("%Y-%m-%d")}}}}
    """

    def __init__(
        self,
        partitions_def: PartitionsDefinition,
        run_config_for_partition_fn: Callable[[Any], Mapping[str, Any]] | None = None,
        decorated_fn: Callable[..., Any] | None = None,
        tags_for_partition_fn: Callable[[Any], Mapping[str, str]] | None = None,
        run_config_for_partition_key_fn: Callable[[str], Any] | None = None,
        tags_for_partition_key_fn: Callable[[str], Mapping[str, str]] | None = None,
    ) -> None:
        if (run_config_for_partition_fn is None) == (run_config_for_partition_key_fn is None):
            raise CheckError(
                "Must provide exactly one of run_config_for_partition_fn or run_config_for_partition_key_fn"
            )
        if tags_for_partition_fn is not None and tags_for_partition_key_fn is not None:
            raise CheckError("Cannot provide both of tags_for_partition_fn or tags_for_partition_key_fn")
        if not isinstance(partitions_def, PartitionsDefinition):
            raise CheckError(f"partitions_def must be a PartitionsDefinition, not {partitions_def!r}.")
        self._partitions_def = partitions_def
        self._decorated_fn = decorated_fn
        self.run_config_for_partition_fn = run_config_for_partition_fn
        self.run_config_for_partition_key_fn = run_config_for_partition_key_fn
        self.tags_for_partition_fn = tags_for_partition_fn
        self.tags_for_partition_key_fn = tags_for_partition_key_fn

    @property
    def partitions_def(self) -> PartitionsDefinition:
        return self._partitions_def

    def get_partition_keys(self, current_time: datetime | None = None) -> Sequence[str]:
        return self._partitions_def.get_partition_keys(current_time)

    def get_run_config_for_partition_key(self, partition_key: str) -> Mapping[str, Any]:
        if self.run_config_for_partition_fn is not None:
            config: Any = self.run_config_for_partition_fn(Partition(partition_key, partition_key))
        else:
            assert self.run_config_for_partition_key_fn is not None
            config = self.run_config_for_partition_key_fn(partition_key)
        to_dict = getattr(config, "to_config_dict", None)
        return copy.deepcopy(to_dict() if to_dict is not None else config)

    def get_tags_for_partition_key(
        self, partition_key: str, job_name: str | None = None
    ) -> Mapping[str, str]:
        own: Mapping[str, str] = {}
        if self.tags_for_partition_fn is not None:
            own = self.tags_for_partition_fn(Partition(partition_key, partition_key))
        elif self.tags_for_partition_key_fn is not None:
            own = self.tags_for_partition_key_fn(partition_key)
        tags = {**own, **self._partitions_def.get_tags_for_partition_key(partition_key)}
        if job_name:
            tags["dagster/partition_set"] = f"{job_name}_partition_set"
        return tags

    @classmethod
    def from_flexible_config(cls, config: Any, partitions_def: PartitionsDefinition) -> PartitionedConfig:
        """`config` of a job that has partitions_def: the same run config for each, unless it says more."""
        if isinstance(config, PartitionedConfig):
            if config.partitions_def != partitions_def:
                raise CheckError(
                    "Can't supply a PartitionedConfig for 'config' with a different PartitionsDefinition"
                    " than supplied for 'partitions_def'."
                )
            return config
        return cls(partitions_def, run_config_for_partition_key_fn=lambda key: config or {})

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if self._decorated_fn is None:
            raise DagsterInvalidInvocationError(
                "Only PartitionedConfig objects created using one of the partitioned config decorators can be"
                " directly invoked."
            )
        return self._decorated_fn(*args, **kwargs)


def partitioned_config(
    partitions_def: PartitionsDefinition,
    tags_for_partition_key_fn: Callable[[str], Mapping[str, str]] | None = None,
) -> Callable[[Callable[[str], Any]], PartitionedConfig]:
    """The decorated function gives the run config of a partition key."""

    def decorate(fn: Callable[[str], Any]) -> PartitionedConfig:
        return PartitionedConfig(
            partitions_def,
            decorated_fn=fn,
            run_config_for_partition_key_fn=fn,
            tags_for_partition_key_fn=tags_for_partition_key_fn,
        )

    return decorate


def static_partitioned_config(
    partition_keys: Sequence[str],
    tags_for_partition_fn: Callable[[str], Mapping[str, str]] | None = None,
    tags_for_partition_key_fn: Callable[[str], Mapping[str, str]] | None = None,
) -> Callable[[Callable[[str], Any]], PartitionedConfig]:
    """Of a list of keys."""
    return partitioned_config(
        StaticPartitionsDefinition(partition_keys), tags_for_partition_key_fn or tags_for_partition_fn
    )


def dynamic_partitioned_config(
    partition_fn: Callable[[datetime | None], Sequence[str]],
    tags_for_partition_fn: Callable[[str], Mapping[str, str]] | None = None,
    tags_for_partition_key_fn: Callable[[str], Mapping[str, str]] | None = None,
) -> Callable[[Callable[[str], Any]], PartitionedConfig]:
    """Of keys that a function gives."""
    return partitioned_config(
        DynamicPartitionsDefinition(partition_fn), tags_for_partition_key_fn or tags_for_partition_fn
    )


def _of_windows(
    definition: TimeWindowPartitionsDefinition,
    tags: Callable[[datetime, datetime], Mapping[str, str]] | None,
) -> Callable[[Callable[[datetime, datetime], Any]], PartitionedConfig]:
    def windowed(fn: Callable[[datetime, datetime], _T]) -> Callable[[str], _T]:
        return lambda key: fn(*definition.time_window_for_partition_key(key))

    def decorate(fn: Callable[[datetime, datetime], Any]) -> PartitionedConfig:
        return PartitionedConfig(
            definition,
            decorated_fn=fn,
            run_config_for_partition_key_fn=windowed(fn),
            tags_for_partition_key_fn=windowed(tags) if tags is not None else None,
        )

    return decorate


def hourly_partitioned_config(
    start_date: datetime | str,
    minute_offset: int = 0,
    timezone: str | None = None,
    fmt: str | None = None,
    end_offset: int = 0,
    tags_for_partition_fn: Callable[[datetime, datetime], Mapping[str, str]] | None = None,
    exclusions: Sequence[str | datetime] | None = None,
) -> Callable[[Callable[[datetime, datetime], Any]], PartitionedConfig]:
    """The decorated function gives the run config of an hour: (start, end)."""
    windows = HourlyPartitionsDefinition(
        start_date, None, minute_offset, timezone, fmt, end_offset, exclusions
    )
    return _of_windows(windows, tags_for_partition_fn)


def daily_partitioned_config(
    start_date: datetime | str,
    minute_offset: int = 0,
    hour_offset: int = 0,
    timezone: str | None = None,
    fmt: str | None = None,
    end_offset: int = 0,
    tags_for_partition_fn: Callable[[datetime, datetime], Mapping[str, str]] | None = None,
    exclusions: Sequence[str | datetime] | None = None,
) -> Callable[[Callable[[datetime, datetime], Any]], PartitionedConfig]:
    """The decorated function gives the run config of a day: (start, end)."""
    windows = DailyPartitionsDefinition(
        start_date, None, minute_offset, hour_offset, timezone, fmt, end_offset, exclusions
    )
    return _of_windows(windows, tags_for_partition_fn)


def weekly_partitioned_config(
    start_date: datetime | str,
    minute_offset: int = 0,
    hour_offset: int = 0,
    day_offset: int = 0,
    timezone: str | None = None,
    fmt: str | None = None,
    end_offset: int = 0,
    tags_for_partition_fn: Callable[[datetime, datetime], Mapping[str, str]] | None = None,
    exclusions: Sequence[str | datetime] | None = None,
) -> Callable[[Callable[[datetime, datetime], Any]], PartitionedConfig]:
    """The decorated function gives the run config of a week: (start, end)."""
    windows = WeeklyPartitionsDefinition(
        start_date, None, minute_offset, hour_offset, day_offset, timezone, fmt, end_offset, exclusions
    )
    return _of_windows(windows, tags_for_partition_fn)


def monthly_partitioned_config(
    start_date: datetime | str,
    minute_offset: int = 0,
    hour_offset: int = 0,
    day_offset: int = 1,
    timezone: str | None = None,
    fmt: str | None = None,
    end_offset: int = 0,
    tags_for_partition_fn: Callable[[datetime, datetime], Mapping[str, str]] | None = None,
    exclusions: Sequence[str | datetime] | None = None,
) -> Callable[[Callable[[datetime, datetime], Any]], PartitionedConfig]:
    """The decorated function gives the run config of a month: (start, end)."""
    windows = MonthlyPartitionsDefinition(
        start_date, None, minute_offset, hour_offset, day_offset, timezone, fmt, end_offset, exclusions
    )
    return _of_windows(windows, tags_for_partition_fn)
