"""Events and runs with their place in the record, and what they are found by."""

from __future__ import annotations

from treadle._errors import CheckError
from treadle._events.record import Record
from treadle._typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime
    from typing import Any

    from treadle._assets.keys import AssetKey
    from treadle._events.dagster_event import DagsterEventType
    from treadle._events.events import AssetMaterialization, AssetObservation
    from treadle._run.instance import DagsterRun, EventLogEntry


class RunShardedEventsCursor(Record):
    """A place in the record. Only `id` says where."""

    __slots__ = _fields = ("id", "run_updated_after")

    def __init__(self, id: int, run_updated_after: datetime) -> None:
        self.id = id
        self.run_updated_after = run_updated_after


def _place(cursor: int | RunShardedEventsCursor | None) -> int | None:
    return cursor.id if isinstance(cursor, RunShardedEventsCursor) else cursor


class EventRecordsFilter(Record):
    """Which events: all conditions must hold."""

    __slots__ = _fields = (
        "event_type",
        "asset_key",
        "asset_partitions",
        "after_cursor",
        "before_cursor",
        "after_timestamp",
        "before_timestamp",
        "storage_ids",
    )

    def __init__(
        self,
        event_type: DagsterEventType,
        asset_key: AssetKey | None = None,
        asset_partitions: Sequence[str] | None = None,
        after_cursor: int | RunShardedEventsCursor | None = None,
        before_cursor: int | RunShardedEventsCursor | None = None,
        after_timestamp: float | None = None,
        before_timestamp: float | None = None,
        storage_ids: Sequence[int] | None = None,
    ) -> None:
        from treadle._events.dagster_event import DagsterEventType

        if not isinstance(event_type, DagsterEventType):
            raise CheckError(f'Param "event_type" is not a DagsterEventType. Got {event_type!r}')
        self.event_type = event_type
        self.asset_key = asset_key
        self.asset_partitions = asset_partitions
        self.after_cursor = after_cursor
        self.before_cursor = before_cursor
        self.after_timestamp = after_timestamp
        self.before_timestamp = before_timestamp
        self.storage_ids = storage_ids


class AssetRecordsFilter(Record):
    """Which events of one asset: all conditions must hold."""

    __slots__ = _fields = (
        "asset_key",
        "asset_partitions",
        "after_timestamp",
        "before_timestamp",
        "after_storage_id",
        "before_storage_id",
        "storage_ids",
    )

    def __init__(
        self,
        asset_key: AssetKey,
        asset_partitions: Sequence[str] | None = None,
        after_timestamp: float | None = None,
        before_timestamp: float | None = None,
        after_storage_id: int | None = None,
        before_storage_id: int | None = None,
        storage_ids: Sequence[int] | None = None,
    ) -> None:
        self.asset_key = asset_key
        self.asset_partitions = asset_partitions
        self.after_timestamp = after_timestamp
        self.before_timestamp = before_timestamp
        self.after_storage_id = after_storage_id
        self.before_storage_id = before_storage_id
        self.storage_ids = storage_ids

    def of_type(self, event_type: DagsterEventType) -> EventRecordsFilter:
        return EventRecordsFilter(
            event_type,
            self.asset_key,
            self.asset_partitions,
            self.after_storage_id,
            self.before_storage_id,
            self.after_timestamp,
            self.before_timestamp,
            self.storage_ids,
        )


class RunStatusChangeRecordsFilter(Record):
    """Which changes of runs' statuses: all conditions must hold."""

    __slots__ = _fields = (
        "event_type",
        "after_timestamp",
        "before_timestamp",
        "after_storage_id",
        "before_storage_id",
        "storage_ids",
        "job_names",
    )

    def __init__(
        self,
        event_type: DagsterEventType,
        after_timestamp: float | None = None,
        before_timestamp: float | None = None,
        after_storage_id: int | None = None,
        before_storage_id: int | None = None,
        storage_ids: Sequence[int] | None = None,
        job_names: Sequence[str] | None = None,
    ) -> None:
        self.event_type = event_type
        self.after_timestamp = after_timestamp
        self.before_timestamp = before_timestamp
        self.after_storage_id = after_storage_id
        self.before_storage_id = before_storage_id
        self.storage_ids = storage_ids
        self.job_names = job_names

    def of_type(self) -> EventRecordsFilter:
        return EventRecordsFilter(
            self.event_type,
            None,
            None,
            self.after_storage_id,
            self.before_storage_id,
            self.after_timestamp,
            self.before_timestamp,
            self.storage_ids,
        )


class EventLogRecord(Record):
    """An event with its place in the record."""

    __slots__ = _fields = ("storage_id", "event_log_entry")

    def __init__(self, storage_id: int, event_log_entry: EventLogEntry) -> None:
        self.storage_id = storage_id
        self.event_log_entry = event_log_entry

    @property
    def run_id(self) -> str:
        return self.event_log_entry.run_id

    @property
    def timestamp(self) -> float:
        return self.event_log_entry.timestamp

    @property
    def asset_key(self) -> AssetKey | None:
        return self.event_log_entry._event.asset_key

    @property
    def partition_key(self) -> str | None:
        return self.event_log_entry._event.partition

    @property
    def asset_materialization(self) -> AssetMaterialization | None:
        return self.event_log_entry.asset_materialization

    @property
    def asset_observation(self) -> AssetObservation | None:
        return self.event_log_entry.asset_observation

    @property
    def asset_event(self) -> AssetMaterialization | AssetObservation | None:
        return self.asset_materialization or self.asset_observation


class _Page(Record):
    """Unpacks as the tuple of its fields, as Dagster's does."""

    __slots__ = ()

    def __iter__(self) -> Iterator[Any]:
        return iter([getattr(self, f) for f in self._fields])


class EventRecordsResult(_Page):
    """Some of the events that were asked for, and where to go on."""

    __slots__ = _fields = ("records", "cursor", "has_more")

    def __init__(self, records: Sequence[EventLogRecord], cursor: str, has_more: bool) -> None:
        self.records = records
        self.cursor = cursor
        self.has_more = has_more


class PaginatedResults(_Page):
    """Some of the results that were asked for, and where to go on."""

    __slots__ = _fields = ("results", "cursor", "has_more")

    def __init__(self, results: Sequence[Any], cursor: str, has_more: bool) -> None:
        self.results = results
        self.cursor = cursor
        self.has_more = has_more


class EventLogConnection(_Page):
    """Some of a run's events, and where to go on."""

    __slots__ = _fields = ("records", "cursor", "has_more")

    def __init__(self, records: Sequence[EventLogRecord], cursor: str, has_more: bool) -> None:
        self.records = records
        self.cursor = cursor
        self.has_more = has_more


class RunRecord(Record):
    """A run with its times: when it was added, when it started and ended (seconds since 1970)."""

    __slots__ = _fields = (
        "storage_id",
        "dagster_run",
        "create_timestamp",
        "update_timestamp",
        "start_time",
        "end_time",
    )

    def __init__(
        self,
        storage_id: int,
        dagster_run: DagsterRun,
        create_timestamp: datetime,
        update_timestamp: datetime,
        start_time: float | None = None,
        end_time: float | None = None,
    ) -> None:
        self.storage_id = storage_id
        self.dagster_run = dagster_run
        self.create_timestamp = create_timestamp
        self.update_timestamp = update_timestamp
        self.start_time = start_time
        self.end_time = end_time


class AssetEntry(Record):
    """What the record knows of an asset: its latest materialization and observation."""

    __slots__ = _fields = ("asset_key", "last_materialization_record", "last_observation_record")

    def __init__(
        self,
        asset_key: AssetKey,
        last_materialization_record: EventLogRecord | None,
        last_observation_record: EventLogRecord | None,
    ) -> None:
        self.asset_key = asset_key
        self.last_materialization_record = last_materialization_record
        self.last_observation_record = last_observation_record

    @property
    def last_materialization(self) -> EventLogEntry | None:
        record = self.last_materialization_record
        return record.event_log_entry if record is not None else None

    @property
    def last_materialization_storage_id(self) -> int | None:
        record = self.last_materialization_record
        return record.storage_id if record is not None else None

    @property
    def last_run_id(self) -> str | None:
        record = self.last_materialization_record
        return record.run_id if record is not None else None


class AssetRecord(Record):
    """What the record knows of an asset, with its place."""

    __slots__ = _fields = ("storage_id", "asset_entry")

    def __init__(self, storage_id: int, asset_entry: AssetEntry) -> None:
        self.storage_id = storage_id
        self.asset_entry = asset_entry


class KeyValues:
    """Small texts that programs keep in the home: `instance.run_storage` and
    `instance.daemon_cursor_storage`.
    """

    def __init__(self, home: Any) -> None:
        self._home = home

    def get_cursor_values(self, keys: set[str]) -> Mapping[str, str]:
        found: dict[str, str] = self._home.values(sorted(keys))
        return found

    def set_cursor_values(self, pairs: Mapping[str, str]) -> None:
        self._home.set_values(dict(pairs))
